"""One error budget for many processes: whoever counts dies, and nobody can tell from the numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from exai_sre.errors import SpecError
from exai_sre.metrics import OUTCOME_VALUES, Label, Matcher, NotCharted, exposition
from exai_sre.metrics.families import TrackerMetrics
from exai_sre.metrics.multiprocess import Workers
from exai_sre.slo import EventsIndicator, Slo, SloTracker, SqliteTrackerStore, make_slo
from exai_sre.slo.history import READINGS, Point
from exai_sre.slo.multiprocess import WorkersTracker
from exai_sre.testing import VirtualClock


def slo_over(instrument: str = "calls_total", name: str = "a", bad: str = "error") -> Slo:
    return make_slo(name, "shop", Decimal("0.9"), EventsIndicator(instrument, bad=(Matcher("outcome", (bad,)),)))


class Process:
    """One process of the group, with its loop as a task."""

    def __init__(
        self,
        directory: Path | None,
        clock: VirtualClock,
        *slos: Slo,
        store: bool = True,
        more: Sequence[Label] = (),
    ) -> None:
        self.workers = Workers(directory)
        labels = (Label("outcome", values=OUTCOME_VALUES), *more)
        self.more = {label.name: label.values[0] for label in more}
        self.calls = self.workers.catalog.counter("calls_total", "C.", labels=labels, chart=NotCharted("a test"))
        self.store = SqliteTrackerStore(f"{directory}/slo.sqlite3") if store and directory else None
        self.clock = clock
        self.tracker = WorkersTracker(
            slos or [slo_over()],
            self.workers,
            self.store,
            clock=clock,
            replica="the group",
            metrics=TrackerMetrics.declare(self.workers.catalog),
        )
        self.ticks = 0
        self.errors: list[Exception] = []
        self.task = asyncio.create_task(self.tracker.run(on_tick=self.ticked, on_error=self.errors.append))

    def ticked(self) -> None:
        self.ticks += 1

    def serve(self, ok: int = 0, error: int = 0) -> None:
        self.calls.labels(outcome="ok", **self.more).inc(ok)
        self.calls.labels(outcome="error", **self.more).inc(error)

    async def stop(self) -> None:
        """End in good order."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        self.workers.close()

    async def kill(self) -> None:
        """End without a last tick: a killed process reads and writes nothing any more, and its locks are free."""
        self.workers.close()
        self.tracker._workers = _Nobody()  # type: ignore[assignment]
        self.task.cancel()
        with suppress(asyncio.CancelledError, AttributeError):
            await self.task

    def counts(self) -> tuple[float, float]:
        """Good and all events of the report."""
        (one,) = self.tracker.report()["slos"]
        return one["good"], one["total"]


class _Nobody:
    """What a killed process can still reach."""


class _Unreadable(SqliteTrackerStore):
    """A store that another process keeps locked."""

    def load(self) -> list[Point]:
        raise OSError("unreadable")


async def settle(clock: VirtualClock, seconds: float = 0.0) -> None:
    """Let time pass, and the threads of the stores have their say."""
    for _ in range(3):
        await clock.elapse(seconds / 3)
        for _ in range(5):
            await asyncio.to_thread(lambda: None)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(autouse=True)
async def one_thread() -> None:
    """Work handed to threads is done in order, so that what is handed over last is done after all the rest."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "group"


async def test_every_process_answers_for_all(directory: Path, clock: VirtualClock) -> None:
    processes = [Process(directory, clock) for _ in range(3)]
    await settle(clock)
    for number, process in enumerate(processes, 1):
        process.serve(ok=number, error=1)
    await settle(clock, 3.0)
    reports = [process.tracker.report() for process in processes]
    assert reports[0] == reports[1] == reports[2]
    assert processes[0].counts() == (6, 9)
    assert reports[0]["replica"] == "the group"
    assert [process.ticks > 0 for process in processes] == [True, False, False]
    for process in processes:
        await process.stop()


async def test_before_the_first_tick_there_is_nothing_to_tell(directory: Path, clock: VirtualClock) -> None:
    process = Process(directory, clock)
    report = process.tracker.report()
    assert (report["slos"], report["replica"], report["time"]) == ([], "the group", clock.time())
    await process.stop()


@pytest.mark.parametrize("way", ["stop", "kill"])
async def test_another_process_goes_on_where_one_ended(directory: Path, clock: VirtualClock, way: str) -> None:
    first, second = Process(directory, clock), Process(directory, clock)
    await settle(clock)
    first.serve(ok=5)
    await settle(clock, 3.0)
    first.serve(ok=2, error=3)
    second.serve(ok=4)
    await getattr(first, way)()
    await settle(clock, 6.0)
    assert (second.ticks > 0, second.errors) == (True, [])
    assert second.counts() == (11, 14)
    second.serve(error=1)
    await settle(clock, 3.0)
    assert second.counts() == (11, 15)
    assert second.errors == []
    await second.stop()


async def test_what_the_dead_counted_is_in_no_later_budget_twice(directory: Path, clock: VirtualClock) -> None:
    for number in range(5):
        process = Process(directory, clock)
        await settle(clock)
        process.serve(ok=10, error=number)
        await settle(clock, 3.0)
        process.serve(ok=1)
        await (process.kill if number % 2 else process.stop)()
        await settle(clock, 7.0)
    last = Process(directory, clock)
    await settle(clock, 3.0)
    assert last.counts() == (55, 65)
    await last.stop()


async def test_a_directory_that_was_made_anew_begins_at_zero_and_the_budget_goes_on(
    tmp_path: Path, clock: VirtualClock
) -> None:
    store = SqliteTrackerStore(tmp_path / "slo.sqlite3")
    for number in (1, 2):
        process = Process(tmp_path / f"life {number}", clock)
        process.tracker._store = store
        process.serve(ok=10)
        await settle(clock, 3.0)
        assert process.counts() == (10 * number, 10 * number)
        await process.stop()


async def test_an_slo_that_is_new_counts_from_now_on(directory: Path, clock: VirtualClock) -> None:
    before = Process(directory, clock)
    await settle(clock)
    before.serve(ok=10)
    await settle(clock, 3.0)
    await before.stop()
    after = Process(directory, clock, slo_over(), slo_over(name="b", bad="timeout"))
    await settle(clock, 2.0)
    after.serve(ok=1)
    await settle(clock, 3.0)
    assert [one["total"] for one in after.tracker.report()["slos"]] == [11, 1]
    await after.stop()


async def test_without_a_store_the_counts_of_the_directory_are_all_there_is(
    directory: Path, clock: VirtualClock
) -> None:
    first, second = Process(directory, clock, store=False), Process(directory, clock, store=False)
    first.serve(ok=3)
    await settle(clock, 3.0)
    await first.stop()
    await settle(clock, 3.0)
    assert second.counts() == (3, 3)
    await second.stop()


async def test_a_process_alone_counts_in_memory(clock: VirtualClock) -> None:
    process = Process(None, clock)
    await settle(clock)
    process.serve(ok=3, error=1)
    await settle(clock, 3.0)
    assert process.counts() == (3, 4)
    await process.stop()


async def test_the_view_is_exported_once_for_all(directory: Path, clock: VirtualClock) -> None:
    processes = [Process(directory, clock) for _ in range(2)]
    await settle(clock)
    processes[1].serve(ok=8, error=2)
    await settle(clock, 18.0)
    bodies = {exposition(process.workers.merged)[0].decode() for process in processes}
    assert len(bodies) == 1
    (body,) = bodies
    assert 'exai_slo_burn_rate_ratio{slo="shop-a",window="5m"} 2.0' in body
    for process in processes:
        await process.stop()


async def test_gauges_of_those_that_wait_are_kept_fresh(directory: Path, clock: VirtualClock) -> None:
    leads, waits = Process(directory, clock), Process(directory, clock)
    memory = waits.workers.catalog.gauge("memory_bytes", "M.", unit="bytes", chart=NotCharted("a test")).labels()
    waits.workers.catalog.before_collect(lambda: memory.set(memory.value + 1))
    await settle(clock, 3.0)
    assert memory.value >= 3
    await leads.stop()
    await waits.stop()


async def test_an_indicator_that_contradicts_the_catalog_is_told_in_every_process(
    directory: Path, clock: VirtualClock
) -> None:
    with pytest.raises(SpecError, match="unknown metric 'other_total'"):
        WorkersTracker([slo_over("other_total")], Workers(directory), clock=clock, replica="r")


async def test_without_on_error_the_seat_is_free_after_the_first_error(directory: Path, clock: VirtualClock) -> None:
    process = Process(directory, clock)
    await process.stop()
    workers, other = Workers(directory), Workers(directory)
    workers.catalog.declare(process.calls.instrument)
    tracker = WorkersTracker([slo_over()], workers, clock=clock, replica="r")

    def fail() -> None:
        raise RuntimeError("broken")

    workers.catalog.before_collect(fail)
    task = asyncio.create_task(tracker.run())
    await settle(clock, 2.0)
    with pytest.raises(RuntimeError, match="broken"):
        await task
    assert other.lead()


async def test_nobody_needs_to_be_told_of_ticks(clock: VirtualClock) -> None:
    workers = Workers()
    label = Label("outcome", values=OUTCOME_VALUES)
    workers.catalog.counter("calls_total", "C.", labels=(label,), chart=NotCharted("a test"))
    tracker = WorkersTracker([slo_over()], workers, clock=clock, replica="r")
    task = asyncio.create_task(tracker.run())
    await settle(clock, 3.0)
    assert [one["id"] for one in tracker.report()["slos"]] == ["shop-a"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_readings_are_a_point_of_their_own_that_other_trackers_pass_over(directory: Path, clock: VirtualClock) -> None:
    workers = Workers(directory)
    label = Label("outcome", values=OUTCOME_VALUES)
    calls = workers.catalog.counter("calls_total", "C.", labels=(label,), chart=NotCharted("a test"))
    calls.labels(outcome="ok").inc(7)
    workers.gather()
    shared = SloTracker([slo_over()], workers.merged, clock=clock, replica="r", born=workers.born)
    clock.advance(1)
    shared.tick()
    points = shared.points()
    assert [point.resolution for point in points].count(READINGS) == 1
    assert shared.points() == []
    alone = SloTracker([slo_over()], workers.merged, clock=clock, replica="r")
    alone.restore(points)
    clock.advance(1)
    alone.tick()
    assert alone.status()[0].total == 7
    assert all(point.resolution != READINGS for point in alone.points())


async def test_a_report_that_was_cut_short_is_none(directory: Path, clock: VirtualClock) -> None:
    process = Process(directory, clock)
    await settle(clock, 3.0)
    assert process.tracker.report()["slos"]
    (directory / "slo.json").write_text('{"slos": [')
    assert process.tracker.report()["slos"] == []
    await process.stop()


async def test_an_error_while_it_waits_is_told_and_it_goes_on_waiting(directory: Path, clock: VirtualClock) -> None:
    leads, waits = Process(directory, clock), Process(directory, clock)
    await settle(clock, 3.0)
    broken = [RuntimeError("broken")]

    def fail() -> None:
        if broken:
            raise broken[0]

    waits.workers.catalog.before_collect(fail)
    await settle(clock, 3.0)
    assert "broken" in map(str, waits.errors)
    waits.serve(ok=2)
    await leads.stop()
    await settle(clock, 3.0)
    assert not waits.ticks
    third = Workers(directory)
    assert third.lead()
    third.close()
    broken.clear()
    await settle(clock, 3.0)
    assert waits.counts() == (2, 2)
    await waits.stop()


async def test_a_release_with_other_labels_and_the_way_back_from_it_count_once(
    directory: Path, clock: VirtualClock
) -> None:
    served = 0
    for number, ok in enumerate((1000, 10, 5, 5)):
        region = (Label("region", values=("eu",)),) if number % 2 else ()
        process = Process(directory, clock, more=region)
        await settle(clock, 2.0)
        process.serve(ok=ok)
        served += ok
        await settle(clock, 6.0)
        assert process.counts() == (served, served)
        assert process.errors == []
        await process.stop()


async def test_a_process_that_counts_no_longer_shows_no_view_beside_that_of_the_next(
    directory: Path, clock: VirtualClock
) -> None:
    stopped = Process(directory, clock)
    await settle(clock, 2.0)
    stopped.serve(error=50)
    await settle(clock, 18.0)
    burn = 'exai_slo_burn_rate_ratio{slo="shop-a",window="5m"}'
    assert f"{burn} 10.0" in exposition(stopped.workers.merged)[0].decode()
    stopped.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped.task
    other = Process(directory, clock)
    for _ in range(12):
        other.serve(ok=100)
        await settle(clock, 60.0)
    assert f"{burn} 0.0" in exposition(other.workers.merged)[0].decode()
    await other.stop()
    stopped.workers.close()


async def test_where_the_store_cannot_be_read_what_was_counted_before_is_left_out(
    directory: Path, clock: VirtualClock
) -> None:
    first = Process(directory, clock)
    await settle(clock, 2.0)
    first.serve(error=500)
    await settle(clock, 5.0)
    await first.stop()
    second = Process(directory, clock)
    second.tracker._store = _Unreadable(directory / "slo.sqlite3")
    await settle(clock, 4.0)
    second.serve(ok=1)
    await settle(clock, 6.0)
    assert [str(error) for error in second.errors] == ["unreadable"]
    assert second.counts() == (1, 1)
    await second.stop()
