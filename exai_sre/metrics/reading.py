"""What every way out reads: the numbers of an instrument at one moment, wherever they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from exai_sre.metrics.exemplar import Exemplar
from exai_sre.metrics.instrument import Instrument

__all__ = ["Point", "Reading", "Source"]


class Point(NamedTuple):
    """The numbers of one series.

    Attributes:
        labels: label values, in the order of the instrument's label names.
        numbers: the value alone; of a histogram the observations per bucket, not cumulated, the
            infinite bucket last, and behind them the sum.
        exemplars: of a counter one, of a histogram one for each bucket; ``None`` where no sampled
            trace fell, empty where none did at all.
    """

    labels: tuple[str, ...]
    numbers: Sequence[float]
    exemplars: Sequence[Exemplar | None] = ()


class Reading(NamedTuple):
    """An instrument and its series.

    Attributes:
        instrument: the declaration.
        points: one for each series, ordered by label values; made while they are read.
    """

    instrument: Instrument
    points: Iterable[Point]


Source = Callable[[], Iterable[Reading]]
"""Yields the readings of instruments that are not in the catalog's own cells."""
