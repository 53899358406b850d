"""Events with a time, put into the minutes of a history."""

from __future__ import annotations

from typing import Final

from exai_sre.backtest.history import STEP, WIDTH, History, from_events, runs_of
from exai_sre.errors import SpecError
from exai_sre.slo.windows import DAY

__all__ = ["MAX_DAYS", "Minutes"]

MAX_DAYS: Final = 400
"""Longest history in days that is kept in memory."""


class Minutes:
    """Collects the events of one SLO in any order of time.

    Args:
        slo: id of the SLO.
        group: values of the labels by which the SLO is grouped.
    """

    def __init__(self, slo: str, group: str = "") -> None:
        self.slo, self.group = slo, group
        self._bad: dict[int, float] = {}
        self._total: dict[int, float] = {}

    def add(self, minute: int, bad: float, total: float) -> None:
        """Count events of a minute, given as minutes since the Unix epoch."""
        self._bad[minute] = self._bad.get(minute, 0.0) + bad
        self._total[minute] = self._total.get(minute, 0.0) + total

    def spread(self, moment: float, length: float, bad: float, total: float) -> None:
        """Count events that lie anywhere between ``moment`` and ``length`` seconds later: evenly."""
        first = int(moment // STEP)
        count = max(round(length / STEP), 1)
        for minute in range(first, first + count):
            self.add(minute, bad / count, total / count)

    def history(self, file: str) -> History:
        """The history from the first minute with data to the last; something has been added before.

        An entry stands at the end of its minute, where an evaluation first sees its events.

        Args:
            file: path of the file that the events come from, for errors.

        Raises:
            SpecError: the history is longer than :data:`MAX_DAYS`.
        """
        first, last = min(self._total), max(self._total)
        if (last - first) * STEP > MAX_DAYS * DAY:
            raise SpecError(
                f"spans {(last - first) * STEP // DAY} days, more than {MAX_DAYS}",
                file=file,
                field=self.slo,
                remedy="check its first and last times, or give a part of it",
            )
        span = range(first, last + 1)
        bad = [self._bad.get(minute, 0.0) for minute in span]
        total = [self._total.get(minute, 0.0) for minute in span]
        # Good events may be known a moment before the bad ones; a part is never larger than its whole.
        bad = [min(part, whole) for part, whole in zip(bad, total, strict=True)]
        # An increase over five minutes is missing once all of them are.
        gaps = runs_of((at for at, minute in enumerate(span) if minute not in self._total), WIDTH)
        return from_events(
            self.slo,
            (first + 1) * STEP,
            bad,
            total,
            group=self.group,
            missing=len(span) - len(self._total),
            absent=tuple((begin + WIDTH - 1, end) for begin, end in gaps),
        )
