"""Reading the events of many SLOs from the cells, each distinct selection once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

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
        self._catalog = catalog
        self._reads: list[Callable[[], float]] = []
        places: dict[tuple[str, tuple[Matcher, ...], float | None], int] = {}
        # Parts are read before wholes: an event that another thread counts in between may be
        # missing from a part, but no part is ever larger than its whole.
        parts = [self._place(places, *self._part(indicator)) for indicator in indicators]
        wholes = [self._place(places, indicator.instrument, indicator.filter, None) for indicator in indicators]
        inverted = [indicator.bad is not None for indicator in indicators]
        self._plan = list(zip(parts, wholes, inverted, strict=True))
        self._last = [read() for read in self._reads]

    @staticmethod
    def _part(indicator: EventsIndicator) -> tuple[str, tuple[Matcher, ...], float | None]:
        chosen = indicator.good or indicator.bad or ()
        return indicator.instrument, (*indicator.filter, *chosen), indicator.within

    def _place(
        self,
        places: dict[tuple[str, tuple[Matcher, ...], float | None], int],
        instrument: str,
        matchers: tuple[Matcher, ...],
        within: float | None,
    ) -> int:
        key = (instrument, matchers, within)
        if key not in places:
            places[key] = len(self._reads)
            selection = Selection(self._catalog.family(instrument), matchers)
            self._reads.append(selection.total if within is None else partial(selection.within, within))
        return places[key]

    def increments(self) -> list[tuple[float, float]]:
        """Good and all events since the last call (or construction), per indicator."""
        now = [read() for read in self._reads]
        new = [value - last if value >= last else value for value, last in zip(now, self._last, strict=True)]
        self._last = now
        return [(new[whole] - new[part] if inverted else new[part], new[whole]) for part, whole, inverted in self._plan]
