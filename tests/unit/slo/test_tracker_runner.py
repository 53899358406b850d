"""The tracker's loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from decimal import Decimal

import pytest

from exai_sre.metrics import Catalog, Counter, Matcher
from exai_sre.slo import EventsIndicator, Point, SloTracker, make_slo, run_tracker
from exai_sre.testing import VirtualClock

SLO = make_slo("a", "shop", Decimal("0.9"), EventsIndicator("calls_total", good=(Matcher("outcome", ("ok",)),)))


class MemoryStore:
    """A store in memory whose saves can be held up or made to fail."""

    def __init__(self) -> None:
        self.points: dict[tuple[int, int], Point] = {}
        self.saves = 0
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def load(self) -> list[Point]:
        if self.error is not None:
            raise self.error
        return list(self.points.values())

    def save(self, points: Iterable[Point]) -> None:
        self.gate.wait(10)
        self.saves += 1
        if self.error is not None:
            raise self.error
        self.points.update({(point.resolution, point.slot): point for point in points})

    def close(self) -> None:
        """Nothing is held."""

    @property
    def total(self) -> float:
        newest = max(self.points.values(), key=lambda point: point.stamp, default=None)
        return next(iter(newest.counts.values()))[1] if newest else 0.0


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def calls(catalog: Catalog) -> Counter:
    family = catalog.family("calls_total")
    assert isinstance(family, Counter)
    return family


def tracker_of(catalog: Catalog, clock: VirtualClock) -> SloTracker:
    return SloTracker([SLO], catalog, clock=clock, replica="r1")


async def idle() -> None:
    """Wait until worker threads had their say."""
    for _ in range(5):
        await asyncio.to_thread(lambda: None)


async def cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_after_a_tick(tracker: SloTracker, store: MemoryStore, clock: VirtualClock) -> None:
    task = asyncio.create_task(run_tracker(tracker, store, clock=clock))
    await idle()
    await clock.elapse(1)
    await cancel(task)


async def test_each_interval_brings_a_tick_and_a_save(
    catalog: Catalog, clock: VirtualClock, store: MemoryStore, calls: Counter
) -> None:
    ticks: list[float] = []
    tracker = tracker_of(catalog, clock)
    task = asyncio.create_task(
        run_tracker(tracker, store, clock=clock, on_tick=lambda: ticks.append(clock.monotonic()))
    )
    await idle()
    for _ in range(3):
        calls.labels(outcome="ok", tool="a").inc()
        await clock.elapse(1)
        await idle()
    assert ticks == [1001, 1002, 1003]
    assert store.total == 3
    await cancel(task)


async def test_a_cancelled_run_counts_and_saves_a_last_time(
    catalog: Catalog, clock: VirtualClock, store: MemoryStore, calls: Counter
) -> None:
    task = asyncio.create_task(run_tracker(tracker_of(catalog, clock), store, clock=clock))
    await idle()
    calls.labels(outcome="ok", tool="a").inc(5)
    await cancel(task)
    assert store.total == 5


async def test_whoever_waits_is_told_when_the_stored_points_are_back(
    catalog: Catalog, clock: VirtualClock, store: MemoryStore, calls: Counter
) -> None:
    first = asyncio.create_task(run_tracker(tracker_of(catalog, clock), store, clock=clock))
    await idle()
    calls.labels(outcome="ok", tool="a").inc()
    await clock.elapse(1)
    await cancel(first)
    tracker, told = tracker_of(catalog, clock), []

    def restored() -> None:
        told.append(max(status.total for status in tracker.status()))

    second = asyncio.create_task(run_tracker(tracker, store, clock=clock, on_restored=restored))
    await idle()
    await cancel(second)
    assert told == [1]


async def test_a_run_continues_where_the_last_one_ended(
    catalog: Catalog, clock: VirtualClock, store: MemoryStore, calls: Counter
) -> None:
    for expected in (1, 2, 3):
        tracker = tracker_of(catalog, clock)
        task = asyncio.create_task(run_tracker(tracker, store, clock=clock))
        await idle()
        calls.labels(outcome="ok", tool="a").inc()
        await clock.elapse(1)
        await cancel(task)
        assert store.total == expected


async def test_a_slow_save_delays_no_tick_and_loses_no_point(
    catalog: Catalog, clock: VirtualClock, store: MemoryStore, calls: Counter
) -> None:
    ticks: list[float] = []
    task = asyncio.create_task(
        run_tracker(tracker_of(catalog, clock), store, clock=clock, on_tick=lambda: ticks.append(clock.monotonic()))
    )
    await idle()
    store.gate.clear()
    for _ in range(4):
        calls.labels(outcome="ok", tool="a").inc()
        await clock.elapse(1)
    assert len(ticks) == 4
    store.gate.set()
    await cancel(task)
    assert store.saves == 2
    assert store.total == 4
    assert len({point.stamp for point in store.points.values() if point.resolution == 1}) == 5


async def test_an_interval_that_was_overslept_is_not_made_up_for(catalog: Catalog, clock: VirtualClock) -> None:
    ticks: list[float] = []
    task = asyncio.create_task(
        run_tracker(
            tracker_of(catalog, clock), None, clock=clock, interval=2, on_tick=lambda: ticks.append(clock.monotonic())
        )
    )
    await clock.settle()
    clock.advance(7)
    await clock.settle()
    await clock.elapse(2)
    assert ticks == [1007, 1007, 1009]
    await cancel(task)


async def test_a_failed_save_is_reported_and_made_good(
    catalog: Catalog, clock: VirtualClock, store: MemoryStore, calls: Counter
) -> None:
    errors: list[Exception] = []
    task = asyncio.create_task(run_tracker(tracker_of(catalog, clock), store, clock=clock, on_error=errors.append))
    await idle()
    store.error = OSError("disk full")
    for _ in range(2):
        calls.labels(outcome="ok", tool="a").inc()
        await clock.elapse(1)
        await idle()
    store.error = None
    await clock.elapse(1)
    await idle()
    await cancel(task)
    assert [str(error) for error in errors] == ["disk full", "disk full"]
    assert len({point.stamp for point in store.points.values() if point.resolution == 1}) == 4
    assert store.total == 2


async def test_a_store_that_cannot_be_read_is_reported_and_left_as_it_is(
    catalog: Catalog, clock: VirtualClock, store: MemoryStore, calls: Counter
) -> None:
    calls.labels(outcome="ok", tool="a").inc()
    await cancel_after_a_tick(tracker_of(catalog, clock), store, clock)
    before = dict(store.points)
    ticks: list[float] = []
    store.error = OSError("unreadable")
    errors: list[Exception] = []
    tracker = tracker_of(catalog, clock)
    task = asyncio.create_task(
        run_tracker(
            tracker, store, clock=clock, on_tick=lambda: ticks.append(clock.monotonic()), on_error=errors.append
        )
    )
    await idle()
    store.error = None
    calls.labels(outcome="ok", tool="a").inc()
    await clock.elapse(1)
    await idle()
    await cancel(task)
    assert [str(error) for error in errors] == ["unreadable"]
    assert len(ticks) == 2
    assert store.points == before


async def test_an_error_of_a_listener_is_reported_and_ticks_go_on(catalog: Catalog, clock: VirtualClock) -> None:
    errors: list[Exception] = []

    def listener() -> None:
        raise RuntimeError("no listener")

    task = asyncio.create_task(
        run_tracker(tracker_of(catalog, clock), None, clock=clock, on_tick=listener, on_error=errors.append)
    )
    await clock.elapse(2)
    assert len(errors) == 2
    await cancel(task)


async def test_without_a_listener_for_errors_the_first_one_ends_the_tracker(
    catalog: Catalog, clock: VirtualClock, store: MemoryStore
) -> None:
    task = asyncio.create_task(run_tracker(tracker_of(catalog, clock), store, clock=clock))
    await idle()
    store.error = OSError("disk full")
    await clock.elapse(1)
    await idle()
    await clock.elapse(1)
    with pytest.raises(OSError, match="disk full"):
        await task
