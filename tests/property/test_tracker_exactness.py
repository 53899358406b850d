"""The tracker counts what a plain list of events counts, in every window, whatever happens to process and clock.

A moment between two kept frames is interpolated, so a window may be wrong by what happened within one
step of the finest ring that reaches back as far as the window does: a second at 5 minutes, a minute at
30 minutes to 6 hours, ten minutes at 1 and 3 days, an hour at 30 days. Nothing else is allowed for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.metrics import OUTCOME_VALUES, Catalog, Label, Matcher, NotCharted
from exai_sre.slo import EventsIndicator, Point, SloTracker, make_slo
from exai_sre.slo.history import RINGS
from exai_sre.slo.windows import BURN_WINDOWS, DAY, HOUR, MINUTE, format_duration
from exai_sre.testing import VirtualClock

SLO = make_slo("a", "shop", Decimal("0.99"), EventsIndicator("calls_total", bad=(Matcher("outcome", ("error",)),)))
WINDOWS = sorted({*BURN_WINDOWS, SLO.window})
TINY = 1e-5


@dataclass(frozen=True)
class Stretch:
    """What happened between two ticks, on the tracker's time axis."""

    began: float
    ended: float
    ok: int
    error: int


class Rig:
    """A tracker that is fed, restarted and misled about the time, beside the list of what happened."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.now = self.clock.time()
        self.stored: dict[tuple[int, int], Point] = {}
        self.list: list[Stretch] = []
        self._begin()

    def _begin(self) -> None:
        catalog = Catalog()
        label = Label("outcome", values=OUTCOME_VALUES)
        self.calls = catalog.counter("calls_total", "Calls.", labels=(label,), chart=NotCharted("a test"))
        self.calls.ensure()
        self.tracker = SloTracker([SLO], catalog, clock=self.clock, replica="r")

    def restart(self, downtime: float) -> None:
        """End the process and begin a new one, whose counters begin at zero, after so many seconds."""
        self.clock.advance(downtime)
        self._begin()
        self.tracker.restore(self.stored.values())
        self.now = max(self.now, self.clock.time())

    def jump(self, seconds: float) -> None:
        """Set the wall clock."""
        self.clock.set_time(self.clock.time() + seconds)

    def reset(self) -> None:
        """Begin the counters anew under the running tracker.

        A count is seen to be lower once; else nobody could tell, Prometheus neither.
        """
        for series in self.calls.series():
            series._doubles[series._start] = 0.0
        self.tick(1.0)

    def tick(self, seconds: float, ok: int = 0, error: int = 0) -> None:
        self.calls.labels(outcome="ok").inc(ok)
        self.calls.labels(outcome="error").inc(error)
        self.clock.advance(seconds)
        began = self.now
        self.now = max(began + seconds, self.clock.time())
        self.list.append(Stretch(began, began + seconds, ok, error))
        self.tracker.tick()
        self.stored.update({(point.resolution, point.slot): point for point in self.tracker.points()})

    def since(self, edge: float) -> tuple[int, int, float]:
        """Bad and all events of the stretches that began at ``edge`` or later, and seconds watched after it."""
        inside = [stretch for stretch in self.list if stretch.began >= edge - TINY]
        watched = sum(max(stretch.ended - max(stretch.began, edge), 0.0) for stretch in self.list)
        return sum(one.error for one in inside), sum(one.ok + one.error for one in inside), watched

    def touching(self, edge: float) -> tuple[int, int]:
        """Bad and all events of the stretches that reach beyond ``edge``."""
        inside = [stretch for stretch in self.list if stretch.ended > edge - TINY]
        return sum(one.error for one in inside), sum(one.ok + one.error for one in inside)

    def check(self) -> None:
        """Every window holds at least what surely, and at most what possibly, happened in it."""
        for window, seen in self.tracker._seen(0, WINDOWS).items():
            edge, step = self.now - window, step_of(window)
            (bad, total, watched), (most_bad, most) = self.since(edge + step), self.touching(edge - step)
            text = format_duration(window)
            assert total - TINY <= seen.total <= most + TINY, text
            assert bad - TINY <= seen.total - seen.good <= most_bad + TINY, text
            assert watched - TINY <= seen.watched <= self.since(edge - step)[2] + TINY, text


def step_of(window: int) -> int:
    """The step of the finest ring that surely reaches back over the window."""
    return next(step for step, capacity in RINGS if step * capacity >= window)


def test_the_steps_are_those_that_the_documentation_names() -> None:
    steps = {format_duration(window): step_of(window) for window in WINDOWS}
    assert steps == {"5m": 1, "30m": 60, "1h": 60, "2h": 60, "6h": 60, "1d": 600, "3d": 600, "30d": 3600}


SPELLS = st.tuples(
    st.sampled_from([0.5, 1.0, 1.0, 1.0, 7.0, 60.0, 60.0, 600.0, 3600.0]),
    st.integers(1, 150),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=7),
)
DISTURBANCES = st.one_of(
    st.none(),
    st.tuples(st.just("restart"), st.sampled_from([0.0, 0.4, 3.0, 90.0, 700.0, 5000.0, 100_000.0])),
    st.tuples(st.just("jump"), st.sampled_from([-5000.0, -90.0, -0.5, 0.5, 2.0, 90.0, 5000.0, 200_000.0])),
    st.tuples(st.just("idle"), st.sampled_from([2.0, 90.0, 4000.0, 90_000.0])),
    st.just(("reset", 0.0)),
)


def disturb(rig: Rig, what: tuple[str, float] | None) -> None:
    kind, seconds = what or ("", 0.0)
    if kind == "restart":
        rig.restart(seconds)
    elif kind == "jump":
        rig.jump(seconds)
    elif kind == "reset":
        rig.reset()
    elif kind == "idle":
        rig.tick(seconds)


@settings(max_examples=30, deadline=None)
@given(life=st.lists(st.tuples(DISTURBANCES, SPELLS), min_size=1, max_size=7))
def test_every_window_holds_what_the_list_holds(
    life: list[tuple[tuple[str, float] | None, tuple[float, int, list[tuple[int, int]]]]],
) -> None:
    rig = Rig()
    for what, (seconds, times, pattern) in life:
        disturb(rig, what)
        for number in range(times):
            rig.tick(seconds, *pattern[number % len(pattern)])
        rig.check()
    status = rig.tracker.status()[0]
    assert status.total <= sum(stretch.ok + stretch.error for stretch in rig.list) + TINY


def test_short_lives_that_begin_every_eleven_minutes_leave_no_holes() -> None:
    """A process that dies when the finest ring has nearly gone round: old points survive in odd places."""
    rig = Rig()
    for life in range(5):
        for second in range(655):
            rig.tick(1.0, ok=3, error=int(second % 97 == life))
        rig.restart(5.0)
        rig.check()


@settings(max_examples=10, deadline=None)
@given(
    counts=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=60, max_size=60),
    repeats=st.integers(1, 12),
)
def test_five_minutes_of_one_second_ticks_are_exact(counts: list[tuple[int, int]], repeats: int) -> None:
    rig = Rig()
    per_second: list[tuple[int, int]] = []
    for ok, error in counts * repeats:
        rig.tick(1.0, ok, error)
        per_second.append((ok, error))
    recent = per_second[-5 * MINUTE :]
    seen = rig.tracker._seen(0, (5 * MINUTE, HOUR))
    assert seen[5 * MINUTE].total == sum(ok + error for ok, error in recent)
    assert seen[5 * MINUTE].bad == sum(error for _, error in recent)
    assert seen[HOUR].total == sum(ok + error for ok, error in per_second[-HOUR:])


def test_on_a_whole_hour_every_window_is_exact() -> None:
    """All edges then lie on frames that are kept, so nothing is interpolated."""
    rig = Rig()
    rig.tick(HOUR - rig.now % HOUR)
    length = 5 * MINUTE
    pattern = [(number * number % 17, int(number % 31 == 7)) for number in range(31 * DAY // length)]
    for ok, error in pattern:
        rig.tick(float(length), ok, error)
    for window, seen in rig.tracker._seen(0, WINDOWS).items():
        inside = pattern[-window // length :]
        assert seen.total == sum(ok + error for ok, error in inside), format_duration(window)
        assert seen.bad == sum(error for _, error in inside), format_duration(window)
        assert seen.watched == pytest.approx(window)


def test_a_window_of_ninety_days_is_covered() -> None:
    rig = Rig()
    rig.tick(6 * HOUR - rig.now % (6 * HOUR))
    for number in range(100 * 24):
        rig.tick(3600.0, ok=number % 50, error=number % 3)
    (seen,) = rig.tracker._seen(0, (90 * DAY,)).values()
    recent = range(10 * 24, 100 * 24)
    assert seen.total == sum(number % 50 + number % 3 for number in recent)
    assert seen.watched == pytest.approx(90 * DAY)


def _budget(stretches: Iterable[Stretch]) -> float:
    listed = list(stretches)
    bad, total = sum(one.error for one in listed), sum(one.ok + one.error for one in listed)
    return 1 - bad / total / float(SLO.budget)


def test_the_budget_of_an_uneven_day_stays_within_a_thousandth_of_the_list() -> None:
    """A third of the day is busy, a minute of it bad; then two restarts, a night and a suspended machine."""
    rig = Rig()
    for minute in range(24 * 60):
        busy = minute < 8 * 60
        if minute in (200, 900):
            rig.restart(45.0)
        if minute == 1000:
            rig.jump(1800.0)
        rig.tick(60.0, ok=600 if busy else 6, error=60 if minute == 300 else int(minute % 97 == 0))
        if minute % 60 == 7:
            remaining = rig.tracker.status()[0].budget_remaining
            assert remaining == pytest.approx(_budget(rig.list), abs=1e-3)
