"""A new SLO knows its past: raw counters in a real Prometheus, its rules computed for the time before them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from exai_sre.backtest.prometheus_api import PrometheusApi
from exai_sre.cli.main import run
from exai_sre.generate import prometheus_rules
from exai_sre.generate.coverage import coverage_recordings
from exai_sre.generate.measure.shape import Scope
from exai_sre.slo import load_slos
from tests.integration.prometheus_rig import import_history, openmetrics, prometheus_running
from tests.integration.recorded_history import DAY, NOW, slo_document

pytestmark = pytest.mark.needs_prometheus

SLO = "shop-availability"
END = NOW - 3 * 3600
SCRAPE = 60


def counters() -> dict[str, list[tuple[float, float]]]:
    """Two days: a hundred calls a minute, of which ten fail for two hours, and a restart between."""
    calls, errors, found = 0.0, 0.0, {'calls_total{job="x",instance="a"}': [], 'errors_total{job="x",instance="a"}': []}
    both = list(found.values())
    for at in range(NOW - 2 * DAY, NOW + 1, SCRAPE):
        calls, errors = (0.0, 0.0) if at == NOW - DAY else (calls + 100, errors + (10 if 0 <= at - BAD < 7200 else 0))
        both[0].append((float(at), calls))
        both[1].append((float(at), errors))
    return found


BAD = NOW - 36 * 3600
TRUTH = 10 * 120 / (100 * 2 * DAY / 60)


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Iterator[tuple]:
    folder = tmp_path_factory.mktemp("backfill")
    import_history(folder / "data", openmetrics(counters()))
    (folder / "slo.yaml").write_text(slo_document(SLO), encoding="utf-8")
    with prometheus_running(folder / "data") as url:
        yield folder, url


def arguments(raw, *more):
    folder, url = raw
    until = datetime.fromtimestamp(END, UTC).isoformat()
    return ["backfill", "-i", str(folder / "slo.yaml"), "--prometheus", url, "--until", until, "--since", "3d", *more]


def test_without_a_folder_it_only_says_what_it_would_write(raw, capsys):
    assert run(arguments(raw, "--format", "json")) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out)
    assert {"slo:sli_error:increase5m", "slo:sli_total:increase5m"} <= {row["series"] for row in rows}
    assert {row["evaluations"] for row in rows} == {3 * 1440 + 1}
    assert "nothing was written" in err
    assert run(arguments(raw)) == 0
    assert f"{SLO} slo:sli_total:increase5m: 4321 evaluations from " in capsys.readouterr().out


def merged(raw, tmp_path):
    """A data folder with the raw series and the blocks that were written."""
    data = tmp_path / "data"
    ignored = shutil.ignore_patterns("wal", "chunks_head", "lock", "queries.active")
    shutil.copytree(raw[0] / "data", data, ignore=ignored)
    shutil.copytree(tmp_path / "blocks", data, dirs_exist_ok=True)
    return data


def test_after_backfilling_the_budget_of_30_days_reads_the_truth(raw, tmp_path, capsys):
    whole = rule_of("slo:sli_error:ratio_rate30d", raw)
    assert PrometheusApi(raw[1]).query(whole, END) == []
    assert run(arguments(raw, "-o", str(tmp_path / "blocks"))) == 0
    out, err = capsys.readouterr()
    assert f"{SLO} slo:sli_total:increase5m: 1 series, 27" in out
    assert "move the folders below" in err
    with prometheus_running(merged(raw, tmp_path)) as url:
        api = PrometheusApi(url)
        (spent,) = api.query(whole, END)
        (recorded,) = coverage_recordings(Scope(load_slos(raw[0] / "slo.yaml")[0], 60))
        assert api.query(recorded.expr, END)[0].value == pytest.approx(45 / 720, rel=0.01)
        assert spent.value == pytest.approx(TRUTH * 2 * DAY / (2 * DAY - 3 * 3600), rel=0.005)
        assert spent.value > 0.001
        assert run([*arguments((raw[0], url)), "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert {row["evaluations"] for row in rows} == {27 * 60}


def test_with_all_recordings_status_and_gate_read_the_past_as_if_the_rules_had_always_run(raw, tmp_path, capsys):
    """Sixteen hours after the incident the budget is overspent, and nothing burns any more."""
    assert run(arguments(raw, "-o", str(tmp_path / "blocks"), "--all")) == 0
    capsys.readouterr()
    with prometheus_running(merged(raw, tmp_path)) as url:
        asked = ["-i", str(raw[0] / "slo.yaml"), "--prometheus", url, "--format", "json"]
        for moment, verdict, code in ((BAD + 3600, "page", 1), (BAD - 3600, "ok", 0), (END, "exhausted", 1)):
            at = ["--at", datetime.fromtimestamp(moment, UTC).isoformat()]
            assert run(["status", *asked, *at]) == code
            (one,) = json.loads(capsys.readouterr().out)["slos"]
            assert one["verdict"] == verdict
            assert run(["gate", *asked, *at]) == code
            capsys.readouterr()
    assert one["budget_remaining"] == pytest.approx(1 - 1200 / 270_000 / 0.001, rel=0.01)
    assert one["coverage"] == pytest.approx(45 / 720, rel=0.01)


def rule_of(name, raw):
    import yaml

    slos = load_slos(raw[0] / "slo.yaml")
    for text in prometheus_rules(slos).values():
        for group in yaml.safe_load(text)["groups"]:
            for rule in group["rules"]:
                if rule.get("record") == name:
                    return rule["expr"]
    raise AssertionError(name)
