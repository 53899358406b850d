"""Good or bad events over all events as the user's own PromQL: plain counters, or templates with a window."""

from __future__ import annotations

from exai_sre.generate.measure.counters import bad_of_all, counted, first_values, good_of_all
from exai_sre.generate.measure.shape import Measure, Query, Recording, Scope
from exai_sre.generate.measure.text import Function
from exai_sre.generate.query import counter_of, counts_per_second, fill, has_room
from exai_sre.generate.series import Series
from exai_sre.slo.model import QueryIndicator
from exai_sre.slo.windows import HOUR, format_duration

__all__ = ["measure_query"]


def measure_query(indicator: QueryIndicator, scope: Scope) -> Measure:
    """Events counted by queries.

    Raises:
        SpecError: a query leaves no room for a window, or says nothing about the labels of the groups.
    """
    named_bad = indicator.bad is not None
    chosen = indicator.bad if indicator.bad is not None else indicator.good or ""
    # First values are known of both or of none: those of one alone would count as events of the other kind.
    counters = bool(counter_of(indicator.total) and counter_of(chosen))
    total = _counts(indicator.total, scope, Series.TOTAL_FIRST if counters else "")
    part = _counts(chosen, scope, Series.PART_FIRST if counters else "")
    summed = bool(scope.slo.group_by) or counters
    parts = (bad_of_all if named_bad else good_of_all)(scope, part, total, summed=summed)
    population = _population(indicator.total, scope)
    return Measure(parts[0], total, *parts[1:], population, _helpers(indicator.total, chosen, scope))


def _counts(query: str, scope: Scope, first: str) -> Query:
    counters = counter_of(query)
    if counters:
        return lambda window, function: counted(scope, counters, window, function, first)
    _check(query, scope)

    def events(window: int, function: Function) -> str:
        return scope.pooled(_grouped(query, scope, window, function))

    return events


def _grouped(query: str, scope: Scope, window: int, function: Function) -> str:
    """A template as it stands, summed to the groups where there are any; events per second or per window."""
    filled = fill(query, format_duration(window))
    per_second = counts_per_second(query)
    if per_second and function == "increase":
        filled = f"({filled} * {window})"
    elif not per_second and function == "rate":
        filled = f"({filled} / {window})"
    return scope.aggregate(filled) if scope.slo.group_by else filled


def _check(query: str, scope: Scope) -> None:
    if not has_room(query):
        raise scope.refuse(
            f"the query {query.strip()!r} has no room for a window",
            "write [{{.window}}] where the range stands, or give a plain counter",
        )
    for label in scope.slo.group_by:
        if label not in query:
            raise scope.refuse(
                f"the query {query.strip()!r} does not keep the label {label!r} by which the SLO is grouped",
                f"write sum by ({label}) (...), or give a plain counter",
            )


def _population(total: str, scope: Scope) -> str:
    counters = counter_of(total)
    if counters:
        return scope.aggregate(f"increase({counters}[1h])")
    return _grouped(total, scope, HOUR, "increase")


def _helpers(total: str, chosen: str, scope: Scope) -> tuple[Recording, ...]:
    every, part = counter_of(total), counter_of(chosen)
    if not (every and part):
        return ()
    return first_values(scope, Series.TOTAL_FIRST, every, every), first_values(scope, Series.PART_FIRST, part, every)
