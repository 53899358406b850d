"""``exai-sre backtest`` asks a real Prometheus for a history and finds the outage in it."""

from __future__ import annotations

import json
import time

import pytest

from exai_sre.cli.exits import OK
from exai_sre.cli.main import run
from tests.integration.prometheus_rig import import_history, openmetrics, prometheus_running

pytestmark = pytest.mark.needs_prometheus

METRIC, SLO = "mcp_server_operation_duration_seconds_count", "exai-mcp-availability"
MINUTES, BROKEN = 360, range(200, 230)


@pytest.fixture
def history():
    """Six hours until now with half an hour in which half of the calls fail."""
    start = int(time.time()) // 60 * 60 - MINUTES * 60
    counts, points = {"ok": 0, "error": 0}, {"ok": [], "error": []}
    for minute in range(MINUTES):
        for outcome, step in (("ok", 30), ("error", 30 * (minute in BROKEN))):
            counts[outcome] += step
            points[outcome].append((float(start + 60 * minute + 10), float(counts[outcome])))
    labels = 'mcp_method_name="tools/call",instance="a:1",job="exai-mcp"'
    return start, {f'{METRIC}{{{labels},outcome="{outcome}"}}': points[outcome] for outcome in points}


def test_a_real_prometheus_is_replayed_real_clock(tmp_path, history, root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    start, series = history
    import_history(tmp_path / "data", openmetrics(series))
    with prometheus_running(tmp_path / "data") as url:
        arguments = ["--slo", SLO, "--prometheus", url, "--days", "1"]
        assert run(["backtest", "-i", "slo", *arguments, "--format", "json"]) == OK
        backtested = json.loads(capsys.readouterr().out)["trials"][0]
        until = str(start + BROKEN[0] * 60)
        assert run(["backtest", "-i", "slo", *arguments, "--until", until, "--format", "json"]) == OK
        before = json.loads(capsys.readouterr().out)["trials"][0]
        assert run(["suggest", "-i", "slo", *arguments, "--format", "json"]) == OK
    suggested = json.loads(capsys.readouterr().out)["suggestions"][0]
    pages = [firing for firing in backtested["firings"] if firing["severity"] == "page"]
    began = start + BROKEN[0] * 60
    first = min(time.mktime(time.strptime(page["start"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone for page in pages)
    assert 0 < first - began <= 900
    assert backtested["history"]["bad"] == pytest.approx(900, rel=0.02)
    assert float(suggested["target"]) < 0.95
    assert (before["firings"], before["history"]["bad"], before["history"]["minutes"]) == ([], 0, BROKEN[0] - 1)
