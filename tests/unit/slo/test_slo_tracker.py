"""The tracker's view of SLOs."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from exai_sre.errors import SpecError
from exai_sre.metrics import Catalog, Counter, Histogram, Matcher, NotCharted
from exai_sre.metrics.families import TrackerMetrics
from exai_sre.slo import (
    TIERS,
    EventsIndicator,
    QueryIndicator,
    Slo,
    SloTracker,
    Source,
    detection_time,
    make_slo,
    slo_report,
)
from exai_sre.slo.tracker import series_key
from exai_sre.testing import VirtualClock

OK = (Matcher("outcome", ("ok",)),)
CALLS = EventsIndicator("calls_total", (Matcher("outcome", ("cancelled",), negated=True),), good=OK)


def availability(objective: str = "0.999", indicator: EventsIndicator = CALLS) -> Slo:
    return make_slo("availability", "shop", Decimal(objective), indicator)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def calls(catalog: Catalog) -> Counter:
    family = catalog.family("calls_total")
    assert isinstance(family, Counter)
    return family


def tracker_of(catalog: Catalog, clock: VirtualClock, *slos: Slo) -> SloTracker:
    return SloTracker(slos or (availability(),), catalog, clock=clock, replica="r1")


def count(calls: Counter, *, ok: int = 0, error: int = 0) -> None:
    calls.labels(outcome="ok", tool="a").inc(ok)
    calls.labels(outcome="error", tool="a").inc(error)


def run(tracker: SloTracker, clock: VirtualClock, calls: Counter, seconds: int, *, ok: int = 0, error: int = 0) -> None:
    """One tick a second, with that many events each."""
    for _ in range(seconds):
        count(calls, ok=ok, error=error)
        clock.advance(1)
        tracker.tick()


def test_good_and_total_are_what_happened_since_the_start(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    count(calls, ok=1000)
    tracker = tracker_of(catalog, clock)
    count(calls, ok=999, error=1)
    calls.labels(outcome="cancelled", tool="a").inc(50)
    clock.advance(1)
    tracker.tick()
    status = tracker.status_of("shop-availability")
    assert (status.good, status.total) == (999, 1000)
    assert status.sli == pytest.approx(0.999)
    assert status.budget_remaining == pytest.approx(0, abs=1e-9)
    assert status.burn_rates == pytest.approx(dict.fromkeys(("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"), 1.0))


def test_no_event_is_no_data(catalog: Catalog, clock: VirtualClock) -> None:
    tracker = tracker_of(catalog, clock)
    tracker.tick()
    (status,) = tracker.status()
    assert status.verdict == "no_data"
    assert (status.sli, status.budget_remaining, status.exhaustion) == (None, None, None)
    assert set(status.burn_rates.values()) == {None}
    assert status.firing == ()


def test_bad_events_and_bounds_are_counted(catalog: Catalog, clock: VirtualClock) -> None:
    seconds = catalog.family("call_seconds")
    assert isinstance(seconds, Histogram)
    bad = make_slo(
        "bad", "shop", Decimal("0.9"), EventsIndicator("call_seconds", bad=(Matcher("outcome", ("error",)),))
    )
    fast = make_slo("fast", "shop", Decimal("0.9"), EventsIndicator("call_seconds", good=(), within=0.5))
    both = make_slo("both", "shop", Decimal("0.9"), EventsIndicator("call_seconds", good=OK, within=0.5))
    tracker = tracker_of(catalog, clock, bad, fast, both)
    for outcome, duration in (("ok", 0.1), ("ok", 0.5), ("ok", 0.6), ("error", 0.2)):
        seconds.labels(outcome=outcome, tool="a").observe(duration)
    clock.advance(1)
    tracker.tick()
    assert [(status.slo.name, status.good, status.total) for status in tracker.status()] == [
        ("bad", 3, 4),
        ("fast", 3, 4),
        ("both", 2, 4),
    ]


def test_windows_forget_what_is_older_than_they_are(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    tracker = tracker_of(catalog, clock, availability("0.9"))
    run(tracker, clock, calls, 60, ok=9, error=1)
    run(tracker, clock, calls, 400, ok=10)
    rates = tracker.status()[0].burn_rates
    assert rates["5m"] == pytest.approx(0)
    assert rates["30m"] == pytest.approx(60 / 460)


def test_a_burn_tier_fires_when_the_closed_form_says_so(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    tracker = tracker_of(catalog, clock)
    run(tracker, clock, calls, 1000, ok=10)
    expected = detection_time(TIERS[0], Decimal("0.001"), 0.5, history=1000)
    assert expected is not None
    fired = 0
    while "14.4x" not in tracker.status()[0].firing:
        run(tracker, clock, calls, 1, ok=5, error=5)
        fired += 1
    assert fired == math.floor(expected) + 1
    assert tracker.status()[0].verdict == "page"


def test_what_burns_now_comes_before_what_has_burnt(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    tracker = tracker_of(catalog, clock)
    run(tracker, clock, calls, 60, error=1)
    assert tracker.status()[0].verdict == "page"
    assert tracker.status()[0].exhaustion == 0
    run(tracker, clock, calls, 1900, ok=100)
    status = tracker.status()[0]
    assert status.burn_rates["5m"] == pytest.approx(0)
    assert status.verdict == "ok"
    assert status.budget_remaining == pytest.approx(1 - 60 / 190_060 / 0.001)


def test_a_spent_budget_is_told_after_the_fault_has_ended(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    tracker = tracker_of(catalog, clock)
    run(tracker, clock, calls, 60, error=1)
    run(tracker, clock, calls, 1900, ok=1)
    status = tracker.status()[0]
    assert (status.verdict, status.exhaustion) == ("exhausted", 0)
    assert set(status.firing) == {"3x", "1x"}


def test_a_slow_burn_opens_a_ticket(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    tracker = tracker_of(catalog, clock)
    for _ in range(100):
        count(calls, ok=10_000, error=10)
        clock.advance(60)
        tracker.tick()
    for _ in range(100):
        count(calls, ok=10_000, error=9)
        clock.advance(60)
        tracker.tick()
    status = tracker.status()[0]
    assert status.verdict == "ok"
    assert status.exhaustion == pytest.approx(status.budget_remaining * 30 * 86400 / status.burn_rates["1h"])
    four_weeks = make_slo("slow", "shop", Decimal("0.999"), CALLS, window=28 * 86400)
    slow = tracker_of(catalog, clock, four_weeks)
    count(calls, ok=1_000_000, error=950)
    clock.advance(60)
    slow.tick()
    status = slow.status()[0]
    assert (status.verdict, status.firing) == ("ticket", ("0.93x",))
    assert status.burn_rates["28d"] == status.burn_rates["30d"]


def test_a_counter_that_went_down_began_anew(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    tracker = tracker_of(catalog, clock)
    count(calls, ok=10)
    tracker.tick()
    calls.labels(outcome="ok", tool="a")._doubles[calls.labels(outcome="ok", tool="a")._start] = 3.0
    tracker.tick()
    assert tracker.status()[0].total == 13


def test_a_series_born_late_is_counted_from_its_first_event(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    tracker = tracker_of(catalog, clock)
    tracker.tick()
    calls.labels(outcome="error", tool="new").inc()
    tracker.tick()
    assert tracker.status()[0].total == 1


def test_an_idle_gap_changes_nothing_but_the_windows(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    tracker = tracker_of(catalog, clock, availability("0.9"))
    run(tracker, clock, calls, 10, ok=1, error=1)
    clock.advance(7200)
    tracker.tick()
    status = tracker.status()[0]
    assert status.burn_rates["1h"] is None
    assert status.burn_rates["6h"] == pytest.approx(5)
    assert status.coverage == pytest.approx(7210 / (30 * 86400))


def test_a_wall_clock_that_steps_back_changes_no_window(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    tracker = tracker_of(catalog, clock, availability("0.9"))
    run(tracker, clock, calls, 100, ok=9, error=1)
    before = tracker.status()[0]
    clock.set_time(clock.time() - 86400)
    run(tracker, clock, calls, 100, ok=9, error=1)
    after = tracker.status()[0]
    assert after.burn_rates == pytest.approx(before.burn_rates)
    assert (after.total, after.coverage) == (2000, pytest.approx(2 * before.coverage))


def test_a_wall_clock_that_steps_forward_leaves_a_gap_that_nobody_watched(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    tracker = tracker_of(catalog, clock, availability("0.9"))
    run(tracker, clock, calls, 60, ok=1, error=1)
    clock.set_time(clock.time() + 3000)
    run(tracker, clock, calls, 1, ok=1, error=1)
    run(tracker, clock, calls, 10, ok=1)
    status = tracker.status()[0]
    assert status.burn_rates["30m"] == 0
    assert status.burn_rates["1h"] == pytest.approx(61 / 132 / 0.1)
    assert status.coverage == pytest.approx(71 / (30 * 86400))


def test_a_wall_clock_that_drifts_is_followed(catalog: Catalog, clock: VirtualClock) -> None:
    tracker = tracker_of(catalog, clock)
    clock.advance(1)
    clock.set_time(clock.time() + 0.25)
    tracker.tick()
    assert max(point.stamp for point in tracker.points()) == clock.time()


def restarted(catalog: Catalog, clock: VirtualClock, stored: dict[tuple[int, int], object], *slos: Slo) -> SloTracker:
    tracker = tracker_of(catalog, clock, *slos)
    tracker.restore(stored.values())  # type: ignore[arg-type]
    return tracker


def drain(tracker: SloTracker, stored: dict[tuple[int, int], object]) -> None:
    stored.update({(point.resolution, point.slot): point for point in tracker.points()})


def test_a_restart_keeps_the_budget_and_shows_the_downtime(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    stored: dict[tuple[int, int], object] = {}
    first = tracker_of(catalog, clock, availability("0.9"))
    run(first, clock, calls, 600, ok=9, error=1)
    drain(first, stored)
    count(calls, ok=77)
    clock.advance(1200)
    second = restarted(catalog, clock, stored, availability("0.9"))
    assert second.status()[0].total == 6000
    run(second, clock, calls, 60, ok=10)
    status = second.status()[0]
    assert (status.good, status.total) == (5400 + 600, 6600)
    assert status.burn_rates["5m"] == 0
    assert status.burn_rates["30m"] == pytest.approx(540 / (5400 + 600) / 0.1, rel=0.01)
    assert status.coverage == pytest.approx(660 / (30 * 86400))


def test_a_restart_under_a_clock_set_back_continues_after_the_newest_point(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    stored: dict[tuple[int, int], object] = {}
    first = tracker_of(catalog, clock)
    run(first, clock, calls, 10, ok=1)
    drain(first, stored)
    newest = max(point.stamp for point in stored.values())  # type: ignore[attr-defined]
    clock.set_time(clock.time() - 5000)
    second = restarted(catalog, clock, stored)
    run(second, clock, calls, 10, ok=1)
    assert second.status()[0].total == 20
    assert max(point.stamp for point in second.points()) == newest + 10


def test_a_changed_indicator_begins_anew_and_a_changed_objective_does_not(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    stored: dict[tuple[int, int], object] = {}
    first = tracker_of(catalog, clock)
    run(first, clock, calls, 10, ok=1)
    drain(first, stored)
    assert restarted(catalog, clock, stored, availability("0.5")).status()[0].total == 10
    other = EventsIndicator("calls_total", good=OK)
    assert restarted(catalog, clock, stored, availability("0.999", other)).status()[0].verdict == "no_data"


def test_restoring_a_running_tracker_is_refused(catalog: Catalog, clock: VirtualClock) -> None:
    tracker = tracker_of(catalog, clock)
    tracker.tick()
    with pytest.raises(ValueError, match="before the first tick"):
        tracker.restore([])


def test_the_key_of_a_series_ignores_the_order_of_labels() -> None:
    tool = Matcher("tool", ("a",))
    one = EventsIndicator("calls_total", (tool, *OK), bad=OK)
    two = EventsIndicator("calls_total", (*OK, tool), bad=OK)
    assert series_key(availability(), one) == series_key(availability(), two)
    assert series_key(availability(), one) != series_key(
        availability(), EventsIndicator("calls_total", (tool, *OK), good=OK)
    )


def test_a_query_is_listed_as_untracked_with_its_reason(catalog: Catalog, clock: VirtualClock) -> None:
    query = make_slo("query", "shop", Decimal("0.9"), QueryIndicator("up", None, "up"))
    tracker = tracker_of(catalog, clock, query, availability())
    assert tracker.untracked == {"shop-query": "its indicator is a Prometheus query"}
    assert [status.slo.name for status in tracker.status()] == ["availability"]
    with pytest.raises(SpecError, match=r"'shop-query' is not tracked: its indicator is a Prometheus query"):
        tracker.status_of("shop-query")
    with pytest.raises(SpecError, match=r"'shop-availabilty' is not tracked; did you mean 'shop-availability'\?"):
        tracker.status_of("shop-availabilty")


def test_an_slo_that_the_catalog_cannot_count_is_refused_where_it_was_defined(
    catalog: Catalog, clock: VirtualClock
) -> None:
    unknown = make_slo("x", "shop", Decimal("0.9"), EventsIndicator("nope_total", good=OK), source=Source("a.yaml", 3))
    with pytest.raises(SpecError, match=r"a.yaml:3: total.instrument: SLO shop-x: unknown metric 'nope_total'"):
        tracker_of(catalog, clock, unknown)


def test_the_gauges_show_every_slo_within_five_ticks(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    metrics = TrackerMetrics.declare(catalog)
    slos = [make_slo(f"s{number}", "shop", Decimal("0.9"), CALLS) for number in range(7)]
    tracker = SloTracker(slos, catalog, clock=clock, replica="r1", metrics=metrics)
    assert math.isnan(metrics.budget_remaining.labels(slo="shop-s0").value)
    assert math.isnan(metrics.burn_rate.labels(slo="shop-s6", window="5m").value)
    run(tracker, clock, calls, 5, ok=95, error=5)
    for slo in slos:
        assert metrics.budget_remaining.labels(slo=slo.id).value == pytest.approx(0.5)
        assert metrics.burn_rate.labels(slo=slo.id, window="6h").value == pytest.approx(0.5)
        assert metrics.coverage.labels(slo=slo.id).value > 0
    assert metrics.tick_duration.labels().count == 5
    clock.advance(40 * 86400)
    run(tracker, clock, calls, 5)
    clock.advance(40 * 86400)
    run(tracker, clock, calls, 5)
    assert math.isnan(metrics.budget_remaining.labels(slo="shop-s0").value)


def test_windows_that_are_exported_but_not_judged_stay_unknown(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    metrics = TrackerMetrics.declare(catalog, windows=("9h",))
    tracker = SloTracker([availability()], catalog, clock=clock, replica="r1", metrics=metrics)
    run(tracker, clock, calls, 1, ok=1)
    assert math.isnan(metrics.burn_rate.labels(slo="shop-availability", window="9h").value)


def test_a_burn_gauge_without_a_window_label_is_left_alone(
    catalog: Catalog, clock: VirtualClock, calls: Counter
) -> None:
    declared = TrackerMetrics.declare(catalog)
    bare = catalog.gauge("bare_ratio", "No window.", chart=NotCharted("a test"))
    metrics = TrackerMetrics(declared.budget_remaining, bare, declared.coverage, declared.tick_duration)
    tracker = SloTracker([availability()], catalog, clock=clock, replica="r1", metrics=metrics)
    run(tracker, clock, calls, 1, ok=1)
    assert bare.size == 0


def test_the_report_is_plain_json_with_its_limits(catalog: Catalog, clock: VirtualClock, calls: Counter) -> None:
    tracker = tracker_of(catalog, clock)
    run(tracker, clock, calls, 1, ok=1)
    report = slo_report(tracker, now=clock.time())
    assert report["replica"] == "r1"
    assert report["time"] == clock.time()
    assert "this replica's view" in report["note"]
    assert report["untracked"] == {}
    (slo,) = report["slos"]
    assert list(slo) == [
        "id", "name", "display_name", "service", "objective", "window", "good", "total", "sli", "budget_remaining",
        "burn_rates", "exhaustion_seconds", "coverage", "verdict", "firing_tiers",
    ]  # fmt: skip
    assert (slo["id"], slo["objective"], slo["window"], slo["verdict"]) == ("shop-availability", 0.999, 2592000, "ok")
    assert slo["exhaustion_seconds"] is None
