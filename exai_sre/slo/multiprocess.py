"""Error budgets of a group of processes: one of them counts for all, any of them answers.

The process that counts is whoever holds the group's seat. When it ends, however it does, another
one sits down and goes on from the stored points and from what the cells showed at the last of them,
so that no event is lost or counted twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from exai_sre.slo.catalog_check import counted, require_countable
from exai_sre.slo.model import Slo
from exai_sre.slo.report import NOTE, slo_report
from exai_sre.slo.runner import run_tracker
from exai_sre.slo.store import TrackerStore
from exai_sre.slo.tracker import SloTracker

if TYPE_CHECKING:
    from exai_sre.clock import Clock
    from exai_sre.metrics.families.telemetry import TrackerMetrics
    from exai_sre.metrics.multiprocess import Workers

__all__ = ["WorkersTracker"]

_REPORT: Final = "slo.json"


class WorkersTracker:
    """The tracker of all processes of a group.

    Args:
        slos: the SLOs.
        workers: this process's part in the group.
        store: where points are kept; all processes name the same place. ``None`` to keep them nowhere:
            who counts next then takes all that the directory holds for new.
        clock: time source.
        replica: name of the group among its replicas.
        metrics: where the process that counts exports the view, declared in ``workers.catalog``.

    Raises:
        SpecError: an indicator contradicts the catalog.
    """

    def __init__(
        self,
        slos: Sequence[Slo],
        workers: Workers,
        store: TrackerStore | None = None,
        *,
        clock: Clock,
        replica: str,
        metrics: TrackerMetrics | None = None,
    ) -> None:
        self._slos = tuple(slos)
        self._workers = workers
        self._store = store
        self._clock = clock
        self._replica = replica
        self._metrics = metrics
        self._instruments = {one.instrument for slo in slos for one in counted(slo.indicator)}
        self._path = workers.directory.path / _REPORT if workers.directory else None
        self._latest: dict[str, Any] = {}
        # Told now, in every process, and not when the process that counts has died.
        for slo in slos:
            require_countable(slo, workers.catalog)

    def _make(self) -> SloTracker:
        self._workers.gather(self._instruments)
        return SloTracker(
            self._slos,
            self._workers.merged,
            clock=self._clock,
            replica=self._replica,
            metrics=self._metrics,
            born=self._workers.born,
        )

    async def run(
        self,
        *,
        interval: float = 1.0,
        on_tick: Callable[[], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        """Count whenever no other process does, until cancelled; to be run in every process.

        Args:
            interval: seconds between ticks, and between looks at whether the seat is free.
            on_tick: called after each tick of the process that counts.
            on_error: told of an error, after which this process goes on, waiting or counting; without it
                the first error ends the run. See :func:`run_tracker`.
        """
        tracker: SloTracker | None = None
        try:
            while (tracker := self._seated(on_error)) is None:
                await self._clock.sleep(interval)
            await run_tracker(
                tracker,
                self._store,
                clock=self._clock,
                interval=interval,
                before_tick=self._look,
                on_tick=partial(self._ticked, tracker, on_tick),
                on_error=on_error,
            )
        finally:
            if tracker is not None:
                # The next one's view would be shown beside this one, for as long as this process lives.
                tracker.withdraw()
            if self._store is not None:
                self._store.close()
            self._workers.step_down()

    def _seated(self, on_error: Callable[[Exception], None] | None) -> SloTracker | None:
        """The tracker if it is this process that counts from now on."""
        try:
            if self._workers.lead():
                return self._make()
            # The others' gauges that are read on demand, such as memory, would be as old as their last scrape.
            self._workers.catalog.refresh()
        except Exception as error:
            self._workers.step_down()
            if on_error is None:
                raise
            on_error(error)
        return None

    def _look(self) -> None:
        self._workers.gather(self._instruments)

    def _ticked(self, tracker: SloTracker, on_tick: Callable[[], None] | None) -> None:
        self._latest = slo_report(tracker, now=self._clock.time())
        if self._path is not None:
            # Locks and maps of files, which not every system has: where there is a directory, there are those.
            from exai_sre.metrics.multiprocess_files import write_anew

            fresh = self._path.with_suffix(".new")
            write_anew(fresh, json.dumps(self._latest).encode())
            fresh.replace(self._path)
        if on_tick is not None:
            on_tick()

    def report(self) -> dict[str, Any]:
        """All SLOs as of the last tick of the process that counts, the same from every process; plain JSON values.

        Before the first tick there are none in it. ``time`` says when the tick was.
        """
        if self._path is not None:
            try:
                self._latest = json.loads(self._path.read_bytes())
            except (FileNotFoundError, ValueError):
                # There is none yet, or the machine went down while it was written.
                self._latest = {}
        return self._latest or {
            "replica": self._replica,
            "time": self._clock.time(),
            "note": NOTE,
            "slos": [],
            "untracked": {},
        }
