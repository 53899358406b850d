"""The burn tiers of an SLO over its history, as the generated rules evaluate them each minute.

A window of up to two hours, and every window of ``--windows raw``, counts the events in it. A
longer window of the ``recorded`` kind sums the five-minute increases recorded in each of its
minutes, which is the same but for its edges: an event enters over five minutes and leaves over five.
All windows are differences of running sums, so a replay costs the same per minute for any window.
Where an SLO counts missing data as good or bad, what the rules record in their place is replayed, too;
otherwise such minutes count as minutes without an event. The history says how many there are.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, count
from operator import gt
from typing import Final, Literal

from exai_sre.backtest.fill_ins import with_fill_ins
from exai_sre.backtest.history import STEP, WIDTH, History, window_sums
from exai_sre.generate.failure_gate import counts_failures
from exai_sre.generate.windows import window_source
from exai_sre.slo.model import BurnTier, Slo

__all__ = ["Firing", "Replay", "Windows", "merged", "replay", "wanted_tiers"]

Windows = Literal["recorded", "raw"]
"""How the rules compute long windows, as in :attr:`exai_sre.generate.options.RuleOptions.windows`."""

_NEARLY: Final = 1 - 1e-9
"""Part of a threshold that is surely below it, however products and quotients are rounded."""

_ROUNDING: Final = 0.5
"""Failures by which a count may stay below the minimum, as in the rules: an increase is no whole number."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One tier that fired once.

    Attributes:
        tier: the burn tier.
        start: first evaluation at which it fired, seconds since the Unix epoch.
        end: first evaluation at which it no longer did; the end of the history if it still fires there.
        spent_at_start: share of the whole budget that the events in its long window had spent when it fired.
        spent: share of the whole budget spent from that window's begin to the end of the firing.
    """

    tier: BurnTier
    start: int
    end: int
    spent_at_start: float
    spent: float

    @property
    def seconds(self) -> int:
        """How long it fired."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Replay:
    """What the alerts of one SLO did over a history.

    Attributes:
        slo: the objective.
        history: what was replayed, with what stands in for missing data.
        firings: every firing of every tier, ordered by start.
        allowance: bad events that the budget of one SLO window allows at the traffic of this history.
        spent: share of that budget that the whole history spent.
    """

    slo: Slo
    history: History
    firings: tuple[Firing, ...]
    allowance: float
    spent: float

    def of(self, severity: str) -> list[Firing]:
        """The firings of one severity."""
        return [firing for firing in self.firings if firing.tier.severity == severity]


def replay(slo: Slo, history: History, windows: Windows = "recorded") -> Replay:
    """Evaluate every reachable tier of ``slo`` at each minute of ``history``.

    Args:
        slo: the objective with its tiers.
        history: counts by minute.
        windows: how the rules compute long windows.
    """
    history = with_fill_ins(slo, history)
    sums = _Sums(slo, history, windows)
    allowance = _allowance(slo, history)
    firings = [
        _firing(history, tier, first, last, allowance)
        for tier in wanted_tiers(slo)
        for first, last in _held(_stretches(_firing_minutes(sums, tier, slo)), tier.hold)
    ]
    firings.sort(key=lambda firing: (firing.start, -firing.tier.factor))
    spent = history.bad[-1] / allowance if allowance else 0.0
    return Replay(slo, history, tuple(firings), allowance, spent)


def wanted_tiers(slo: Slo) -> list[BurnTier]:
    """The reachable tiers of the severities that the SLO wants alerts of."""
    return [tier for tier in slo.tiers if slo.alerting.notice(tier.severity).enabled]


def _allowance(slo: Slo, history: History) -> float:
    if not history.minutes:
        return 0.0
    return float(slo.budget) * history.total[-1] * slo.window / (history.minutes * STEP)


class _Sums:
    """Sums of bad and of all events over windows, each computed once."""

    def __init__(self, slo: Slo, history: History, windows: Windows) -> None:
        self._slo, self._history, self._windows = slo, history, windows
        self._running: tuple[array[float], array[float]] | None = None
        self._known: dict[int, tuple[array[float], array[float]]] = {}

    def over(self, window: int) -> tuple[array[float], array[float]]:
        """Bad and all events over ``window`` seconds at each minute; a recorded window counts each five times."""
        if window not in self._known:
            bad, total, length = self._counts(window)
            self._known[window] = (window_sums(bad, length), window_sums(total, length))
        return self._known[window]

    def ratios(self, window: int) -> Callable[[int], float]:
        """The error ratio over ``window`` seconds as a function of the minute, for windows asked about seldom."""
        bad, total, length = self._counts(window)

        def ratio(at: int) -> float:
            before = at - length
            if before < 0:
                return bad[at] / total[at]
            return (bad[at] - bad[before]) / (total[at] - total[before])

        return ratio

    def _counts(self, window: int) -> tuple[array[float], array[float], int]:
        """Cumulative counts that a window is the difference of, and over how many minutes."""
        summed = window_source(self._slo, window, self._windows) == "increases"
        bad, total = self._sums_of_increases() if summed else (self._history.bad, self._history.total)
        return bad, total, max(window // STEP, 1)

    def enough(self, at: int, window: int, failures: int) -> bool:
        """Whether recorded increases hold that many bad events: over the window, or within five minutes lately."""
        least = failures - _ROUNDING
        bad = self._sums_of_increases()[0]
        before = at - window // STEP
        if bad[at] - (bad[before] if before >= 0 else 0.0) > least * WIDTH:
            return True
        return any(self._history.bad_in(last - WIDTH, last) > least for last in range(max(at - WIDTH + 1, 0), at + 1))

    def _sums_of_increases(self) -> tuple[array[float], array[float]]:
        if self._running is None:
            counts = (self._history.bad, self._history.total)
            bad, total = (array("d", accumulate(window_sums(count, WIDTH))) for count in counts)
            self._running = (bad, total)
        return self._running


def _firing_minutes(sums: _Sums, tier: BurnTier, slo: Slo) -> Iterator[int]:
    """Positions of the minutes at which both windows are above the threshold and failures are enough."""
    threshold = float(tier.threshold(slo.budget))
    long = sums.ratios(tier.long)
    bad_short, all_short = sums.over(tier.short)
    # Nearly every minute of nearly every history is far below: those are passed over without Python's help.
    near = map(gt, bad_short, map((threshold * _NEARLY).__mul__, all_short))
    minutes = (
        at for at in compress(count(), near) if bad_short[at] / all_short[at] > threshold and long(at) > threshold
    )
    least = tier.min_failures if counts_failures(slo) else 0
    return (at for at in minutes if sums.enough(at, tier.long, least)) if least else minutes


def _stretches(minutes: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Runs of consecutive positions as first and one after the last."""
    first = last = -2
    for minute in minutes:
        if minute != last + 1:
            if first >= 0:
                yield first, last + 1
            first = minute
        last = minute
    if first >= 0:
        yield first, last + 1


def _held(stretches: Iterator[tuple[int, int]], hold: int) -> Iterator[tuple[int, int]]:
    """Of each stretch what comes after the seconds that it must last, where anything does."""
    wait = -(-hold // STEP)
    return ((first + wait, last) for first, last in stretches if first + wait < last)


def _firing(history: History, tier: BurnTier, first: int, last: int, allowance: float) -> Firing:
    begin = first - tier.long // STEP
    return Firing(
        tier,
        history.start + first * STEP,
        history.start + last * STEP,
        history.bad_in(begin, first) / allowance,
        history.bad_in(begin, last - 1) / allowance,
    )


def merged(firings: Sequence[Firing], gap: int = 0) -> list[tuple[int, int]]:
    """Stretches in which at least one firing lasts, those closer than ``gap`` seconds joined."""
    stretches: list[tuple[int, int]] = []
    for firing in sorted(firings, key=lambda one: one.start):
        if stretches and firing.start <= stretches[-1][1] + gap:
            stretches[-1] = (stretches[-1][0], max(stretches[-1][1], firing.end))
        else:
            stretches.append((firing.start, firing.end))
    return stretches
