"""The tracker's budget equals what a real Prometheus computes from the same process: six eventful hours."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest

from exai_sre.backtest.prometheus_api import PrometheusApi
from exai_sre.metrics import OUTCOME_VALUES, Catalog, Label, Matcher, NotCharted
from exai_sre.metrics.collector import exposition
from exai_sre.slo import EventsIndicator, Point, SloStatus, SloTracker, make_slo
from exai_sre.slo.windows import HOUR, MINUTE
from exai_sre.testing import VirtualClock
from tests.integration.prometheus_rig import import_history, prometheus_running

pytestmark = pytest.mark.needs_prometheus

EPOCH = 1_700_006_400
LENGTH = 6 * HOUR
SCRAPE = 15
OBJECTIVE = Decimal("0.99")
OK = Matcher("outcome", ("ok",))
SLOS = (
    make_slo("answers", "shop", OBJECTIVE, EventsIndicator("calls_total", good=(OK,))),
    make_slo("answers-in-time", "shop", OBJECTIVE, EventsIndicator("call_seconds", good=(OK,), within=0.5)),
)
RATIOS = {
    "answers": (
        "(sum(increase(calls_total[{w}])) - sum(increase(calls_total{{outcome='ok'}}[{w}])))"
        " / sum(increase(calls_total[{w}]))"
    ),
    "answers-in-time": (
        "(sum(increase(call_seconds_count[{w}])) - sum(increase(call_seconds_bucket{{outcome='ok',le='0.5'}}[{w}])))"
        " / sum(increase(call_seconds_count[{w}]))"
    ),
}
RESTARTS = {7_340: 75, 15_010: 0}
"""Second of a restart, and the seconds until the new process serves."""
JUMPS = {4 * HOUR: 90.0, 4 * HOUR + 300: -90.0}
"""Second at which somebody sets the wall clock of the machine, and by how much."""


@dataclass
class Process:
    """One service under the tracker, through all its lives, and what is scraped from it."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(epoch=EPOCH))
    stored: dict[tuple[int, int], Point] = field(default_factory=dict, repr=False)
    scraped: list[str] = field(default_factory=list, repr=False)

    def begin(self) -> None:
        """A new process: its counters are at zero, its tracker has what was stored."""
        catalog, label = Catalog(), Label("outcome", values=OUTCOME_VALUES)
        self.calls = catalog.counter("calls_total", "Calls.", labels=(label,), chart=NotCharted("a test"))
        self.seconds = catalog.histogram(
            "call_seconds", "Calls.", labels=(label,), buckets=(0.1, 0.5, 1.0), chart=NotCharted("a test")
        )
        self.calls.ensure()
        self.seconds.ensure()
        self.catalog = catalog
        self.tracker = SloTracker(SLOS, catalog, clock=self.clock, replica="r")
        if self.stored:
            self.tracker.restore(self.stored.values())

    def count(self, ok: int, slow: int, failed: int) -> None:
        for outcome, number, duration in (("ok", ok, 0.05), ("ok", slow, 0.8), ("error", failed, 0.05)):
            self.calls.labels(outcome=outcome).inc(number)
            observe = self.seconds.labels(outcome=outcome).observe
            for _ in range(number):
                observe(duration)

    def tick(self) -> None:
        self.tracker.tick()
        self.stored.update({(point.resolution, point.slot): point for point in self.tracker.points()})

    def scrape(self, second: int) -> None:
        text = exposition(self.catalog)[0].decode()
        lines = [line for line in text.splitlines() if not line.startswith("#") and "_created" not in line]
        self.scraped += [f"{line} {EPOCH + second}" for line in lines]


def traffic() -> Iterator[tuple[int, int, int]]:
    """Calls that were good, slow and failed in each second: a wave with an incident, a slow hour and an idle gap."""
    random = Random(20261)
    for second in range(1, LENGTH + 1):
        if 3 * HOUR <= second < 3 * HOUR + 20 * MINUTE:
            yield 0, 0, 0
            continue
        calls = round(6 + 4 * math.sin(second / 3_000) + random.random() * 3)
        failing = 0.15 if HOUR <= second < HOUR + 9 * MINUTE else 0.001
        slow = 0.01 if 4 * HOUR <= second < 5 * HOUR else 0.001
        failed = sum(random.random() < failing for _ in range(calls))
        late = sum(random.random() < slow for _ in range(calls - failed))
        yield calls - failed - late, late, failed


def six_hours() -> Process:
    process = Process()
    process.begin()
    process.scrape(0)
    serves_at = 0
    for second, events in enumerate(traffic(), 1):
        process.clock.advance(1)
        if second in JUMPS:
            process.clock.set_time(process.clock.time() + JUMPS[second])
        if second in RESTARTS:
            serves_at = second + RESTARTS[second]
        if second < serves_at:
            continue
        if second == serves_at:
            process.begin()
        process.count(*events)
        process.tick()
        if second % SCRAPE == 0:
            process.scrape(second)
    return process


@pytest.fixture(scope="module")
def process() -> Process:
    return six_hours()


@pytest.fixture(scope="module")
def prometheus(process: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusApi]:
    data = tmp_path_factory.mktemp("prometheus") / "data"
    import_history(data, "\n".join([*process.scraped, "# EOF", ""]))
    with prometheus_running(data) as url:
        yield PrometheusApi(url)


def asked(prometheus: PrometheusApi, name: str, window: str) -> float:
    (sample,) = prometheus.query(RATIOS[name].format(w=window), at=EPOCH + LENGTH)
    return sample.value


def status_of(process: Process, name: str) -> SloStatus:
    return process.tracker.status_of(f"shop-{name}")


@pytest.mark.parametrize("name", RATIOS)
def test_the_budget_agrees_within_a_thousandth(process: Process, prometheus: PrometheusApi, name: str) -> None:
    spent = asked(prometheus, name, "6h") / float(1 - OBJECTIVE)
    remaining = status_of(process, name).budget_remaining
    assert remaining is not None
    assert 0.2 < spent < 0.9
    assert remaining == pytest.approx(1 - spent, abs=1e-3)
    assert 1 - remaining == pytest.approx(spent, rel=1e-3)


@pytest.mark.parametrize("name", RATIOS)
@pytest.mark.parametrize(("window", "within"), [("5m", 0.001), ("30m", 0.02), ("1h", 0.02), ("2h", 0.01)])
def test_so_do_the_burn_rates_but_for_the_minute_at_the_edge_of_the_window(
    process: Process, prometheus: PrometheusApi, name: str, window: str, within: float
) -> None:
    burn = status_of(process, name).burn_rates[window]
    assert burn == pytest.approx(asked(prometheus, name, window) / float(1 - OBJECTIVE), rel=within)


def test_prometheus_saw_the_restarts_and_the_idle_gap(prometheus: PrometheusApi) -> None:
    """The positive control: without them the agreement above would say little."""
    (resets,) = prometheus.query("max(resets(calls_total[6h]))", at=EPOCH + LENGTH)
    (quiet,) = prometheus.query("sum(increase(calls_total[15m]))", at=EPOCH + 3 * HOUR + 18 * MINUTE)
    (absent,) = prometheus.query("count_over_time(call_seconds_count{outcome='ok'}[5m])", at=EPOCH + 7_500)
    assert (resets.value, quiet.value) == (2, 0)
    assert absent.value == 5 * MINUTE / SCRAPE + 1 - 5
