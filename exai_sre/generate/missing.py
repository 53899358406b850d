"""What stands in for events while there are no data: nothing, good events, or bad ones."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.measure.shape import BASE, Measure, Scope
from exai_sre.generate.series import Series
from exai_sre.generate.tiles import TILE

__all__ = ["errors_with_missing", "total_with_missing"]

_BASES_OF_TILE: Final = TILE // BASE
"""Recorded increases of five minutes in a tile."""


def total_with_missing(scope: Scope, measure: Measure) -> str:
    """All events of five minutes; where none can be counted, as many as on average of the last day, at least one.

    Only what has a history is missed in a group; an SLO without groups is missed from the start.
    """
    counted = measure.total(BASE, "increase")
    if scope.slo.missing == "excluded":
        return counted
    usual = scope.aggregate(f"avg_over_time({scope.series(Series.TOTAL_TILE)}[1d])")
    filled = f"(\n  {counted}\n)\nor\nclamp_min({usual} / {_BASES_OF_TILE}, 1)"
    return filled if scope.slo.group_by else f"{filled}\nor\nvector(1)"


def errors_with_missing(scope: Scope, measure: Measure) -> str:
    """Bad events of five minutes; where none can be counted, all of the total's stand-ins or none of them."""
    if scope.slo.missing == "excluded":
        return measure.errors
    usual = scope.recorded(Series.TOTAL)
    stand_in = usual if scope.slo.missing == "bad" else f"0 * {usual}"
    return f"(\n  {measure.bad(BASE, 'increase')}\n)\nor\n{stand_in}"
