"""The positive control: an outage planted into the history must page, or the replay proves nothing."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from exai_sre.backtest.history import STEP, History, window_sums
from exai_sre.backtest.replay import Windows, replay, wanted_tiers
from exai_sre.slo.burn import detection_time
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import HOUR

__all__ = ["LEAST", "Control", "positive_control"]

LEAST: Final = HOUR
"""Seconds for which every event of the planted outage fails at least."""

_MARGIN: Final = 1.25
"""How much longer than the closed form's detection the outage lasts."""


@dataclass(frozen=True, slots=True)
class Control:
    """How the alerts met the planted outage.

    Attributes:
        start: begin of the outage, seconds since the Unix epoch; 0 where the history has no traffic to fail.
        length: seconds that it lasts.
        events: events that failed in it.
        detected: seconds until the first tier fired; ``None`` if none did.
        tier: name of that tier; empty if none fired.
        expected: severity that had to fire: ``page``, or ``ticket`` for an SLO that can never page.
    """

    start: int
    length: int
    events: float
    detected: int | None
    tier: str
    expected: str

    @property
    def passed(self) -> bool:
        """Whether the outage was told."""
        return self.detected is not None


def positive_control(slo: Slo, history: History, windows: Windows = "recorded") -> Control:
    """Plant a total outage at the history's median traffic, after traffic without a failure, and replay it.

    It lasts an hour, or longer where even a total outage takes longer to be told.

    Args:
        slo: the objective.
        history: whose traffic is used; the original stays as it is.
        windows: how the rules compute long windows.
    """
    expected, length = _needed(slo, history)
    at = _typical(history, length)
    if at is None:
        return Control(0, length * STEP, 0.0, None, "", expected)
    longest = max((tier.long for tier in wanted_tiers(slo)), default=0) // STEP
    told = replay(slo, _planted(history, max(at - longest, 0), at, length), windows)
    first = next(iter(told.of(expected)), None)
    start = history.start + at * STEP
    return Control(
        start,
        length * STEP,
        history.total_in(at, at + length),
        None if first is None else first.start - start,
        "" if first is None else first.tier.name,
        expected,
    )


def _needed(slo: Slo, history: History) -> tuple[str, int]:
    """The severity that a total outage must have, and how many minutes it must last."""
    tiers = wanted_tiers(slo)
    expected = "page" if any(tier.severity == "page" for tier in tiers) else "ticket"
    times = [detection_time(tier, slo.budget, 1.0) for tier in tiers if tier.severity == expected]
    longest = max(LEAST, _MARGIN * min((seconds for seconds in times if seconds is not None), default=0.0))
    return expected, max(min(round(longest / STEP), history.minutes // 2), 1)


def _typical(history: History, length: int) -> int | None:
    """Position before the stretch with the median traffic of all stretches that have any."""
    sums = window_sums(history.total, length)
    ends = [at for at in range(2 * length - 1, history.minutes, length) if sums[at] > 0]
    if not ends:
        return None
    return sorted(ends, key=lambda at: (sums[at], at))[len(ends) // 2] - length


def _planted(history: History, first: int, at: int, length: int) -> History:
    """The traffic from ``first`` to the end of an outage after the position ``at``, without any failure before it."""
    total = window_sums(history.total, 1)[first : at + length + 1]
    clean = at + 1 - first
    bad = array("d", bytes(total.itemsize * clean)) + total[clean:]
    return History(
        history.slo,
        history.start + first * STEP,
        array("d", accumulate(bad)),
        array("d", accumulate(total)),
        history.group,
    )
