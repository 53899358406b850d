"""How much of an SLO's window was recorded at all: a budget of one hour's data is no budget of 30 days."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.measure.shape import Recording, Scope
from exai_sre.generate.series import Series, SlothLabel, identity, of_component
from exai_sre.generate.tiles import TILE
from exai_sre.generate.windows import LONGEST_FINE
from exai_sre.slo.indicators import CompositeIndicator
from exai_sre.slo.windows import format_duration

__all__ = ["COVERAGE", "counted_by", "coverage_recordings"]

COVERAGE: Final = "slo:coverage:ratio"
"""Share (0..1) of an SLO's window for which its events were recorded (ours)."""


def coverage_recordings(scope: Scope) -> tuple[Recording, ...]:
    """The recorded share of a rolling window, by group; nothing for one of the calendar, which grows as it is told.

    It counts the half-hours that were recorded; in a window too short for those, the evaluations.
    Of a composite, the component with the least counts. An idle service is recorded: its counters stand still.

    Args:
        scope: the SLO.
    """
    slo = scope.slo
    if slo.calendar is not None:
        return ()
    name, seconds = counted_by(scope)
    composite = isinstance(slo.indicator, CompositeIndicator)
    series = f"{of_component(name) if composite else name}{identity(slo)}"
    counted = f"count_over_time({series}[{format_duration(slo.window)}])"
    if composite:
        counted = f"min without ({SlothLabel.COMPONENT}) ({counted})"
    return (Recording(COVERAGE, f"clamp_max({counted} * {seconds} / {slo.window}, 1)"),)


def counted_by(scope: Scope) -> tuple[str, int]:
    """The recorded series that is counted, and the seconds for which each of its values stands."""
    return (Series.TOTAL_TILE, TILE) if scope.slo.window > LONGEST_FINE else (Series.TOTAL, scope.interval)
