"""Long periods from tiles: what happened in each half-hour is recorded once, when it is over.

A period is the sum of its tiles and of what has happened since the last one ended, so that nothing
is late and nothing is counted twice: 30 days cost 1,440 samples for each of the two counts
instead of 43,200. Tiles follow the clock (UTC), whenever Prometheus evaluates.

Source of the arithmetic: the steps of a subquery lie on whole minutes, so each minute belongs to
one tile, and tiles next to each other differ in the sign of :data:`_SIGN`: half the sum of a
stretch and of its signed values is the part of the current tile, half their difference that of
the tile before it.
"""

from __future__ import annotations

from typing import Final

from exai_sre.generate.calendars import CURRENT, window_label
from exai_sre.generate.measure.shape import BASE, Recording, Scope
from exai_sre.generate.series import Series, SlothLabel
from exai_sre.slo.windows import MINUTE, format_duration

__all__ = ["TILE", "period_sum", "tile_recordings"]

TILE: Final = 30 * MINUTE
"""Seconds of a tile."""

_SIGN: Final = f"(2 * (time() % {2 * TILE} < bool {TILE}) - 1)"
"""1 in each even tile since 1970, -1 in each odd one."""

_STRETCHES: Final = {"+": f"[{format_duration(TILE)}:1m]", "-": f"[{format_duration(TILE + MINUTE)}:1m]"}
"""Steps that hold the current tile and none of its sign before, and those that hold all of the tile before it."""

_TWICE: Final = 2 * BASE // MINUTE
"""Each minute's recording counts five minutes, and each event is in two sums."""


def tile_recordings(scope: Scope) -> tuple[Recording, ...]:
    """The recordings of one tile's bad and all events, made at the first evaluation after its end."""
    pairs = ((Series.TOTAL_TILE, Series.TOTAL), (Series.ERRORS_TILE, Series.ERRORS))
    return tuple(Recording(scope.name(tile), _ended(scope, source)) for tile, source in pairs)


def period_sum(scope: Scope, tile: str, source: str, period: int) -> str:
    """Events of a rolling period in seconds, or of the calendar window so far.

    Args:
        scope: what is compiled.
        tile: name of the recorded tiles.
        source: name of the recorded five-minute increases.
        period: seconds; for a calendar window at least its longest possible length.
    """
    tiles = f"sum_over_time({scope.series(tile)}[{format_duration(period)}])"
    if scope.slo.calendar is not None:
        tiles = f"{tiles}\n    and on ({SlothLabel.CALENDAR}) {window_label(scope.slo, CURRENT)}"
    now = f'label_replace({_part(scope, source, "+")}, "part", "now", "", "")'
    return scope.aggregate(f"\n    {tiles}\n    or\n    {now}\n")


def _ended(scope: Scope, source: str) -> str:
    events = f"{_part(scope, source, '-')}\nand on () (vector(time() % {TILE}) < {scope.interval})"
    if scope.slo.calendar is None:
        return events
    label = window_label(scope.slo, f"{CURRENT} offset 5m")
    return f"({events})\n* on () group_left ({SlothLabel.CALENDAR}) {label}"


def _part(scope: Scope, source: str, sign: str) -> str:
    """Events of the current tile so far (``+``), or of the one before (``-``)."""
    series, stretch = scope.series(source), _STRETCHES[sign]
    every, signed = f"sum_over_time({series}{stretch})", f"sum_over_time(({series} * {_SIGN}){stretch})"
    return f"({every} {sign} {_SIGN} * {signed}) / {_TWICE}"
