"""Running the tracker: a tick at each interval, and its points stored off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from exai_sre.slo.history import Point
from exai_sre.slo.store import TrackerStore
from exai_sre.slo.tracker import SloTracker

if TYPE_CHECKING:
    from exai_sre.clock import Clock

__all__ = ["run_tracker"]


async def run_tracker(
    tracker: SloTracker,
    store: TrackerStore | None,
    *,
    clock: Clock,
    interval: float = 1.0,
    on_restored: Callable[[], None] | None = None,
    before_tick: Callable[[], None] | None = None,
    on_tick: Callable[[], None] | None = None,
    on_error: Callable[[Exception], None] | None = None,
) -> None:
    """Restore the tracker, then tick until cancelled; tick and save a last time when cancelled.

    A save that is slower than the interval delays no tick: the points of the ticks meanwhile
    go into the next save. Points of a failed save are kept for the next one.

    Args:
        tracker: a tracker that has not ticked yet.
        store: where its points are kept; ``None`` to keep them nowhere.
        clock: time source.
        interval: seconds between ticks.
        on_restored: called once, when the stored points are back (or could not be had).
        before_tick: called before each tick, to bring what is counted up to date.
        on_tick: called after each tick.
        on_error: told of an error of the store, the tick or what is called around it, after which
            the tracker goes on; without it the first error ends the tracker. After a failed load
            the tracker goes on without the store, which is left as it is.
    """
    run = _Run(tracker, store, before_tick, on_tick, on_error)
    await run.restore()
    if on_restored is not None:
        on_restored()
    due = clock.monotonic()
    try:
        while True:
            # A tick that was missed is left out, not made up for: the next one counts its events.
            due = max(due + interval, clock.monotonic())
            await clock.sleep(due - clock.monotonic())
            run.tick()
            run.start_saving()
    finally:
        await run.finish()


class _Run:
    """One run: what is left to be saved, and the save under way."""

    def __init__(
        self,
        tracker: SloTracker,
        store: TrackerStore | None,
        before_tick: Callable[[], None] | None,
        on_tick: Callable[[], None] | None,
        on_error: Callable[[Exception], None] | None,
    ) -> None:
        self._tracker = tracker
        self._store = store
        self._before_tick = before_tick
        self._on_tick = on_tick
        self._on_error = on_error
        self._unsaved: dict[tuple[int, int], Point] = {}
        self._saving: asyncio.Task[None] | None = None

    def _report(self, error: Exception) -> None:
        if self._on_error is None:
            raise error
        self._on_error(error)

    async def restore(self) -> None:
        """Load the stored points; where that fails the tracker begins anew, and nothing is stored."""
        if self._store is None:
            return
        try:
            self._tracker.restore(await asyncio.to_thread(self._store.load))
        except Exception as error:
            # Counts only grow. Those of this run begin at zero: saved among the stored ones they
            # would make the windows of the next run negative.
            self._store = None
            self._tracker.count_from_now()
            self._report(error)

    def tick(self) -> None:
        """Tick, tell, and note what is to be saved."""
        try:
            if self._before_tick is not None:
                self._before_tick()
            self._tracker.tick()
            if self._on_tick is not None:
                self._on_tick()
        except Exception as error:
            self._report(error)
        if self._store is not None:
            self._unsaved |= {(point.resolution, point.slot): point for point in self._tracker.points()}

    def start_saving(self) -> None:
        """Begin a save unless one is under way."""
        if self._saving is not None and self._saving.done():
            saved, self._saving = self._saving, None
            saved.result()
        if self._saving is None and self._unsaved and self._store is not None:
            self._saving = asyncio.create_task(self._save(self._store))

    async def _save(self, store: TrackerStore) -> None:
        points, self._unsaved = self._unsaved, {}
        try:
            await asyncio.to_thread(store.save, list(points.values()))
        except Exception as error:
            self._unsaved = points | self._unsaved
            self._report(error)

    async def finish(self) -> None:
        """Wait for the save under way, then count and save what is left."""
        if self._saving is not None:
            await asyncio.wait([self._saving])
        self.tick()
        self.start_saving()
        if self._saving is not None:
            await self._saving
