"""What happened to an SLO, minute by minute: cumulative counts of bad and of all events."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import frexp, inf
from operator import sub
from typing import Final

__all__ = ["STEP", "WIDTH", "History", "Runs", "from_events", "from_increases", "runs_of", "window_sums"]

STEP: Final = 60
"""Seconds between two evaluations of the rules, and between two entries of a history."""

WIDTH: Final = 5
"""Entries that a recorded increase spans: five minutes."""

_FINEST: Final = -20
"""Exponent of the finest part of an event that is kept (2^-20): increases from Prometheus are no whole numbers."""
_EXACT: Final = 53
"""Bits of a float that are exact."""


Runs = tuple[tuple[int, int], ...]
"""Runs of positions: the first of each, and one after its last."""


@dataclass(frozen=True, slots=True)
class History:
    """Counts of one SLO, or of one of its groups, since the start of the history.

    Counts are multiples of a power of two, chosen so that sums over any window are exact.

    Attributes:
        slo: id of the SLO.
        start: moment of the first entry, seconds since the Unix epoch; a whole minute.
        bad: bad events up to and including each minute.
        total: all events up to and including each minute.
        group: values of the labels by which the SLO is grouped; empty without groups.
        missing: minutes of which nothing is known; they count as minutes without an event.
        absent: runs of entries, as first and one after the last, at which the rules have no increase of five
            minutes to record.
    """

    slo: str
    start: int
    bad: array[float]
    total: array[float]
    group: str = ""
    missing: int = 0
    absent: Runs = ()

    @property
    def minutes(self) -> int:
        """Number of entries."""
        return len(self.total)

    @property
    def end(self) -> int:
        """Moment after the last entry, seconds since the Unix epoch."""
        return self.start + self.minutes * STEP

    def bad_in(self, first: int, last: int) -> float:
        """Bad events of the minutes ``first`` (exclusive) to ``last`` (inclusive), as positions."""
        return _between(self.bad, first, last)

    def total_in(self, first: int, last: int) -> float:
        """All events of the minutes ``first`` (exclusive) to ``last`` (inclusive), as positions."""
        return _between(self.total, first, last)

    def bad_share(self) -> float | None:
        """Share of bad events over the whole history (0..1); ``None`` without any event."""
        total = self.total[-1] if self.total else 0.0
        return self.bad[-1] / total if total > 0 else None


def runs_of(positions: Iterable[int], least: int = 1) -> Runs:
    """The runs of consecutive positions that are at least so long; positions ascend."""
    runs: list[tuple[int, int]] = []
    for at in positions:
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return tuple(run for run in runs if run[1] - run[0] >= least)


def _between(counts: Sequence[float], first: int, last: int) -> float:
    if last < 0 or not counts:
        return 0.0
    return counts[min(last, len(counts) - 1)] - (counts[min(first, len(counts) - 1)] if first >= 0 else 0.0)


def from_events(
    slo: str,
    start: int,
    bad: Sequence[float],
    total: Sequence[float],
    *,
    group: str = "",
    missing: int = 0,
    absent: Runs = (),
) -> History:
    """A history from the events of each minute.

    Args:
        slo: id of the SLO.
        start: moment of the first minute, seconds since the Unix epoch.
        bad: bad events of each minute, 0 or more.
        total: all events of each minute, 0 or more.
        group: values of the labels by which the SLO is grouped.
        missing: minutes of which nothing is known.
        absent: runs of entries without an increase to record.
    """
    quantum = _quantum(total)
    return History(slo, start, _summed(bad, quantum), _summed(total, quantum), group, missing, absent)


def from_increases(
    slo: str,
    start: int,
    bad: Sequence[float],
    total: Sequence[float],
    *,
    group: str = "",
    missing: int = 0,
    absent: Runs = (),
) -> History:
    """A history from the increases over five minutes that the generated rules record each minute.

    Every sum over a multiple of five minutes is exactly that of the recorded increases; how the
    events lie within five minutes cannot be told, so they are taken as evenly spread at the start.

    Args:
        slo: id of the SLO.
        start: moment of the first increase, seconds since the Unix epoch.
        bad: bad events of the five minutes up to each minute, 0 or more.
        total: all events of the five minutes up to each minute, 0 or more.
        group: values of the labels by which the SLO is grouped.
        missing: minutes without an increase.
        absent: the same as runs of entries.
    """
    quantum = _quantum(total)
    return History(slo, start, _unrolled(bad, quantum), _unrolled(total, quantum), group, missing, absent)


def _quantum(values: Iterable[float]) -> float:
    """The smallest part of an event with which all sums of overlapping increases stay exact."""
    largest = sum(value for value in values if 0 < value < inf) * WIDTH * WIDTH
    return float(2.0 ** max(_FINEST, frexp(largest)[1] - _EXACT))


def _rounded(values: Iterable[float], quantum: float) -> Iterable[float]:
    # A whole number of quanta is exact; NaN fails the comparison and counts as nothing.
    scale = 1 / quantum
    return (round(value * scale) * quantum if 0 < value < inf else 0.0 for value in values)


def _summed(values: Iterable[float], quantum: float) -> array[float]:
    return array("d", accumulate(_rounded(values, quantum)))


def _unrolled(increases: Iterable[float], quantum: float) -> array[float]:
    """Counts whose differences over five minutes are the increases."""
    rounded = list(_rounded(increases, quantum))
    first = rounded[WIDTH - 1] if len(rounded) >= WIDTH else 0.0
    counts = array("d", _rounded((first * (at + 1) / WIDTH for at in range(min(WIDTH, len(rounded)))), quantum))
    for at in range(len(counts), len(rounded)):
        counts.append(counts[at - WIDTH] + rounded[at])
    return counts


def window_sums(counts: array[float], length: int) -> array[float]:
    """The difference of cumulative counts over ``length`` entries, at each entry."""
    kept = max(len(counts) - length, 0)
    before = array("d", bytes(counts.itemsize * (len(counts) - kept))) + counts[:kept]
    return array("d", map(sub, counts, before))
