"""SLOs written as OpenSLO v1, and ``exai-sre convert``."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.cli.main import run
from exai_sre.errors import SpecError
from exai_sre.metrics import Matcher
from exai_sre.slo import load_slos, make_slo
from exai_sre.slo.indicators import (
    Component,
    CompositeIndicator,
    EventsIndicator,
    GaugeIndicator,
    Indicator,
    QueryIndicator,
    RawIndicator,
    SliceIndicator,
)
from exai_sre.slo.model import Alerting, Calendar, Notice, NotificationTarget, Slo
from exai_sre.slo.openslo_write import write_openslo
from exai_sre.slo.reading import validate_slos
from exai_sre.slo.schema import openslo_schema
from exai_sre.slo.tiers import TIERS, BurnTier
from server.metrics import build_catalog

QUERY = QueryIndicator("good", None, "all")
RAW = RawIndicator("r")


def made(indicator: Indicator = QUERY, **more: object) -> Slo:
    return make_slo("a", "shop", Decimal("0.99"), indicator, **more)  # type: ignore[arg-type]


def document_of(slo: Slo) -> dict[str, object]:
    document: dict[str, object] = yaml.safe_load(write_openslo([slo]))
    return document


def test_an_ordinary_slo_needs_no_annotation(tmp_path: Path) -> None:
    document = document_of(made())
    assert document["metadata"] == {"name": "a"}
    path = tmp_path / "a.yaml"
    path.write_text(write_openslo([made(), made(RAW, display_name="B")]).replace("name: a", "name: b", 1))
    assert [slo.display_name for slo in load_slos(path)] == ["B", "b"]


def test_the_servers_slos_are_the_same_after_a_conversion(root: Path, tmp_path: Path) -> None:
    slos = load_slos(root / "slo", catalog=build_catalog())
    path = tmp_path / "all.yaml"
    path.write_text(write_openslo(slos, catalog=build_catalog()), encoding="utf-8")
    again = load_slos(path, catalog=build_catalog())
    assert [replace(slo, source=slos[at].source) for at, slo in enumerate(again)] == slos


def test_policies_stand_for_the_tiers_where_somebody_is_told() -> None:
    alerting = Alerting(targets=(NotificationTarget("pager", "pagerduty"),))
    document = document_of(made(alerting=alerting))
    assert document["metadata"]["annotations"] == {"exai-sre/tiers": "default"}  # type: ignore[index]
    policies = document["spec"]["alertPolicies"]  # type: ignore[index]
    conditions = [policy["spec"]["conditions"] for policy in policies]
    assert [len(condition) for condition in conditions] == [1, 1, 1, 1]
    assert conditions[0][0]["spec"]["condition"] == {
        "kind": "burnrate",
        "op": "gt",
        "threshold": 14.4,
        "lookbackWindow": "1h",
    }


PAGER, DESK = NotificationTarget("pager", "pagerduty"), NotificationTarget("desk", "email", "Mornings.")
GAUGE = GaugeIndicator("lag", "lt", Decimal("1E+2"))
EVENTS = EventsIndicator(
    "x_seconds", (Matcher("a", ("1", "2"), negated=True),), good=(Matcher("b", ("y",)),), within=0.25, native=True
)
EVERY = [
    made(GAUGE),
    made(RawIndicator("r", success=True)),
    made(SliceIndicator(GAUGE, 60, Decimal(1))),
    made(SliceIndicator(RAW, 120)),
    made(EVENTS),
    made(EventsIndicator("x_total", bad=(Matcher("b", ("",)),))),
    made(QueryIndicator(None, "b", "c")),
    made(CompositeIndicator((Component("a", Decimal(2), QUERY), Component("b", Decimal("0.5"), GAUGE)))),
    made(calendar=Calendar("2026-01-01T00:00:00", "UTC", "M"), window=30 * 86400),
    made(tiers=()),
    made(tiers=(BurnTier("9x", Decimal(9), 3600, 300, "page"), BurnTier("2x", Decimal(2), 7200, 300, "page", 4))),
    made(tiers=(BurnTier("9x", Decimal(9), 3600, 300, "page", 2), BurnTier("2x", Decimal(2), 7200, 300, "page", 4))),
    made(tiers=(replace(TIERS[0], hold=120), replace(TIERS[3], hold=60))),
    made(alerting=Alerting(targets=(PAGER,)), tiers=(replace(TIERS[0], hold=120),)),
    made(alerting=Alerting(page=Notice(targets=(PAGER,)), ticket=Notice(targets=(DESK, PAGER)))),
    made(alerting=Alerting(page=Notice(targets=(PAGER, DESK)), ticket=Notice(targets=(DESK, PAGER)))),
    made(alerting=Alerting(page=Notice(targets=(PAGER,)))),
    made(alerting=Alerting(page=Notice(targets=(PAGER,)), ticket=Notice(targets=(DESK,))), tiers=TIERS[:2]),
    made(alerting=Alerting(page=Notice(targets=(PAGER,)), ticket=Notice(targets=(DESK,)), targets=(DESK,))),
    made(alerting=Alerting(no_data_name="Gone")),
    made(alerting=Alerting(no_data=False, page=Notice(enabled=False), annotations={"runbook_url": "u", "a": "b"})),
    made(description="line\nline\u0085line", display_name="one\ntwo"),
]


@pytest.mark.parametrize("slo", EVERY, ids=range(len(EVERY)))
def test_every_part_of_an_slo_is_written_and_read_back(slo: Slo, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(write_openslo([slo]), encoding="utf-8")
    (read,) = load_slos(path)
    assert replace(read, source=slo.source) == slo
    assert validate_slos([path]) == []


MIXED = CompositeIndicator((Component("a", Decimal(1), QUERY), Component("b", Decimal(1), SliceIndicator(QUERY, 60))))
TWICE = EventsIndicator("x_total", good=(Matcher("a", ("1",)), Matcher("a", ("2",), negated=True)))


@pytest.mark.parametrize(
    ("slo", "field", "words"),
    [
        (replace(made(), window=90), "window", "90 s is no whole number of minutes"),
        (made(SliceIndicator(QUERY, 30)), "indicator.length", "30 s is no whole number"),
        (made(MIXED), "indicator", "several budgeting methods"),
        (made(TWICE), "indicator.filter", "label 'a' has two conditions"),
        (made(QueryIndicator("a) or (b", None, "c")), "spec.indicator.spec", "closes nothing"),
        (made(QueryIndicator("a # b", None, "c")), "indicator", "would be read as"),
        (replace(made(), objective=Decimal("NaN")), "objective", "NaN is no number"),
        (replace(made(), service="a b"), "spec.service", "is no valid name"),
        (made(labels={"a/b": "c"}), "metadata.labels.a/b", "is no valid key of a label"),
        (made(annotations={"exai-sre/x": "c"}), "metadata.annotations.exai-sre/x", "unknown annotation"),
        (
            made(alerting=Alerting(targets=(PAGER,)), tiers=(replace(TIERS[0], hold=90),)),
            "tiers.hold",
            "90 s is no whole",
        ),
        (made(tiers=(BurnTier("fast", Decimal(9), 3600, 300, "page", 3),)), "tiers", "would be read as"),
    ],
)
def test_what_openslo_cannot_say_is_an_error_that_names_the_field(slo: Slo, field: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        write_openslo([slo])
    assert raised.value.field.startswith(field)
    assert words in str(raised.value)
    assert f"SLO {slo.id} cannot be written as OpenSLO" in str(raised.value)
    assert raised.value.remedy


def test_a_plain_reader_sees_the_hold_and_whom_each_severity_tells() -> None:
    alerting = Alerting(page=Notice(targets=(PAGER,)), ticket=Notice(targets=(DESK,)))
    document = document_of(made(alerting=alerting, tiers=(replace(TIERS[0], hold=120), TIERS[3])))
    fast, slow = (policy["spec"] for policy in document["spec"]["alertPolicies"])  # type: ignore[index]
    assert fast["conditions"][0]["spec"]["condition"]["alertAfter"] == "2m"
    assert "alertAfter" not in slow["conditions"][0]["spec"]["condition"]
    assert [policy["notificationTargets"][0]["metadata"]["name"] for policy in (fast, slow)] == ["pager", "desk"]
    assert list(document["metadata"]["annotations"]) == ["exai-sre/tiers"]  # type: ignore[index]


def test_names_beyond_openslo_stand_in_an_annotation() -> None:
    document = document_of(replace(made(), name="Shop_API.v2", display_name="Shop_API.v2"))
    assert document["metadata"] == {"name": "shop-api-v2", "annotations": {"exai-sre/name": "Shop_API.v2"}}


SLOTH = """\
version: prometheus/v1
service: shop
slos:
  - name: Orders_ok
    objective: 99.9
    description: Orders.
    sli:
      events: {error_query: "sum(rate(bad[{{.window}}]))", total_query: "sum(rate(all[{{.window}}]))"}
    alerting: {name: OrdersFail, page_alert: {disable: true}}
"""


@pytest.fixture
def sloth(tmp_path: Path) -> Path:
    path = tmp_path / "sloth.yml"
    path.write_text(SLOTH)
    return path


def test_convert_writes_openslo_and_speaks_on_stderr(sloth: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "-i", str(sloth)]) == OK
    out, err = capsys.readouterr()
    document = yaml.safe_load(out)
    assert (document["apiVersion"], document["metadata"]["name"]) == ("openslo/v1", "orders-ok")
    assert err == "wrote 1 SLOs to standard output\n"


def test_convert_keeps_every_slo_as_it_is_in_yaml_and_json(sloth: Path, tmp_path: Path) -> None:
    for form in ("text", "json"):
        output = tmp_path / form
        assert run(["convert", "-i", str(sloth), "-o", str(output), "--format", form]) == OK
        before, after = load_slos(sloth), load_slos(output)
        assert [replace(slo, source=before[0].source) for slo in after] == before
    assert json.loads((tmp_path / "json").read_text())[0]["spec"]["objectives"] == [{"target": 0.999}]


def test_convert_says_what_it_leaves_out_and_what_others_cannot_count(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["convert", "-i", str(root / "slo"), "--catalog", "server.metrics:build_catalog"]) == OK
    err = capsys.readouterr().err
    assert "not written, because each SLO now says it itself: Service exai-mcp" in err
    assert "only exai-sre knows how to count these by its catalog: exai-mcp-availability" in err


def test_convert_writes_nothing_where_something_is_wrong(
    sloth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.yaml"
    sloth.write_text(SLOTH.replace("99.9", "199"))
    assert run(["convert", "-i", str(sloth), "-o", str(output)]) == FINDINGS
    assert capsys.readouterr().err.endswith("nothing written\n")
    sloth.write_text("# nothing\n")
    assert run(["convert", "-i", str(sloth), "-o", str(output)]) == FINDINGS
    assert capsys.readouterr().err == "nothing written: no SLO defined\n"
    text = write_openslo([made(labels={"b": "c"})]).replace("duration: 30d", "duration: 1d")
    sloth.write_text(text.replace("exai-sre", "x"))
    assert run(["convert", "-i", str(sloth), "-o", str(output)]) == OK
    assert output.exists()


def test_what_is_written_fits_the_published_schema(root: Path) -> None:
    from jsonschema import Draft202012Validator

    schema = openslo_schema()
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    validator = Draft202012Validator(schema)
    slos = [*load_slos(root / "slo"), made(MIXED.components[1].indicator), made(display_name="d", labels={"a": "b"})]
    documents = list(yaml.safe_load_all(write_openslo(slos)))
    assert list(validator.iter_errors(documents)) == []
    assert not validator.is_valid({**documents[0], "kind": "Slo"})
