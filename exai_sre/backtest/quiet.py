"""What no page told: stretches that spent budget while nobody was woken up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress, count
from operator import gt
from typing import Final

from exai_sre.backtest.history import STEP, WIDTH, History, window_sums
from exai_sre.backtest.replay import Replay, merged

__all__ = ["QuietBurn", "quiet_burns"]

_GAP: Final = 30
"""Minutes below the budgeted rate that end a stretch."""

_WORTH: Final = 0.005
"""Share of the whole budget from which on a stretch is worth a line."""

_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class QuietBurn:
    """A stretch in which events failed faster than the budget allows, without a page.

    Attributes:
        start: begin, seconds since the Unix epoch.
        end: end, seconds since the Unix epoch.
        spent: share of the whole budget spent in it.
        bad: bad events in it.
        ticket: whether a ticket was opened in it.
    """

    start: int
    end: int
    spent: float
    bad: float
    ticket: bool


def quiet_burns(replay: Replay) -> list[QuietBurn]:
    """The costliest stretches without a page, at most ten, the costliest first."""
    history = replay.history
    pages = merged(replay.of("page"))
    tickets = merged(replay.of("ticket"))
    found = []
    for first, last in _stretches(history, float(replay.slo.budget)):
        start, end = history.start + (first - WIDTH) * STEP, history.start + last * STEP
        bad = history.bad_in(first - WIDTH, last)
        spent = bad / replay.allowance
        if spent >= _WORTH and not _meets(start, end, pages):
            found.append(QuietBurn(start, end, spent, bad, _meets(start, end, tickets)))
    return sorted(found, key=lambda burn: (-burn.spent, burn.start))[:_LISTED]


def _stretches(history: History, budget: float) -> Iterator[tuple[int, int]]:
    """Runs of minutes whose last five spent budget too fast, pauses of up to half an hour included."""
    bad, total = window_sums(history.bad, WIDTH), window_sums(history.total, WIDTH)
    hot = compress(count(), map(gt, bad, map(budget.__mul__, total)))
    first = last = -1
    for minute in hot:
        if first >= 0 and minute - last > _GAP:
            yield first, last
            first = minute
        first = minute if first < 0 else first
        last = minute
    if first >= 0:
        yield first, last


def _meets(start: int, end: int, stretches: list[tuple[int, int]]) -> bool:
    return any(begin <= end and stop >= start for begin, stop in stretches)
