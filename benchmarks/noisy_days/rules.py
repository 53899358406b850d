"""Three sets of paging rules over the same scrapes, each with the semantics of its own expressions.

Sloth: ratios of ``sum(rate(...))`` over raw windows, 14.4x 1h/5m or 6x 6h/30m, 30 days as the mean
of 5-minute ratios. Naive: a 5-minute ratio above 5 % for one more minute, 30 days from the raw
counters. Ours: raw ratios up to 2 h, sums of recorded 5-minute increases beyond, a minimum of
failures on each tier, 30 days from half-hour tiles.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import nan

from exai_sre.backtest.history import window_sums
from exai_sre.slo.tiers import TIERS, BurnTier

from .days import Days, Series
from .rates import Increases, increases

__all__ = ["RULES", "Outcome", "Raw", "samples_per_evaluation"]

NAIVE_THRESHOLD, TILE = 0.05, 30
PAGES = tuple(tier for tier in TIERS if tier.severity == "page")
WINDOWS = (5, 30, 60, 120, 360, 1440, 4320)
"""Windows in minutes that Sloth and we record for each SLO."""
RAW_LIMIT, PERIOD = 120, 43_200


@dataclass
class Outcome:
    """What a set of rules did.

    Attributes:
        pages: minutes at which it paged.
        ratio: error ratio that it reports for the thirty days; NaN where it has none.
    """

    pages: list[int]
    ratio: float


class Raw:
    """Increases over raw windows, each computed once, and only where it is asked for."""

    def __init__(self, days: Days) -> None:
        self.series: Sequence[Series] = days.series
        self.minutes = len(days.total)
        self._full: dict[int, Increases] = {}

    def full(self, window: int) -> Increases:
        """The increases over ``window`` minutes at every minute."""
        if window not in self._full:
            self._full[window] = increases(self.series, window, self.minutes)
        return self._full[window]

    def at(self, window: int, minutes: Sequence[int]) -> Increases:
        """The same at these minutes, ascending; zero elsewhere."""
        return self._full.get(window) or increases(self.series, window, self.minutes, minutes)


def sloth(raw: Raw, budget: float) -> Outcome:
    """Sloth's page alert and its 30-day ratio."""
    pages: set[int] = set()
    for tier in PAGES:
        pages.update(_both(raw, tier, float(tier.factor) * budget))
    five = raw.full(5)
    # 0/0 is NaN in PromQL and stays in every sum; no series at all is no sample.
    ratios = [
        bad / total if total else nan
        for bad, total, present in zip(five.bad, five.total, five.present, strict=True)
        if present
    ]
    return Outcome(sorted(pages), sum(ratios) / len(ratios) if ratios else nan)


def naive(raw: Raw, budget: float) -> Outcome:
    """More than 5 % of five minutes, for one more minute; the same for every objective."""
    del budget
    five = raw.full(5)
    above = [bad > NAIVE_THRESHOLD * total for bad, total in zip(five.bad, five.total, strict=True)]
    pages = [at for at in range(1, raw.minutes) if above[at] and above[at - 1]]
    month = raw.at(PERIOD, [raw.minutes - 1])
    return Outcome(pages, _ratio(month.bad[-1], month.total[-1]))


def ours(raw: Raw, budget: float) -> Outcome:
    """Our page tiers and our 30-day ratio."""
    five = raw.full(5)
    sums = array("d", accumulate(five.bad)), array("d", accumulate(five.total))
    pages: set[int] = set()
    for tier in PAGES:
        limit = float(tier.factor) * budget
        if tier.long // 60 <= RAW_LIMIT:
            candidates = list(_both(raw, tier, limit))
        else:
            bad, total = (window_sums(one, tier.long // 60) for one in sums)
            short = raw.full(tier.short // 60)
            candidates = [
                at
                for at in range(raw.minutes)
                if _ratio(short.bad[at], short.total[at]) > limit and _ratio(bad[at], total[at]) > limit
            ]
        pages.update(at for at in candidates if _enough(five.bad, sums[0], at, tier))
    # A tile is a fifth of the sum of its minutes' increases; the thirty days are the sum of all tiles.
    return Outcome(sorted(pages), _ratio(sums[0][-1], sums[1][-1]))


RULES: dict[str, Callable[[Raw, float], Outcome]] = {"Sloth": sloth, "naive": naive, "exai-sre": ours}
"""The sets of rules by name: what each does over raw windows with an error budget."""


def _both(raw: Raw, tier: BurnTier, limit: float) -> Iterator[int]:
    """Minutes at which both raw windows of a tier are above the limit."""
    short = raw.full(tier.short // 60)
    hot = [at for at in range(raw.minutes) if _ratio(short.bad[at], short.total[at]) > limit]
    long = raw.at(tier.long // 60, hot)
    return (at for at in hot if _ratio(long.bad[at], long.total[at]) > limit)


def _ratio(bad: float, total: float) -> float:
    """A ratio as a comparison in PromQL sees it: nothing, and NaN, is above no limit."""
    return bad / total if total else nan


def _enough(five: Sequence[float], sums: Sequence[float], at: int, tier: BurnTier) -> bool:
    """Our gate: enough failures within five minutes lately, or in the recorded increases of the long window."""
    least = tier.min_failures - 0.5
    if any(five[last] > least for last in range(max(at - 4, 0), at + 1)):
        return True
    before = at - tier.long // 60
    return (sums[at] - (sums[before] if before >= 0 else 0.0)) / 5 > least


def samples_per_evaluation(rules: str, total: int, bad: int) -> int:
    """Samples that Prometheus reads for one evaluation of all recordings and alerts of one SLO.

    Args:
        rules: name in :data:`RULES`.
        total: series that count all requests.
        bad: those of them that count failed ones.
    """
    per_minute = total + bad
    if rules == "naive":
        return per_minute * (5 + PERIOD)
    if rules == "Sloth":
        return per_minute * sum(WINDOWS) + 2 * PERIOD
    return per_minute * _RAW_MINUTES + 3 * per_minute + 2 * _SUMMED_MINUTES + _TILES + _GATES


_RAW_MINUTES = sum(window for window in WINDOWS if window <= RAW_LIMIT)
_SUMMED_MINUTES = sum(window for window in WINDOWS if window > RAW_LIMIT)
_TILES = 3 * PERIOD // TILE + 8 * (TILE + 1)
"""Tiles of thirty days for counts and coverage, and the four stretches of each that cut the minutes into tiles."""
_GATES = sum(5 + (tier.long // 60 if tier.long // 60 <= RAW_LIMIT else 1) for tier in TIERS)
"""Recorded failures that the minimum of each tier looks at; beyond 2 h their sum is recorded for the ratio anyway."""
