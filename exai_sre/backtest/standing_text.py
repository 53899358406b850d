"""A standing in words, for people."""

from __future__ import annotations

from exai_sre.backtest.standing import Standing
from exai_sre.slo.windows import DAY, HOUR, MINUTE, format_duration

__all__ = ["rough_duration", "standing_lines"]

_INDENT = " " * 10


def standing_lines(standing: Standing) -> list[str]:
    """One line with the name, and indented ones with the figures."""
    return [standing.name, *(_INDENT + line for line in _details(standing))]


def rough_duration(seconds: float) -> str:
    """A duration in its largest unit: ``12d``, ``3h``, ``40s``."""
    for unit, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f}{letter}"
    return f"{seconds:.0f}s"


def _details(standing: Standing) -> list[str]:
    lines = [f"unknown: {standing.unknown}"] if standing.unknown else [_budget(standing)]
    if standing.corrected_remaining is not None and standing.budget_remaining is not None:
        lines.append(f"with the corrections {_percent(standing.corrected_remaining)} of the budget are left")
    burns = [f"{window} {rate:.3g}" for window, rate in standing.burn_rates.items() if rate is not None]
    if burns:
        lines.append(f"burn rates {', '.join(burns)}")
    if standing.firing:
        named = [f"{name} ({severity or 'alert'})" for name, severity in sorted(standing.firing.items())]
        lines.append(f"firing {', '.join(named)}")
    lines.append(_data(standing))
    return [*lines, *(f"note: {note}" for note in standing.notes)]


def _budget(standing: Standing) -> str:
    promise = standing.promise
    window, sli, left = format_duration(promise.window), standing.sli or 0.0, standing.budget_remaining or 0.0
    text = f"{_percent(sli)} good of {_percent(float(promise.objective))} over {window}, {_percent(left)} of the budget"
    if standing.exhaustion:
        return f"{text} left, spent in {rough_duration(standing.exhaustion)} at the rate of the last hour"
    return f"{text} left"


def _data(standing: Standing) -> str:
    coverage = "unknown" if standing.coverage is None else _percent(standing.coverage)
    age = "none in the last hour" if standing.age is None else f"{rough_duration(max(standing.age, 0.0))} old"
    return f"coverage {coverage} of the window, newest value {age}"


def _percent(share: float) -> str:
    return f"{share * 100:.6g} %"
