"""``sum(increase(counter[window]))`` at each minute, computed as Prometheus computes it.

Resets are taken out, a series needs two samples, and what lies between the samples and the edges
of the window is extrapolated: to the edge if it is near, by half an interval if it is not, and
never below zero. Source: https://github.com/prometheus/prometheus/blob/main/promql/functions.go
(``extrapolatedRate``), in our words.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import isnan

from .days import Series

__all__ = ["Increases", "increases"]

NEAR = 1.1
"""Intervals between samples up to which the edge of a window counts as near."""


class Increases:
    """Increases over one window, summed over series, at the end of each minute.

    Attributes:
        bad: failed requests.
        total: all requests.
        present: how many series had a value; 0 gives no result at all.
    """

    def __init__(self, minutes: int) -> None:
        self.bad = array("d", bytes(8 * minutes))
        self.total = array("d", bytes(8 * minutes))
        self.present = array("l", bytes(8 * minutes))


def increases(series: Iterable[Series], window: int, minutes: int, at: Sequence[int] | None = None) -> Increases:
    """Sum the increases of all series over ``window`` minutes.

    Args:
        series: counters.
        window: minutes.
        minutes: how many evaluations there are; entry ``t`` is the one at the end of minute ``t``.
        at: the evaluations that are wanted, ascending; all by default, zero elsewhere.
    """
    found, wanted = Increases(minutes), range(minutes) if at is None else at
    for one in series:
        first, end = one.first + 1, one.first + len(one.values) - 1 + window
        _add(found, one, window, wanted[bisect_left(wanted, first) : bisect_left(wanted, end)])
    return found


def _add(found: Increases, series: Series, window: int, wanted: Sequence[int]) -> None:
    grown, before, after, count = _prepared(series)
    values, first, offset, length = series.values, series.first, series.offset, len(series.values)
    bad, total, present, is_bad = found.bad, found.total, found.present, series.bad
    for at in wanted:
        # Positions of the first and last sample within the window, counted from the series' first entry.
        last = before[min(at - first, length - 1)]
        begin = at - first - window + 1
        start = after[begin] if begin > 0 else after[0]
        if last <= start:
            continue
        present[at] += 1
        increase = grown[last] - grown[start]
        if increase:
            sampled = 60.0 * (last - start)
            interval = sampled / (count[last] - count[start])
            to_start, to_end = 60.0 * (start - begin) + offset, 60.0 * (at - first - last) + 60 - offset
            to_zero = sampled * values[start] / increase
            if to_zero < to_start:
                to_start = to_zero
            near = NEAR * interval
            covered = sampled + (to_start if to_start < near else interval / 2)
            increase *= (covered + (to_end if to_end < near else interval / 2)) / sampled
            total[at] += increase
            if is_bad:
                bad[at] += increase


def _prepared(series: Series) -> tuple[list[float], list[int], list[int], list[int]]:
    """By entry: growth since the first sample, last sample so far, next sample from here, samples so far."""
    grown: list[float] = []
    before: list[int] = []
    count: list[int] = []
    sum_so_far, last, seen, held = 0.0, -1, 0, 0.0
    for at, value in enumerate(series.values):
        if not isnan(value):
            if seen:
                sum_so_far += value - held if value >= held else value
            held, last, seen = value, at, seen + 1
        grown.append(sum_so_far)
        before.append(last)
        count.append(seen)
    after = [len(series.values)] * (len(series.values) + 1)
    for at in range(len(series.values) - 1, -1, -1):
        after[at] = after[at + 1] if isnan(series.values[at]) else at
    return grown, before, after, count
