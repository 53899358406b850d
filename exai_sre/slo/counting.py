"""Reading the events of many SLOs from the cells, each distinct selection once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.selection import Matcher, Selection
from exai_sre.slo.model import EventsIndicator

__all__ = ["EventCounter"]


class EventCounter:
    """Events since the last reading, per indicator.

    A count that went down means that its store began anew: everything it holds is then new.

    Args:
        indicators: what to count; each must be countable by the catalog.
        catalog: where the instruments are.
    """

    def __init__(self, indicators: Sequence[EventsIndicator], catalog: Catalog) -> None:
        places: dict[tuple[str, tuple[Matcher, ...], tuple[Matcher, ...], float | None], int] = {}
        self._reads: list[Callable[[], tuple[float, float]]] = []
        self._plan: list[tuple[int, bool]] = []
        for indicator in indicators:
            chosen = indicator.good or indicator.bad or ()
            key = (indicator.instrument, indicator.filter, chosen, indicator.within)
            if key not in places:
                places[key] = len(self._reads)
                family = catalog.family(indicator.instrument)
                selection = Selection(family, indicator.filter, chosen=chosen, within=indicator.within)
                self._reads.append(selection.read)
            self._plan.append((places[key], indicator.bad is not None))
        self._last = [read() for read in self._reads]
        self._first = self._last

    def readings(self) -> list[tuple[float, float]]:
        """What the cells showed at the last call of :meth:`increments`, per indicator: chosen part and whole."""
        return [self._last[at] for at, _ in self._plan]

    def go_on_from(self, readings: Sequence[tuple[float, float] | None]) -> None:
        """Take these for the last readings, per indicator; ``None`` stands for what was read at construction."""
        last = self._first[:]
        for (at, _), reading in zip(self._plan, readings, strict=True):
            last[at] = self._first[at] if reading is None else reading
        self._last = last

    def increments(self) -> list[tuple[float, float]]:
        """Good and all events since the last call (or construction), per indicator."""
        now = [read() for read in self._reads]
        new = [
            (part - last_part, whole - last_whole) if part >= last_part and whole >= last_whole else (part, whole)
            for (part, whole), (last_part, last_whole) in zip(now, self._last, strict=True)
        ]
        self._last = now
        return [(new[at][1] - new[at][0] if inverted else new[at][0], new[at][1]) for at, inverted in self._plan]
