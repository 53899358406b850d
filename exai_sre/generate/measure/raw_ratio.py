"""A ratio that somebody else computes: each moment weighs the same, and what is no number is no data."""

from __future__ import annotations

from exai_sre.generate.measure.shape import BASE, Measure, Scope
from exai_sre.generate.measure.text import Function
from exai_sre.generate.query import fill, has_room, is_selector
from exai_sre.slo.indicators import RawIndicator
from exai_sre.slo.windows import format_duration

__all__ = ["measure_raw"]


def measure_raw(indicator: RawIndicator, scope: Scope) -> Measure:
    """An error ratio per window. As events: the ratio is what is bad of 1.

    A query without room for a window is a gauge of the ratio, and its mean over the window counts.

    Raises:
        SpecError: the query says nothing about the labels of the groups.
    """
    for label in scope.slo.group_by:
        if label not in indicator.query:
            raise scope.refuse(
                f"the query {indicator.query.strip()!r} does not keep the label {label!r} by which the SLO is grouped",
                f"write avg by ({label}) (...) or the like in it",
            )

    def ratio(window: int, _function: Function) -> str:
        value = _over(indicator.query, window)
        value = f"(1 - {value})" if indicator.success else value
        if scope.slo.group_by or scope.slo.missing != "excluded" or scope.component:
            value = scope.pooled(scope.aggregate(value, "avg"), "avg")
        # 0/0 of an idle stretch is NaN, which no comparison lets through.
        return f"{value} >= 0"

    def bad(window: int, function: Function) -> str:
        return f"({ratio(window, function)})"

    def total(window: int, function: Function) -> str:
        return f"({ratio(window, function)}) * 0 + 1"

    population = f"({scope.aggregate(_over(indicator.query, BASE), 'avg')}) * 0 + 1"
    return Measure(bad, total, bad(BASE, "increase"), ratio, population)


def _over(query: str, window: int) -> str:
    text = format_duration(window)
    if has_room(query):
        return fill(query, text)
    gauge = query.strip()
    return f"avg_over_time({gauge}[{text}])" if is_selector(query) else f"avg_over_time(({gauge})[{text}:1m])"
