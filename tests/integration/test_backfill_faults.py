"""Backfilling that cannot be done says why, and leaves nothing half done."""

from __future__ import annotations

import json

import pytest

from exai_sre.backtest import backfill_plan as planning
from exai_sre.backtest.backfill_plan import backfill_plan
from exai_sre.backtest.prometheus_api import Access
from exai_sre.backtest.workbench import WorkbenchError, needed_programs, workbench, write_blocks
from exai_sre.cli.main import run
from exai_sre.errors import ExaiSreError
from exai_sre.generate.options import RuleOptions
from exai_sre.slo import load_slos
from tests.integration.prometheus_rig import import_history, openmetrics, prometheus_running
from tests.integration.recorded_history import DAY, NOW, history, slo_document


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "slo.yaml"
    path.write_text(slo_document("shop-fine"), encoding="utf-8")
    return path


def test_what_others_sum_up_comes_first_and_everything_can_be_asked_for(file):
    slos = load_slos(file)
    plan = backfill_plan(slos, RuleOptions())
    levels = {each.name: each.level for each in plan}
    assert levels["slo:sli_total:increase5m"] < levels["slo:sli_error:increase5m"]
    assert [each.level for each in plan] == sorted(each.level for each in plan)
    assert not any(name.startswith("slo:sli_error:ratio_rate") for name in levels)
    everything = {each.name: each.level for each in backfill_plan(slos, RuleOptions(), everything=True)}
    assert set(levels) < set(everything)
    assert everything["slo:period_error_budget_remaining:ratio"] > everything["slo:period_burn_rate:ratio"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            "[{record: a, expr: 'sum_over_time(b[1h])'}, {record: b, expr: 'sum_over_time(a[1h])'}]",
            "a, b need each other",
        ),
        ("[{record: a, expr: sum(}]", "shop-fine: a: "),
    ],
)
def test_rules_that_cannot_be_ordered_are_refused(file, monkeypatch, rules, said):
    monkeypatch.setattr(planning, "prometheus_rules", lambda *_, **__: {"x": f"groups: [{{rules: {rules}}}]"})
    with pytest.raises(ExaiSreError, match=said):
        backfill_plan(load_slos(file), RuleOptions())


def test_a_recording_may_read_its_own_past(file, monkeypatch):
    rules = "[{record: a, expr: 'sum_over_time(a[1h]) or b'}]"
    monkeypatch.setattr(planning, "prometheus_rules", lambda *_, **__: {"x": f"groups: [{{rules: {rules}}}]"})
    assert [(each.name, each.level) for each in backfill_plan(load_slos(file), RuleOptions())] == [("a", 0)]


def test_without_the_programs_it_says_what_to_install(file, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkbenchError, match="not on the PATH: prometheus, promtool; install Prometheus here"):
        needed_programs()
    assert run(["backfill", "-i", str(file), "--prometheus", "http://127.0.0.1:1", "-o", str(tmp_path / "b")]) == 3
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.needs_prometheus
def test_a_text_that_promtool_refuses_is_an_error_in_its_words(tmp_path):
    (tmp_path / "x.om").write_text("not a metric\n", encoding="utf-8")
    with pytest.raises(WorkbenchError, match="promtool wrote no blocks: "):
        write_blocks(tmp_path / "x.om", tmp_path / "blocks")


@pytest.mark.needs_prometheus
def test_credentials_stand_in_a_file_for_nobody_else(tmp_path):
    for access, part in (
        (Access(token="abc", tenant="t"), {"authorization": {"credentials": "abc"}, "headers": {"X-Scope-OrgID": "t"}}),
        (Access(user="me", password="pw"), {"basic_auth": {"username": "me", "password": "pw"}}),
    ):
        with workbench(tmp_path, tmp_path / "none", "http://127.0.0.1:1", access) as bench:
            assert bench.build_info()["version"]
        config = tmp_path / "prometheus.yml"
        assert config.stat().st_mode & 0o077 == 0
        (remote,) = json.loads(config.read_text(encoding="utf-8"))["remote_read"]
        assert part.items() <= remote.items()


@pytest.mark.needs_prometheus
def test_a_workbench_that_does_not_start_ends_with_its_last_words(tmp_path):
    with (
        pytest.raises(WorkbenchError, match=r"did not start: .*missing"),
        workbench(tmp_path, tmp_path / "none", "http://[::", Access()),
    ):
        raise AssertionError("it started")


@pytest.mark.needs_prometheus
def test_an_slo_that_has_its_past_and_one_without_raw_series_get_nothing(file, tmp_path, capsys):
    import_history(tmp_path / "data", openmetrics(dict(history("shop-fine", days=1))))
    with prometheus_running(tmp_path / "data") as url:
        asked = ["backfill", "-i", str(file), "--prometheus", url, "--since", "2h"]
        past = ["--until", "2025-10-08T00:00:00Z"]
        assert run([*asked, "--until", "2025-10-09T00:00:00Z"]) == 0
        assert capsys.readouterr().err == "every SLO has its past already\n"
        assert run([*asked, "--until", "2025-10-09T00:00:00Z", "-o", str(tmp_path / "b"), "--format", "json"]) == 0
        assert capsys.readouterr().out == "[]\n"
        assert run([*asked, *past, "-o", str(tmp_path / "b")]) == 1
        assert "Prometheus has no raw series of that time" in capsys.readouterr().err
        assert list((tmp_path / "b").glob("*")) == []
    assert NOW - DAY < 1_759_968_000 < NOW


@pytest.mark.parametrize("moment", ["now", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_without_a_zone_is_a_usage_error(file, capsys, moment):
    assert run(["backfill", "-i", str(file), "--until", moment]) == 2
    assert "is no moment with a zone" in capsys.readouterr().err


def test_definitions_that_cannot_be_used_are_told_one_by_one(tmp_path, capsys):
    bad = tmp_path / "bad.yaml"
    bad.write_text(slo_document("shop-a") + "typo: 1\nother: 2\n", encoding="utf-8")
    assert run(["backfill", "-i", str(bad)]) == 1
    err = capsys.readouterr().err
    assert "'typo'" in err
    assert "exai-sre: " in err
    assert "'other'" in err
    bad.write_text("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: x}\nspec: {}\n", encoding="utf-8")
    assert run(["backfill", "-i", str(bad)]) == 1
    assert "no SLO is defined here" in capsys.readouterr().err
