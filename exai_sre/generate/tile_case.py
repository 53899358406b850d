"""The case of tiles: each sums its own minutes, and a long period all of them and the minutes since the last."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import Case, close_to, constant
from exai_sre.generate.series import Series, SlothLabel, ratio_name, window_text
from exai_sre.generate.slo_cases import parts_of
from exai_sre.generate.tiles import TILE
from exai_sre.generate.windows import window_source
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import MINUTE

__all__ = ["TILES_INTERVAL", "is_tiled", "tiles_case"]

TILES_INTERVAL: Final = TILE // 3
"""Seconds between two evaluations: at the end of each tile, and twice within it."""
_TILES: Final = 10
"""Tiles of the case: enough for tiles of all signs and for a mistake in their length to grow."""
_TOTAL: Final = 1000
"""Events that each minute's recording counts."""
_PER: Final = TILE // MINUTE
_REPEATS: Final = BASE // MINUTE


def is_tiled(slo: Slo, options: RuleOptions) -> bool:
    """Whether the window of an SLO is a rolling one that is summed from tiles of its own."""
    own = slo.calendar is None and slo.missing == "excluded"
    return own and window_source(slo, slo.window, options.windows) == "tiles"


def tiles_case(slos: Sequence[Slo]) -> Case:
    """Recorded increases that are worse in each tile: each tile counts its own, the period all of them.

    Needs an evaluation every :data:`TILES_INTERVAL`.
    """
    series, checks = {}, []
    minutes = range(_TILES * _PER + 1)
    bad, every = [_bad(minute) for minute in minutes], [_total(minute) for minute in minutes]
    for part in (part for slo in slos for part in parts_of(slo)):
        slo, labels = part.slo, part.labels
        series[part.recorded(Series.TOTAL)] = constant(*((Decimal(each), 1) for each in every))
        series[part.recorded(Series.ERRORS)] = constant(*((Decimal(each), 1) for each in bad))
        of_window = {**labels, SlothLabel.WINDOW: window_text(slo.window)}
        total, errors = part.name(Series.TOTAL_TILE), part.name(Series.ERRORS_TILE)
        for now in range(_PER, len(bad), TILES_INTERVAL // MINUTE):
            at = now * MINUTE
            if now % _PER == 0:
                checks.append(close_to(at, total, labels, Decimal(sum(every[now - _PER : now])) / _REPEATS))
                checks.append(close_to(at, errors, labels, Decimal(sum(bad[now - _PER : now])) / _REPEATS))
            ratio = Decimal(sum(bad[: now + 1])) / sum(every[: now + 1])
            checks.append(close_to(at, part.name(ratio_name(slo.window)), of_window, ratio.quantize(Decimal("1e-9"))))
    return Case("each tile counts its own minutes, and the period all of them", MINUTE, series, exprs=checks)


def _total(minute: int) -> int:
    """None at an evaluation, where the rules themselves record what they make of no events: no bad ones."""
    return 0 if minute * MINUTE % TILES_INTERVAL == 0 else _TOTAL


def _bad(minute: int) -> int:
    """More in each tile."""
    return min(_total(minute), 10 + (minute // _PER) ** 2)
