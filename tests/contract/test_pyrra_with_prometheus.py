"""Pyrra's indicators in a real Prometheus: what is counted, and that every rule compiled from them is accepted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from exai_sre.backtest.prometheus_api import PrometheusApi
from exai_sre.generate import prometheus_rules
from exai_sre.slo.indicators import QueryIndicator
from exai_sre.slo.window_template import WINDOW_TEMPLATE
from tests.integration.prometheus_rig import import_history, openmetrics, prometheus_running
from tests.unit.slo.foreign_rig import read_one

pytestmark = pytest.mark.needs_prometheus

END = 1_700_006_400
OBJECT = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: api, namespace: shop}
spec:
  target: "99"
  window: 2w
  indicator:
"""
RATIO = "ratio: {errors: {metric: bad_total}, success: {metric: good_total}, grouping: [route]}"
KINDS = {
    "ratio": "ratio: {errors: {metric: 'calls_total{code=~\"5..\"}'}, total: {metric: calls_total}, grouping: [route]}",
    "offset": "ratio: {errors: {metric: bad_total offset 1m}, total: {metric: calls_total offset 1m}}",
    "parts": RATIO,
    "success": "ratio: {success: {metric: good_total}, total: {metric: calls_total}}",
    "latency": "latency: {success: {metric: 'd_bucket{le=\"0.5\"}'}, total: {metric: d_count}, grouping: [route]}",
    "native": "latencyNative: {total: {metric: 'd{job=\"a\"}'}, latency: 200ms, grouping: [route, code]}",
    "gauge": "bool_gauge: {metric: 'up{job=\"a\"}', grouping: [instance]}",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_of_every_kind_are_accepted(kind: str, tmp_path: Path) -> None:
    slo = read_one(f"{OBJECT}    {KINDS[kind]}\n")
    files = prometheus_rules([slo])
    assert files
    for name, text in files.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        subprocess.run(["promtool", "check", "rules", str(path)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusApi]:
    """Routes that have both kinds of events, only good ones, and only bad ones: 2 and 3 events in 15 seconds."""
    times = range(END - 600, END + 1, 15)
    series = {
        f'{name}_total{{route="{route}"}}': [(float(at), float(step * each)) for step, at in enumerate(times)]
        for name, route, each in (("good", "both", 3), ("bad", "both", 2), ("good", "fine", 3), ("bad", "down", 2))
    }
    data = tmp_path_factory.mktemp("prometheus") / "data"
    import_history(data, openmetrics(series))
    with prometheus_running(data) as url:
        yield PrometheusApi(url)


def test_errors_and_successes_make_a_total_while_only_one_of_them_exists(prometheus: PrometheusApi) -> None:
    indicator = read_one(f"{OBJECT}    {RATIO}\n").indicator
    assert isinstance(indicator, QueryIndicator)
    total = indicator.total.replace(WINDOW_TEMPLATE, "5m")
    rates = {sample.labels["route"]: sample.value * 15 for sample in prometheus.query(total, at=END)}
    assert rates == pytest.approx({"both": 5.0, "fine": 3.0, "down": 2.0})
