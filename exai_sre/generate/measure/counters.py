"""Counters as events: increases that do not lose the first event, and good or bad over all."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.generate.measure.shape import BASE, Query, Recording, Scope
from exai_sre.generate.measure.text import Function, evaluations
from exai_sre.slo.windows import format_duration

__all__ = ["Parts", "bad_of_all", "counted", "first_values", "good_of_all"]

Parts = tuple[Query, str, Query]
"""Bad events in a window, recorded errors, and the error ratio of a window."""

_JOB: Final = re.compile(r'[{,]\s*(job\s*=~?\s*"(?:[^"\\]|\\.)*")')


def counted(scope: Scope, selector: str, window: int, function: Function, first: str = "") -> str:
    """Events that the counters of a selector count in a window, by group.

    Args:
        scope: what is compiled.
        selector: series selector of the counters.
        window: seconds.
        function: ``increase`` adds what ``first`` recorded; ``rate`` is as Sloth has it.
        first: name of the recorded first values.
    """
    text = format_duration(window)
    read = f"{function}({selector}[{text}])"
    if function == "increase" and first and not scope.bare:
        read = f"{read} or sum_over_time({scope.series(first)}[{evaluations(window)}])"
    return scope.pooled(scope.aggregate(read))


def first_values(scope: Scope, name: str, selector: str, total: str) -> Recording:
    """What counters stood at when they were first seen, which ``increase`` never counts.

    A series counts as newly born when it did not exist one evaluation ago although its target was
    scraped then: the target had other events to count, or was up. What only comes back with its
    target, after a gap or when Prometheus starts, is therefore no birth.

    Args:
        scope: what is compiled.
        name: name of the recorded series.
        selector: the counters.
        total: selector of all counters of the indicator.
    """
    ago = format_duration(scope.interval)
    seen = f"{total} offset {ago}"
    job = _JOB.search(total)
    if job:
        seen = f"({seen} or up{{{job[1]}}} offset {ago} == 1)"
    newly = f"(min_over_time({selector}[{ago}]) > 0 unless {selector} offset {ago})"
    return Recording(scope.name(name), scope.pooled(scope.aggregate(f"\n  {newly}\n  and on (job, instance) {seen}\n")))


def bad_of_all(scope: Scope, bad: Query, total: Query, *, summed: bool = True) -> Parts:
    """Bad events, recorded errors and error ratio, where bad events have a query.

    Args:
        scope: what is compiled.
        bad: bad events; may have no result before the first one.
        total: all events.
        summed: whether the results have the grouping labels and no others.
    """

    def zero(window: int, function: Function) -> str:
        cheap = summed and function == "increase" and _has_recorded_total(scope)
        return scope.recorded_total(window) if cheap else total(window, function)

    def alone(window: int, function: Function) -> str:
        return f"(\n  {bad(window, function)}\n  or\n  0 * {total(window, function)}\n)"

    def ratio(window: int, function: Function) -> str:
        some = f"(\n  {bad(window, function)}\n  or\n  0 * {zero(window, function)}\n)"
        return f"{some}\n/\n({total(window, function)} > 0)"

    errors = f"(\n  {bad(BASE, 'increase')}\n  or\n  0 * {zero(BASE, 'increase')}\n)"
    return alone, errors, ratio


def good_of_all(scope: Scope, good: Query, total: Query, *, summed: bool = True, always: bool = False) -> Parts:
    """Bad events, recorded errors and error ratio, where good events have a query.

    Args:
        scope: what is compiled.
        good: good events; may have no result before the first one.
        total: all events.
        summed: whether the results have the grouping labels and no others.
        always: whether good events have series wherever all events have.
    """

    def base(window: int, function: Function) -> str:
        cheap = summed and function == "increase" and _has_recorded_total(scope)
        return scope.recorded_total(window) if cheap else total(window, function)

    def some(window: int, function: Function, zero: str) -> str:
        part = good(window, function)
        return part if always else f"({part} or 0 * {zero})"

    def alone(window: int, function: Function) -> str:
        every = total(window, function)
        return f"clamp_min(\n  {every}\n  - {some(window, function, every)},\n  0\n)"

    def ratio(window: int, function: Function) -> str:
        part = some(window, function, base(window, function))
        return f"clamp_min(\n  1 -\n  {part}\n  /\n  ({total(window, function)} > 0),\n  0\n)"

    every = base(BASE, "increase")
    return alone, f"clamp_min(\n  {every}\n  - {some(BASE, 'increase', every)},\n  0\n)", ratio


def _has_recorded_total(scope: Scope) -> bool:
    # With fill-ins for missing data, the recorded total also stands where nothing was counted.
    return not scope.inner and not scope.bare and scope.slo.missing == "excluded"
