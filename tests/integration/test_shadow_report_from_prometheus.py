"""The comparison as a real Prometheus answers it: recorded series and alerts of both sides in its blocks."""

from __future__ import annotations

import asyncio
import json
import subprocess
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import aiohttp
import pytest
from click.testing import CliRunner

from exai_sre.backtest.prometheus_api import PrometheusApi
from exai_sre.backtest.rule_sets import shadow_rule_set, sloth_rules
from exai_sre.backtest.shadow_report import compare_rule_sets
from exai_sre.cli.compare import command as compare_command
from exai_sre.slo import QueryIndicator, make_slo
from exai_sre.slo.openslo_write import write_openslo
from server.demo.programs import free_port, program_running, until_ready

pytestmark = pytest.mark.needs_prometheus

START, MINUTES = 1_760_000_040, 60
SLO = make_slo("api", "shop", Decimal("0.999"), QueryIndicator("good_total", None, "all_total"))


def history():
    """An hour: our ratio is a thousandth above theirs, and our page begins two minutes later."""
    for minute in range(MINUTES):
        at = START + 60 * minute
        yield f'slo:sli_error:ratio_rate5m{{sloth_id="shop-api"}} {minute / 1000} {at}'
        yield f'trial:slo:sli_error:ratio_rate5m{{sloth_id="shop-api"}} {(minute + 1) / 1000} {at}'
        yield f'slo:period_error_budget_remaining:ratio{{sloth_id="shop-api"}} 0.5 {at}'
        both = 'alertstate="firing",sloth_id="shop-api"'
        if minute >= 10:
            yield f'ALERTS{{alertname="A",{both},sloth_severity="page"}} 1 {at}'
        if minute >= 12:
            labels = f'{both},shadow="trial",shadow_severity="page",sloth_severity="none"'
            yield f'ALERTS{{alertname="trial_A",{labels}}} 1 {at}'


@asynccontextmanager
async def prometheus(directory):
    (directory / "prometheus.yaml").write_text("global: {}\n", encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = (
        "prometheus",
        f"--config.file={directory}/prometheus.yaml",
        f"--storage.tsdb.path={directory}/data",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address={address}",
    )

    async def ready():
        async with session.get(f"http://{address}/-/ready") as response:
            return response.status == 200

    async with aiohttp.ClientSession() as session, program_running(command, directory):
        await until_ready(command[0], directory, ready)
        yield f"http://{address}"


def command_line(url, slos):
    end = datetime.fromtimestamp(START + 60 * (MINUTES - 1), UTC).isoformat()
    arguments = ["-i", str(slos), "--shadow", "trial", "--prometheus", url, "--range", "59m", "--at", end]
    return CliRunner().invoke(compare_command, [*arguments, "--format", "json"], standalone_mode=False)


async def test_the_comparison_of_a_known_hour(tmp_path):
    lines = sorted(history(), key=lambda line: line.split("{")[0])
    (tmp_path / "history.txt").write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "history.txt", "data"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    def compared(url):
        query_range = PrometheusApi(url).query_range
        end = START + 60 * (MINUTES - 1)
        rule_sets = {"theirs": sloth_rules(), "ours": shadow_rule_set("trial")}
        return next(compare_rule_sets([SLO], query_range, **rule_sets, start=START, end=end, step=60))

    (tmp_path / "slo.yaml").write_text(write_openslo([SLO]), encoding="utf-8")
    async with prometheus(tmp_path) as url:
        found = await asyncio.to_thread(compared, url)
        told = await asyncio.to_thread(command_line, url, tmp_path / "slo.yaml")
    assert told.return_value == 1
    assert json.loads(told.stdout)[0]["slo"] == "shop-api"
    five_minutes = found.ratios[0]
    assert (five_minutes.window, five_minutes.compared) == (300, MINUTES)
    assert five_minutes.largest == pytest.approx(0.001)
    assert five_minutes.mean == pytest.approx(0.001)
    assert (found.budget_theirs, found.budget_ours) == (0.5, None)
    page = found.firing[0]
    assert (page.both, page.only_theirs, page.only_ours) == (MINUTES - 12, 2, 0)
