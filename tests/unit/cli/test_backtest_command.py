"""``exai-sre backtest`` and ``exai-sre suggest``: what they read, what they say, how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from exai_sre.cli.exits import ENVIRONMENT, FINDINGS, OK, USAGE
from exai_sre.cli.main import run

SCRIPT = """\
traffic: {per_minute: 300, swing: 0.5}
error_rate: 0.0001
days: 3
incidents:
  - {name: bad deploy, start: 1d4h, duration: 25m, error_rate: 0.8}
  - {name: slow leak, start: 2d, duration: 1h, error_rate: 0.001}
"""
AVAILABILITY = "exai-mcp-availability"


@pytest.fixture(autouse=True)
def in_the_repository(root, monkeypatch):
    monkeypatch.chdir(root)


@pytest.fixture
def script(tmp_path):
    file = tmp_path / "incidents.yaml"
    file.write_text(SCRIPT)
    return str(file)


def backtest(*more):
    return run(["backtest", "-i", "slo", *more])


def test_a_script_is_replayed_and_its_incidents_are_known(script, capsys):
    assert backtest("--incidents", script, "--slo", AVAILABILITY) == OK
    out = capsys.readouterr().out
    assert f"{AVAILABILITY}  99.5 % over 30d" in out
    assert "incident  bad deploy: paged after" in out
    assert "incident  slow leak: never told" in out
    assert "control   passed" in out


@pytest.mark.parametrize(
    ("faults", "code"), [("missed", FINDINGS), ("false,exhausted", OK), ("missed,false", FINDINGS)]
)
def test_what_is_found_changes_the_exit_code_only_on_request(script, faults, code, capsys):
    assert backtest("--incidents", script, "--slo", AVAILABILITY, "--fail-on", faults) == code
    assert capsys.readouterr().out


def test_several_targets_give_a_trial_each_in_json(script, capsys):
    arguments = ("--incidents", script, "--slo", AVAILABILITY, "--targets", "99, 99.9%,99", "--format", "json")
    assert backtest(*arguments, "--windows", "raw", "--days", "2") == OK
    trials = json.loads(capsys.readouterr().out)["trials"]
    assert [trial["objective"] for trial in trials] == ["0.99", "0.999"]
    assert {trial["history"]["minutes"] for trial in trials} == {2880}


def test_the_report_is_the_same_in_every_run(script, capsys):
    outputs = []
    for _ in range(2):
        assert backtest("--incidents", script, "--slo", AVAILABILITY, "--format", "html") == OK
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith("<!doctype html>")


def test_a_history_in_which_nothing_can_page_fails(tmp_path, capsys):
    rows = "".join(f"{1_767_225_600 + 60 * at},0,0\n" for at in range(200))
    (tmp_path / "idle.csv").write_text("time,good,total\n" + rows)
    assert backtest("--history", str(tmp_path / "idle.csv"), "--slo", AVAILABILITY) == FINDINGS
    assert "control   FAILED" in capsys.readouterr().out


def test_csv_and_known_incidents_are_held_against_each_other(tmp_path, capsys):
    rows = "".join(f"{1_767_225_600 + 60 * at},{AVAILABILITY},{10 * (500 <= at < 530)},10\n" for at in range(900))
    (tmp_path / "history").write_text("time,slo,bad,total\n" + rows)
    (tmp_path / "known.csv").write_text("name,start,end\ndown,2026-01-01T08:20:00Z,2026-01-01T08:50:00Z\n")
    arguments = ("--history", str(tmp_path / "history"), "--known", str(tmp_path / "known.csv"))
    assert backtest(*arguments, "--fail-on", "missed,false") == OK
    out, err = capsys.readouterr()
    assert "incident  down: paged after 5m" in out
    assert "holds nothing of exai-mcp-own-faults" in err


def test_openmetrics_of_the_service_is_replayed(tmp_path, capsys):
    series = 'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",outcome="OUTCOME"}'
    lines = [
        f"{series.replace('OUTCOME', outcome)} {value} {1_767_225_600 + 60 * at}"
        for outcome, step in (("ok", 20), ("error", 0), ("cancelled", 9))
        for at, value in ((at, at * step) for at in range(300))
    ]
    (tmp_path / "dump.om").write_text("\n".join([*lines, "# EOF", ""]))
    assert backtest("--history", str(tmp_path / "dump.om"), "--slo", AVAILABILITY) == OK
    assert "5h from 2026-01-01 00:00 UTC, 5980 events" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        ((), USAGE, "give exactly one of --history, --prometheus and --incidents"),
        (("--history", "a", "--prometheus", "b"), USAGE, "give exactly one of"),
        (("--incidents", "nowhere.yaml"), FINDINGS, "nowhere.yaml: cannot be read"),
        (("--incidents", "SCRIPT", "--slo", "exai-mcp-availabilty"), USAGE, "did you mean 'exai-mcp-availability'"),
        (("--incidents", "SCRIPT", "--targets", "100"), USAGE, "'100' is no percentage between 0 and 100"),
        (("--incidents", "SCRIPT", "--targets", "many"), USAGE, "'many' is no percentage"),
        (("--incidents", "SCRIPT", "--fail-on", "luck"), USAGE, "'luck' is not among"),
        (("--incidents", "SCRIPT", "--days", "0"), USAGE, "--days"),
        (("--incidents", "SCRIPT", "--until", "2026-01-01"), USAGE, "--until goes with --prometheus"),
        (("--prometheus", "http://127.0.0.1:9", "--until", "soon"), USAGE, "'soon' is no moment such as"),
        (("--incidents", "SCRIPT", "--known", "nowhere"), FINDINGS, "nowhere: cannot be read"),
        (("--prometheus", "http://127.0.0.1:9", "--slo", AVAILABILITY), ENVIRONMENT, "cannot be reached"),
    ],
)
def test_a_wrong_command_ends_in_one_clear_line(script, arguments, code, what, capsys):
    assert backtest(*(script if one == "SCRIPT" else one for one in arguments)) == code
    err = capsys.readouterr().err
    assert what in err
    assert "Traceback" not in err


def test_faulty_definitions_are_named_and_nothing_is_replayed(tmp_path, script, capsys):
    (tmp_path / "bad.yaml").write_text("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: x}\nspec: {tarket: 1}\n")
    for command in ("backtest", "suggest"):
        assert run([command, "-i", str(tmp_path / "bad.yaml"), "--incidents", script]) == FINDINGS
        out, err = capsys.readouterr()
        assert out == ""
        assert f"{tmp_path / 'bad.yaml'}:" in err


def test_suggest_without_a_prometheus_that_answers_ends_in_one_line(capsys):
    arguments = ["suggest", "-i", "slo", "--slo", AVAILABILITY, "--prometheus", "http://127.0.0.1:9"]
    assert run(arguments) == ENVIRONMENT
    assert "cannot be reached" in capsys.readouterr().err


def test_suggest_names_the_tightest_target(script, capsys):
    arguments = ["suggest", "-i", "slo", "--slo", AVAILABILITY, "--incidents", script]
    assert run([*arguments, "--leave", "25"]) == OK
    assert "is the tightest that leaves 25 % of the budget" in capsys.readouterr().out
    assert run([*arguments, "--targets", "99", "--format", "json"]) == OK
    (only,) = json.loads(capsys.readouterr().out)["suggestions"]
    assert [one["objective"] for one in only["candidates"]] == ["0.99"]
    assert 0.9 < float(only["target"]) < 1


def test_thirty_days_of_every_slo_take_half_a_minute_at_most_on_the_real_clock(script):
    """Of processor time, since who shares the machine says nothing of the code; in a process free of tracing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-c", "from exai_sre.cli.main import main; main()", "backtest", "-i", "slo"]
    before = os.times().children_user
    ran = subprocess.run(
        [*command, "--incidents", script, "--days", "30", "--format", "json"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert os.times().children_user - before <= 30
    trials = json.loads(ran.stdout)["trials"]
    assert len(trials) == 14
    assert all(trial["history"]["minutes"] == 43_200 and trial["control"]["passed"] for trial in trials)
