"""Rates and quantiles of the live page against plain arithmetic and Prometheus's rule."""

from __future__ import annotations

import pytest

from exai_sre.metrics import Catalog
from exai_sre.testing import VirtualClock
from server.metrics import ServerMetrics
from server.monitoring.live_state import LiveState, ServerFacts
from server.monitoring.traffic import Traffic, quantile


@pytest.fixture
def metrics():
    return ServerMetrics.declare(Catalog())


def call(metrics, seconds=0.03, outcome="ok", method="tools/call", times=1):
    series = metrics.mcp.operation_duration.labels(
        mcp_method_name=method, gen_ai_tool_name="chat" if method == "tools/call" else "", outcome=outcome
    )
    for _ in range(times):
        series.observe(seconds)


def test_without_a_sample_nothing_is_known(metrics):
    assert Traffic(metrics).figures() == {
        "requests_per_second": 0.0,
        "bad_per_second": 0.0,
        "p50_seconds": None,
        "p95_seconds": None,
        "p99_seconds": None,
        "in_flight": 0.0,
        "connections": 0.0,
    }


def test_rates_are_those_of_the_last_ten_seconds(metrics):
    traffic = Traffic(metrics)
    call(metrics, times=1000)
    traffic.sample(0)
    assert traffic.figures()["requests_per_second"] == 0
    for second in range(1, 41):
        call(metrics, times=2)
        call(metrics, outcome="timeout")
        call(metrics, method="tools/list", times=50)
        traffic.sample(second)
    figures = traffic.figures()
    assert figures["requests_per_second"] == pytest.approx(3.0)
    assert figures["bad_per_second"] == pytest.approx(1.0)


def test_excluded_outcomes_are_traffic_but_not_bad(metrics):
    traffic = Traffic(metrics)
    traffic.sample(0)
    call(metrics, outcome="client_error")
    call(metrics, outcome="cancelled")
    traffic.sample(1)
    assert (traffic.figures()["requests_per_second"], traffic.figures()["bad_per_second"]) == (2.0, 0.0)


def test_quantiles_are_those_of_the_last_minute(metrics):
    traffic = Traffic(metrics)
    traffic.sample(0)
    call(metrics, seconds=100, times=100)
    traffic.sample(1)
    assert traffic.figures()["p50_seconds"] == pytest.approx(90.0)
    for second in range(2, 90):
        call(metrics, seconds=0.03)
        traffic.sample(second)
    assert 0.02 < traffic.figures()["p99_seconds"] <= 0.05


def test_gauges_are_read_as_they_are(metrics):
    traffic = Traffic(metrics)
    metrics.mcp.in_flight.labels(network_transport="http").inc(2)
    metrics.mcp.in_flight.labels(network_transport="websocket").inc()
    metrics.websocket.open.labels(endpoint="/ws").inc(4)
    metrics.websocket.open.labels(endpoint="/events").inc(7)
    traffic.sample(0)
    assert (traffic.figures()["in_flight"], traffic.figures()["connections"]) == (3.0, 4.0)


@pytest.mark.parametrize(
    ("q", "counts", "expected"),
    [
        (0.5, [0, 0, 0, 0], None),
        (0.5, [10, 0, 0, 0], 0.5),
        (0.5, [0, 10, 0, 0], 1.5),
        (1.0, [10, 0, 0, 0], 1.0),
        (0.0, [0, 10, 0, 0], 1.0),
        (0.25, [10, 10, 0, 0], 0.5),
        (0.99, [0, 0, 0, 10], 4.0),
        (0.5, [1, 0, 1, 0], 1.0),
        (0.75, [1, 0, 1, 0], 3.0),
    ],
)
def test_a_quantile_is_linear_within_its_bucket(q, counts, expected):
    assert quantile(q, (1.0, 2.0, 4.0), counts) == (None if expected is None else pytest.approx(expected))


def test_the_live_state_has_what_the_page_draws(metrics):
    clock = VirtualClock(epoch=1000.0)
    facts = ServerFacts("exai-mcp", "1", "r", 990.0, simulated=True, protocol_versions=("2026-07-28",))
    live = LiveState(
        facts,
        clock=clock,
        traffic=Traffic(metrics),
        slos=lambda: [{"id": "a"}],
        breakers=lambda: [{"name": "glm"}],
        draining=lambda: True,
    )
    live.demo = {"phase": "outage"}
    state = live()
    assert set(state) == {"time", "server", "slos", "traffic", "breakers", "demo"}
    assert state["server"] == {
        "name": "exai-mcp",
        "version": "1",
        "replica": "r",
        "started_at": 990.0,
        "uptime_seconds": 10.0,
        "simulated": True,
        "draining": True,
        "protocol_versions": ["2026-07-28"],
    }
    assert state["demo"] == {"phase": "outage"}
