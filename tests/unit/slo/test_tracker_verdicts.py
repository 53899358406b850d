"""What the tracker says about tiers that wait for failures, long windows and indicators it cannot count."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exai_sre.metrics import Catalog, Counter, Matcher
from exai_sre.slo import EventsIndicator, QueryIndicator, SloTracker, make_slo, tiers_for
from exai_sre.slo.indicators import Component, CompositeIndicator, GaugeIndicator, SliceIndicator
from exai_sre.slo.tiers import with_min_failures
from exai_sre.slo.windows import DAY
from exai_sre.testing import VirtualClock

CALLS = EventsIndicator("calls_total", bad=(Matcher("outcome", ("error",)),))


def fail(catalog: Catalog, times: int) -> None:
    family = catalog.family("calls_total")
    assert isinstance(family, Counter)
    family.labels(outcome="error", tool="a").inc(times)


@pytest.mark.parametrize(
    ("failures", "firing"),
    [(2, ()), (3, ("14.4x",)), (9, ("14.4x",)), (10, ("14.4x", "6x", "3x", "1x"))],
)
def test_a_tier_waits_for_its_failures(catalog: Catalog, failures: int, firing: tuple[str, ...]) -> None:
    clock = VirtualClock()
    tiers = with_min_failures(tiers_for(30 * DAY), fastest=3, rest=10)
    tracker = SloTracker(
        [make_slo("a", "shop", Decimal("0.999"), CALLS, tiers=tiers)], catalog, clock=clock, replica="r"
    )
    fail(catalog, failures)
    clock.advance(1)
    tracker.tick()
    assert tracker.status()[0].firing == firing


def test_a_tier_without_such_a_gate_fires_at_the_first_failure(catalog: Catalog) -> None:
    clock = VirtualClock()
    tiers = with_min_failures(tiers_for(30 * DAY), fastest=0, rest=0)
    tracker = SloTracker(
        [make_slo("a", "shop", Decimal("0.999"), CALLS, tiers=tiers)], catalog, clock=clock, replica="r"
    )
    fail(catalog, 1)
    clock.advance(1)
    tracker.tick()
    assert tracker.status()[0].firing == ("14.4x", "6x", "3x", "1x")


def test_what_is_judged_in_prometheus_says_so(catalog: Catalog) -> None:
    query = QueryIndicator(None, "bad_total", "all_total")
    indicators = {
        "query": query,
        "gauge": GaugeIndicator("up", "gte", Decimal(1)),
        "slices": SliceIndicator(query, 60, Decimal("0.9")),
        "parts": CompositeIndicator((Component("one", Decimal(1), query),)),
    }
    slos = [make_slo(name, "shop", Decimal("0.99"), indicator) for name, indicator in indicators.items()]
    tracker = SloTracker(slos, catalog, clock=VirtualClock(), replica="r")
    assert tracker.untracked == {
        "shop-query": "its indicator is a Prometheus query",
        "shop-gauge": "its indicator is a Prometheus query",
        "shop-slices": "its time slices are judged in Prometheus",
        "shop-parts": "a composite is judged in Prometheus",
    }
