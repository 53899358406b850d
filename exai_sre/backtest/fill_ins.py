"""What the rules count in place of missing data, where an SLO wants that time counted as good or as bad.

As ``exai_sre.generate.missing`` compiles it: at an evaluation without an increase stand as many events as
five minutes had on average over the tiles of the last day, one at least; all of them bad, or none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from exai_sre.backtest.history import STEP, WIDTH, History, from_increases, window_sums
from exai_sre.generate.tiles import TILE
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import DAY

__all__ = ["with_fill_ins"]

_PER_TILE: Final = TILE // STEP
_BASES: Final = _PER_TILE // WIDTH
_LEAST: Final = 1.0
"""Events that stand in at least."""


def with_fill_ins(slo: Slo, history: History) -> History:
    """The history as the rules of ``slo`` record it: the same unless data are missing and mean something.

    Args:
        slo: the objective, which says what missing data are.
        history: counts by minute, with the minutes of which nothing is known.
    """
    if slo.missing == "excluded" or not history.absent:
        return history
    bad, total = (list(window_sums(counts, WIDTH)) for counts in (history.bad, history.total))
    absent = {at for first, end in history.absent for at in range(first, end)}
    for at, events in _stand_ins(history.start, total, absent, grouped=bool(slo.group_by)):
        total[at] = events
        bad[at] = events if slo.missing == "bad" else 0.0
    filled = from_increases(history.slo, history.start, bad, total, group=history.group, missing=history.missing)
    return replace(filled, absent=history.absent)


def _stand_ins(
    start: int, increases: Sequence[float], absent: set[int], *, grouped: bool
) -> Iterator[tuple[int, float]]:
    """Positions without an increase, with what stands there; of a group, only once it has a history."""
    tiles: deque[tuple[int, float]] = deque()
    tile, of_tiles = 0.0, 0.0
    begun = False
    for at, increase in enumerate(increases):
        moment = start + at * STEP
        while tiles and tiles[0][0] < moment - DAY:
            of_tiles -= tiles.popleft()[1]
        counted = increase
        if at in absent:
            usual = of_tiles / len(tiles) / _BASES if tiles else 0.0
            counted = max(usual, _LEAST) if tiles or not grouped else 0.0
            yield at, counted
        # A tile is recorded at the first evaluation after its end, when the increases of that moment are known.
        if moment % TILE < STEP:
            if begun:
                tiles.append((moment, tile / WIDTH))
                of_tiles += tile / WIDTH
            tile = 0.0
        tile += counted
        begun = begun or counted > 0 or at not in absent
