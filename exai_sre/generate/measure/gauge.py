"""A value against a threshold: each value at each evaluation of the rules is one event."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.measure.shape import BASE, Measure, Recording, Scope
from exai_sre.generate.measure.text import Function, decimal_text, evaluations
from exai_sre.generate.series import Series
from exai_sre.slo.indicators import GaugeIndicator
from exai_sre.slo.windows import format_duration

__all__ = ["measure_gauge"]

_SIGNS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def measure_gauge(indicator: GaugeIndicator, scope: Scope) -> Measure:
    """Probes, freshness, saturation: values on the wrong side over all values.

    A value that is no number is on no right side, so it is bad.
    """
    query = f"({indicator.query.strip()})"
    every = scope.aggregate(query, "count")
    passed = scope.aggregate(f"{query} {_SIGNS[indicator.op]} bool {decimal_text(indicator.value)}")
    total_now, errors_now = scope.series(Series.TOTAL_NOW), scope.series(Series.ERRORS_NOW)
    helpers = (
        Recording(scope.name(Series.TOTAL_NOW), scope.pooled(every)),
        Recording(scope.name(Series.ERRORS_NOW), f"{scope.recorded(Series.TOTAL_NOW)}\n-\n{scope.pooled(passed)}"),
    )

    def bad(window: int, _function: Function) -> str:
        if scope.bare:
            return f"sum_over_time(({every} - {passed})[{evaluations(window)}:{format_duration(scope.interval)}])"
        return scope.aggregate(f"sum_over_time({errors_now}[{evaluations(window)}])")

    def total(window: int, _function: Function) -> str:
        if scope.bare:
            return f"sum_over_time({every}[{evaluations(window)}:{format_duration(scope.interval)}])"
        return scope.aggregate(f"sum_over_time({total_now}[{evaluations(window)}])")

    def ratio(window: int, function: Function) -> str:
        return f"{bad(window, function)}\n/\n({total(window, function)} > 0)"

    return Measure(bad, total, bad(BASE, "increase"), ratio, every, helpers)
