"""The tracker: this replica's view of every SLO, from its own cells.

Time: the tracker has an axis of its own. It starts at the wall clock, advances with the
monotonic clock, and follows the wall clock forward but never back. A step of the wall clock
forward (a suspended machine, a corrected clock) is a gap in which nothing was watched; a step
back changes nothing, the axis then stays ahead of the wall clock. After a restart the axis
continues from the wall clock or the newest stored point, whichever is later.

No I/O: points to persist are handed out and taken back by the caller. Not thread-safe: all
methods are called from one thread, usually that of the event loop.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from exai_sre.errors import SpecError
from exai_sre.metrics import cell_records
from exai_sre.metrics.catalog import Catalog
from exai_sre.slo.catalog_check import require_countable
from exai_sre.slo.counting import EventCounter
from exai_sre.slo.history import COLUMNS, READINGS, Frame, History, Point
from exai_sre.slo.indicators import CompositeIndicator, EventsIndicator, SliceIndicator
from exai_sre.slo.model import Slo
from exai_sre.slo.publication import Publisher
from exai_sre.slo.status import Judge, Seen, SloStatus
from exai_sre.slo.suggestion import suggest

if TYPE_CHECKING:
    from exai_sre.clock import Clock
    from exai_sre.metrics.families.telemetry import TrackerMetrics

__all__ = ["SloTracker", "series_key"]

_STEP: Final = 1.0
"""Seconds by which the wall clock must run ahead to count as a step, not as drift."""

_UNTRACKED: Final[Mapping[type, str]] = {
    SliceIndicator: "its time slices are judged in Prometheus",
    CompositeIndicator: "a composite is judged in Prometheus",
}

_NOTHING_READ: Final = (0.0, 0.0)

_TURNS: Final = 5
"""Ticks in which every SLO's gauges are set once."""


def series_key(slo: Slo, indicator: EventsIndicator) -> str:
    """The key under which an SLO's counts are stored.

    It changes with the indicator, because counts of different events must not be added up;
    a new objective keeps what was counted.
    """
    groups = {"filter": indicator.filter, "good": indicator.good or (), "bad": indicator.bad or ()}
    conditions = [f"{group} {matcher.promql}" for group, matchers in groups.items() for matcher in matchers]
    text = "\n".join((indicator.instrument, *sorted(conditions), f"within {indicator.within}"))
    return f"{slo.id}@{hashlib.sha256(text.encode()).hexdigest()[:12]}"


class SloTracker:
    """Counts good and bad events of SLOs and answers what is left of their budgets.

    Args:
        slos: the SLOs; those that count no events of the catalog are listed in :attr:`untracked`.
        catalog: where their instruments are.
        clock: time source.
        replica: name of this process among its replicas.
        metrics: where the view is exported; ``None`` for nowhere.
        born: identifies the life of the cells where they outlive the process, as those that workers
            share do; empty where they begin with it. What was counted between the last stored point
            and the beginning of this tracker is then counted at its first tick.

    Attributes:
        replica: name of this process among its replicas.
        untracked: why an SLO is not tracked, by SLO id.

    Raises:
        SpecError: an indicator contradicts the catalog.
    """

    def __init__(
        self,
        slos: Sequence[Slo],
        catalog: Catalog,
        *,
        clock: Clock,
        replica: str,
        metrics: TrackerMetrics | None = None,
        born: str = "",
    ) -> None:
        for slo in slos:
            require_countable(slo, catalog)
        self.replica = replica
        self.untracked = {
            slo.id: _UNTRACKED.get(type(slo.indicator), "its indicator is a Prometheus query")
            for slo in slos
            if not isinstance(slo.indicator, EventsIndicator)
        }
        tracked = [(slo, slo.indicator) for slo in slos if isinstance(slo.indicator, EventsIndicator)]
        self._clock = clock
        self._slos = tuple(slo for slo, _ in tracked)
        self._keys = tuple(series_key(slo, indicator) for slo, indicator in tracked)
        self._places = {slo.id: place for place, slo in enumerate(self._slos)}
        self._judges = tuple(Judge(slo) for slo in self._slos)
        self._counter = EventCounter([indicator for _, indicator in tracked], catalog)
        self._born = f"born {born}" if born else ""
        # Two releases whose instrument has other labels or buckets count in other cells.
        self._cells = tuple(
            f"{key} {cell_records.series_key(catalog.family(indicator.instrument).instrument, ()).shape}"
            for key, (_, indicator) in zip(self._keys, tracked, strict=True)
        )
        self._read_before: dict[str, tuple[float, float, float]] = {}
        if born:
            self._counter.go_on_from([_NOTHING_READ] * len(tracked))
        self._publisher = Publisher(metrics, self._slos) if metrics else None
        self._mark = clock.monotonic()
        self._history = History(self._keys, clock.time())
        self._ticks = 0
        self._edges: dict[int, tuple[array[float], array[float], float]] = {}
        self._judged: dict[int, SloStatus] = {}

    def tick(self) -> None:
        """Count what happened since the last tick, and export a part of the view.

        The gauges of each SLO are set at every fifth tick, in turn, so that no tick is long.
        """
        began = self._clock.monotonic()
        self._advance(began)
        if self._publisher is not None:
            for place in range(self._ticks % _TURNS, len(self._slos), _TURNS):
                self._publisher.publish(place, self._judge(place))
            self._publisher.observe(max(self._clock.monotonic() - began, 0.0))
        self._ticks += 1

    def withdraw(self) -> None:
        """Export no view any more: another process counts from now on."""
        if self._publisher is not None:
            self._publisher.withdraw()

    def _advance(self, mark: float) -> None:
        """Append a frame; a step of the wall clock becomes a second one at the end of the gap."""
        elapsed = max(mark - self._mark, 0.0)
        self._mark = mark
        latest = self._history.latest
        counts = latest.counts[:]
        for place, (good, total) in enumerate(self._counter.increments()):
            at = place * COLUMNS
            counts[at] += good
            counts[at + 1] += total
            counts[at + 2] += elapsed
        stamp = latest.stamp + elapsed
        wall = self._clock.time()
        step = wall - stamp > _STEP
        self._history.append(Frame(stamp if step else max(stamp, wall), counts))
        if step:
            self._history.append(Frame(wall, counts))
        self._edges.clear()
        self._judged.clear()

    def status(self) -> list[SloStatus]:
        """Every tracked SLO as of the last tick, in the order given."""
        return [self._judge(place) for place in range(len(self._slos))]

    def status_of(self, slo_id: str) -> SloStatus:
        """One SLO as of the last tick.

        Raises:
            SpecError: no SLO of that id is tracked.
        """
        place = self._places.get(slo_id)
        if place is None:
            why = self.untracked.get(slo_id)
            raise SpecError(
                f"SLO {slo_id!r} is not tracked{f': {why}' if why else ''}", remedy=suggest(slo_id, self._places)
            )
        return self._judge(place)

    def _judge(self, place: int) -> SloStatus:
        status = self._judged.get(place)
        if status is None:
            judge = self._judges[place]
            status = self._judged[place] = judge.status(self._seen(place * COLUMNS, judge.windows))
        return status

    def _seen(self, at: int, windows: Sequence[int]) -> dict[int, Seen]:
        """What each of the windows (seconds) holds of the SLO whose columns begin at ``at``."""
        latest, edges = self._history.latest, self._edges
        good, total, watched = latest.counts[at : at + COLUMNS]
        seen = {}
        for window in windows:
            edge = edges.get(window)
            if edge is None:
                edge = edges[window] = self._history.at(latest.stamp - window)
            before, after, share = edge
            good_then, total_then, watched_then = before[at : at + COLUMNS]
            if share:
                good_then += (after[at] - good_then) * share
                total_then += (after[at + 1] - total_then) * share
                watched_then += (after[at + 2] - watched_then) * share
            seen[window] = Seen(good - good_then, total - total_then, watched - watched_then)
        return seen

    def points(self) -> list[Point]:
        """What changed since the last call, to be stored: usually two points, never more than the rings hold."""
        points = self._history.points()
        if self._born and points:
            read = zip(self._cells, self._counter.readings(), strict=True)
            readings = self._read_before | {cells: (*one, 0.0) for cells, one in read}
            points.append(Point(READINGS, 0, self._history.latest.stamp, {**readings, self._born: (0.0, 0.0, 0.0)}))
        return points

    def count_from_now(self) -> None:
        """Leave out what was counted before this tracker began: nobody knows when that was."""
        self._counter.go_on_from([None] * len(self._slos))

    def restore(self, points: Iterable[Point]) -> None:
        """Continue from stored points; the time since the newest of them was not watched.

        Raises:
            ValueError: the tracker has ticked already.
        """
        if self._ticks:
            raise ValueError("restore must come before the first tick")
        given = list(points)
        stored = [point for point in given if point.resolution != READINGS]
        for point in given:
            if point.resolution == READINGS and self._born in point.counts:
                known = {cells.rpartition(" ")[0] for cells in point.counts}
                self._read_before = {
                    cells: one for cells, one in point.counts.items() if cells.rpartition(" ")[0] in self._keys
                }
                read = [self._read_before.get(cells) for cells in self._cells]
                self._counter.go_on_from(
                    [
                        one[:2] if one else _NOTHING_READ if key in known else None
                        for key, one in zip(self._keys, read, strict=True)
                    ]
                )
        newest = max((point.stamp for point in stored), default=0.0)
        self._history = History(self._keys, max(self._history.latest.stamp, newest), stored)
        self._edges.clear()
        self._judged.clear()
