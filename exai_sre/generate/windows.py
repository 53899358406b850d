"""Which windows are recorded, and from what the error ratio over each is computed.

``raw`` reads the raw series over every window up to :data:`LONGEST_FINE`, as Sloth does, with the
same results where Sloth has one. ``recorded`` reads raw series up to :data:`LONGEST_RAW` and sums
recorded 5-minute increases beyond: event-weighted like ``raw``, at a small part of its cost.
Overlapping increases cancel in the ratio, an idle stretch adds nothing, and without any event
there is no ratio rather than a wrong one. Longer windows are summed from tiles in both.
"""

from __future__ import annotations

from typing import Final, Literal

from exai_sre.generate.calendars import longest
from exai_sre.generate.measure.shape import BASE, Measure, Recording, Scope
from exai_sre.generate.series import Series, errors_name
from exai_sre.generate.tiles import period_sum
from exai_sre.slo.model import TIERS, Slo
from exai_sre.slo.windows import format_duration, parse_duration

__all__ = [
    "LONGEST_FINE",
    "LONGEST_RAW",
    "WindowSource",
    "error_ratio",
    "long_errors",
    "ratio_windows",
    "window_source",
]

LONGEST_RAW: Final = parse_duration("2h")
"""Longest window, in seconds, that is read from the raw series: beyond it, raw samples dominate the cost."""

LONGEST_FINE: Final = parse_duration("3d")
"""Longest window, in seconds, that is summed from each minute's recording; longer ones are summed from tiles."""

WindowSource = Literal["raw", "base", "increases", "tiles"]
"""From what a window is computed: raw series, the last recorded increase, recorded increases, tiles."""

_STANDARD: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""Windows that Sloth records for every SLO."""


def ratio_windows(slo: Slo) -> list[int]:
    """Every window whose error ratio is recorded, in seconds, ascending.

    Sloth's own windows, so that its dashboards find theirs, those of the SLO's tiers, and its period.
    """
    tiers = (*TIERS, *slo.tiers, *slo.unreachable)
    wanted = {parse_duration(window) for window in _STANDARD} | {slo.window}
    return sorted(wanted | {window for tier in tiers for window in (tier.long, tier.short)})


def window_source(slo: Slo, window: int, choice: str) -> WindowSource:
    """From what the error ratio over a window is computed.

    Args:
        slo: the objective.
        window: seconds.
        choice: ``recorded`` or ``raw``, as :attr:`RuleOptions.windows`.
    """
    if window > LONGEST_FINE or (slo.calendar is not None and window == slo.window):
        return "tiles"
    # What stands in for missing data is only in the recorded increases.
    if slo.missing == "excluded":
        if choice == "raw":
            return "raw"
        if window != BASE and window <= LONGEST_RAW:
            return "raw"
    return "base" if window == BASE else "increases"


def error_ratio(scope: Scope, measure: Measure, window: int, choice: str) -> str:
    """PromQL of the error ratio of an SLO, or of a component, over a window in seconds.

    Args:
        scope: what is compiled.
        measure: its indicator.
        window: seconds.
        choice: ``recorded`` or ``raw``, as :attr:`RuleOptions.windows`.
    """
    source = window_source(scope.slo, window, choice)
    if source == "raw":
        return measure.ratio(window, "rate" if choice == "raw" else "increase")
    if source == "tiles":
        period = longest(scope.slo.calendar) if scope.slo.calendar and window == scope.slo.window else window
        errors = period_sum(scope, Series.ERRORS_TILE, Series.ERRORS, period)
        total = period_sum(scope, Series.TOTAL_TILE, Series.TOTAL, period)
        return f"{errors}\n/\n({total} > 0)"
    if source == "base":
        return f"{scope.series(Series.ERRORS)}\n/\n({scope.series(Series.TOTAL)} > 0)"
    return f"{scope.series(errors_name(window))}\n/\n({_summed(scope, Series.TOTAL, window)} > 0)"


def long_errors(scope: Scope, choice: str) -> tuple[Recording, ...]:
    """Bad events of each window that is summed from recorded increases, for its ratio and for whoever counts them.

    Args:
        scope: what is compiled.
        choice: ``recorded`` or ``raw``, as :attr:`RuleOptions.windows`.
    """
    windows = (each for each in ratio_windows(scope.slo) if window_source(scope.slo, each, choice) == "increases")
    return tuple(
        Recording(scope.name(errors_name(window)), _summed(scope, Series.ERRORS, window)) for window in windows
    )


def _summed(scope: Scope, series: str, window: int) -> str:
    # Each evaluation records the events of five minutes, so that each event is in several sums.
    return f"sum_over_time({scope.series(series)}[{format_duration(window)}]) * {scope.interval} / {BASE}"
