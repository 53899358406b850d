"""The tracker against a plain list of events."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.metrics import OUTCOME_VALUES, Catalog, Label, Matcher, NotCharted
from exai_sre.slo import EventsIndicator, Point, SloTracker, make_slo
from exai_sre.slo.windows import BURN_WINDOWS
from exai_sre.testing import VirtualClock

INDICATOR = EventsIndicator("calls_total", good=(Matcher("outcome", ("ok",)),))
SLO = make_slo("a", "shop", Decimal("0.9"), INDICATOR)

STEP = st.tuples(
    st.sampled_from([0.5, 1.0, 1.0, 1.0, 7.0, 60.0, 601.0, 4000.0, 90_000.0]),
    st.integers(1, 12),
    st.integers(0, 5),
    st.integers(0, 5),
    st.sampled_from(["run", "run", "run", "restart", "back", "forward"]),
)


class Rig:
    """A tracker that is fed, restarted and misled about the time, beside a list of what happened."""

    def __init__(self) -> None:
        self.catalog = Catalog()
        label = Label("outcome", values=OUTCOME_VALUES)
        self.calls = self.catalog.counter("calls_total", "Calls.", labels=(label,), chart=NotCharted("a test"))
        self.clock = VirtualClock()
        self.stored: dict[tuple[int, int], Point] = {}
        self.events: list[tuple[float, float, int, int]] = []
        self.longest = 0.0
        self.tracker = self._tracker()
        self.now = self.clock.time()

    def _tracker(self) -> SloTracker:
        return SloTracker([SLO], self.catalog, clock=self.clock, replica="r")

    def disturb(self, what: str) -> None:
        if what == "restart":
            tracker = self._tracker()
            tracker.restore(self.stored.values())
            self.tracker = tracker
        elif what == "back":
            self.clock.set_time(self.clock.time() - 500)
        elif what == "forward":
            self.clock.set_time(max(self.clock.time(), self.now) + 500)
            self.now += 500

    def tick(self, seconds: float, ok: int, error: int) -> None:
        self.calls.labels(outcome="ok").inc(ok)
        self.calls.labels(outcome="error").inc(error)
        self.clock.advance(seconds)
        began, self.now = self.now, self.now + seconds
        self.events.append((began - 500, self.now + 500, ok, error))
        self.tracker.tick()
        self.stored.update({(point.resolution, point.slot): point for point in self.tracker.points()})

    def bounds(self, window: int, slack: float) -> tuple[int, int]:
        """Fewest and most events that the window may hold, given how finely time is kept."""
        edge = self.now - window
        sure = sum(ok + error for began, _, ok, error in self.events if began > edge + slack)
        most = sum(ok + error for _, ended, ok, error in self.events if ended >= edge - slack)
        return sure, most


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=8))
def test_windows_hold_what_happened_in_them_whatever_happens_to_time(
    steps: list[tuple[float, int, int, int, str]],
) -> None:
    rig = Rig()
    for seconds, times, ok, error, disturbance in steps:
        rig.disturb(disturbance)
        for _ in range(times):
            rig.tick(seconds, ok, error)
    status = rig.tracker.status()[0]
    total = sum(ok + error for _, _, ok, error in rig.events)
    for window, seen in rig.tracker._seen(0, BURN_WINDOWS).items():
        sure, most = rig.bounds(window, 3600)
        assert sure - 1e-6 <= seen.total <= most + 1e-6
        assert -1e-6 <= seen.good <= seen.total + 1e-6
        assert -1e-6 <= seen.watched <= window + 1e-3
    assert status.total <= total + 1e-6


@settings(max_examples=25, deadline=None)
@given(
    counts=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), min_size=1, max_size=80),
    restarts=st.sets(st.integers(0, 79), max_size=5),
)
def test_restarts_without_downtime_change_no_answer(counts: list[tuple[int, int]], restarts: set[int]) -> None:
    steady, restarted = Rig(), Rig()
    for number, (ok, error) in enumerate(counts):
        if number in restarts:
            restarted.disturb("restart")
        for rig in (steady, restarted):
            rig.tick(1.0, ok, error)
    one, two = steady.tracker.status()[0], restarted.tracker.status()[0]
    assert (two.good, two.total) == (one.good, one.total)
    assert two.coverage == pytest.approx(one.coverage)
    assert two.firing == one.firing
