"""How the error ratio over a window is computed: strategies with one shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from exai_sre.generate.promql import error_query, total_query
from exai_sre.generate.series import Series, identity
from exai_sre.slo.model import TIERS, Slo
from exai_sre.slo.windows import format_duration, parse_duration

__all__ = ["BASE", "LONGEST_RAW", "STRATEGIES", "ratio_windows"]

BASE: Final = "5m"
"""Window of the recorded increases, from which long windows are summed."""

LONGEST_RAW: Final = parse_duration("2h")
"""Longest window, in seconds, that is read from the raw series: beyond it, raw samples dominate the cost."""

_STANDARD: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""Windows that Sloth records for every SLO."""


def ratio_windows(slo: Slo) -> list[int]:
    """Every window whose error ratio is recorded, in seconds, ascending.

    Sloth's own windows, so that its dashboards find theirs, those of the SLO's tiers, and its period.
    """
    tiers = (*TIERS, *slo.tiers, *slo.unreachable)
    wanted = {parse_duration(window) for window in _STANDARD} | {slo.window}
    return sorted(wanted | {window for tier in tiers for window in (tier.long, tier.short)})


def _raw(slo: Slo, window: int) -> str:
    text = format_duration(window)
    return f"{error_query(slo, text)}\n/\n({total_query(slo, text)} > 0)"


def _recorded(slo: Slo, window: int) -> str:
    if window <= LONGEST_RAW:
        return _raw(slo, window)
    text, series = format_duration(window), identity(slo)
    errors, total = f"{Series.ERRORS}{series}", f"{Series.TOTAL}{series}"
    return f"sum_over_time({errors}[{text}])\n/\n(sum_over_time({total}[{text}]) > 0)"


STRATEGIES: Final[dict[str, Callable[[Slo, int], str]]] = {"raw": _raw, "recorded": _recorded}
"""By the name of :attr:`RuleOptions.windows`: the error ratio of an SLO over a window in seconds.

``recorded`` reads raw series up to 2 h and sums recorded 5-minute increases beyond: event-weighted
like ``raw``, at a small part of its cost. Overlapping increases cancel in the ratio, an idle
stretch adds nothing, and without any event there is no ratio rather than a wrong one.
"""
