"""The case of long windows: bursts at the edges of each, which its recorded ratio counts or leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import gcd
from typing import Final

from exai_sre.generate.coverage import COVERAGE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.primed import primed
from exai_sre.generate.promtool import Case, ExprCheck, close_to, with_gaps
from exai_sre.generate.series import Series
from exai_sre.generate.slo_cases import parts_of, recorded_labels
from exai_sre.generate.tiles import TILE
from exai_sre.generate.windows import LONGEST_RAW, ratio_windows, window_source
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import DAY, HOUR

__all__ = ["long_windows_end", "windows_case"]

_PULSE: Final = 1000
"""Events of each burst."""
_EDGE: Final = HOUR // 2
"""Seconds at most between a burst and the edge of its window; all windows are multiples of the chosen one."""


def long_windows_end(slos: Sequence[Slo]) -> int:
    """Moment of the check of long windows, in seconds: a day later than the longest of them."""
    return max((max(ratio_windows(slo)) for slo in slos), default=0) + DAY


def windows_case(slos: Sequence[Slo], options: RuleOptions) -> Case:
    """Bursts just inside and just outside each long window: each window sums its own and no other.

    Needs an evaluation at :func:`long_windows_end`.
    """
    end = long_windows_end(slos)
    edge = gcd(_EDGE, *(window for slo in slos for window in ratio_windows(slo)))
    series: dict[str, str] = {}
    checks: list[ExprCheck] = []
    for part in (part for slo in slos if slo.missing == "excluded" for part in parts_of(slo)):
        slo = part.slo
        windows = [window for window in ratio_windows(slo) if _is_summed(slo, window, options)]
        bursts = _bursts(windows, end, edge)
        moments = range(0, end + 1, edge)
        for total in (Series.TOTAL, Series.TOTAL_TILE):
            series[part.recorded(total)] = with_gaps(_zero_at_the_ends(moments, dict.fromkeys(bursts, _PULSE)))
        for errors in (Series.ERRORS, Series.ERRORS_TILE):
            series[part.recorded(errors)] = with_gaps(_zero_at_the_ends(moments, bursts))
        if slo.window in windows and window_source(slo, slo.window, options.windows) == "tiles":
            tiles = sum(moment >= end - slo.window for moment in bursts) + 1
            share = (Decimal(tiles) * TILE / slo.window).quantize(Decimal("1e-9"))
            checks.append(close_to(end, COVERAGE, recorded_labels(slo), share))
        for window in windows:
            name = part.ratio(window)
            inside = [errors for moment, errors in bursts.items() if moment > end - window]
            checks.append(ExprCheck(end, name, {name: sum(inside) / (_PULSE * len(inside))}))
    case = Case("each long window counts its own events and no others", edge, series, exprs=checks)
    return primed(case, slos, options, every=end)


def _is_summed(slo: Slo, window: int, options: RuleOptions) -> bool:
    """Whether a window is summed from recordings, over a time that does not depend on the calendar."""
    of_calendar = slo.calendar is not None and window == slo.window
    return window > LONGEST_RAW and not of_calendar and window_source(slo, window, options.windows) != "raw"


def _bursts(windows: Sequence[int], end: int, edge: int) -> Mapping[int, int]:
    """Moments of the bursts with how many of their events are bad: more with each."""
    moments = (end - window + side for window in windows for side in (edge, -edge))
    return {moment: errors for errors, moment in enumerate(moments, 1)}


def _zero_at_the_ends(moments: range, values: Mapping[int, int]) -> list[Decimal | None]:
    """The values at their moments, and a 0 at the first and the last.

    The series is there when it is looked at; and the storage takes no sample that is much older than
    the first one it was given, whichever that was.
    """
    row = {moments[0]: 0, moments[-1]: 0, **values}
    return [Decimal(row[moment]) if moment in row else None for moment in moments]
