"""Time in slices, each of which is one event: bad as a whole (Timeslices), or by its share (RatioTimeslices)."""

from __future__ import annotations

from collections.abc import Callable

from exai_sre.generate.measure.shape import BASE, Measure, Recording, Scope
from exai_sre.generate.measure.text import Function, decimal_text
from exai_sre.generate.series import Series
from exai_sre.slo.indicators import Countable, SliceIndicator
from exai_sre.slo.windows import format_duration

__all__ = ["measure_slices"]


def measure_slices(indicator: SliceIndicator, scope: Scope, measure: Callable[[Countable, Scope], Measure]) -> Measure:
    """Slices judged when they end.

    Windows shorter than a slice look at the last one that ended.

    Args:
        indicator: what is judged, and for how long.
        scope: what is compiled.
        measure: compiles what is judged in each slice.

    Raises:
        SpecError: a slice is shorter than the time between two evaluations.
    """
    length = indicator.length
    if length < scope.interval:
        raise scope.refuse(
            f"a slice of {length} s is shorter than the {scope.interval} s between two evaluations of its rules",
            f"give a timeSliceWindow of {scope.interval} s or more",
            "spec.objectives",
        )
    judged = measure(indicator.of, scope.within())
    total_slice, errors_slice = scope.series(Series.TOTAL_SLICE), scope.series(Series.ERRORS_SLICE)
    helpers = (
        *judged.helpers,
        Recording(scope.name(Series.ERRORS_SLICE), _at_the_end(_verdict(indicator, judged), length, scope.interval)),
        Recording(scope.name(Series.TOTAL_SLICE), f"{errors_slice} * 0 + 1 {_gate(length, scope.interval)}"),
    )

    def bad(window: int, _function: Function) -> str:
        if scope.bare:
            return _each(_verdict(indicator, judged), window, length)
        return _held(errors_slice, window, length, scope)

    def total(window: int, _function: Function) -> str:
        if scope.bare:
            return _each(f"({_verdict(indicator, judged)}) * 0 + 1", window, length)
        return _held(total_slice, window, length, scope)

    def ratio(window: int, function: Function) -> str:
        return f"{bad(window, function)}\n/\n({total(window, function)} > 0)"

    return Measure(bad, total, bad(BASE, "increase"), ratio, judged.population, helpers)


def _verdict(indicator: SliceIndicator, judged: Measure) -> str:
    share = judged.ratio(indicator.length, "increase")
    return share if indicator.target is None else f"({share}) > bool {decimal_text(1 - indicator.target)}"


def _at_the_end(verdict: str, length: int, interval: int) -> str:
    return f"({verdict})\n{_gate(length, interval)}"


def _gate(length: int, interval: int) -> str:
    """Holds at the first evaluation after the end of a slice, and at no other."""
    return f"and on () (vector(time() % {length}) < {interval})"


def _held(series: str, window: int, length: int, scope: Scope) -> str:
    between = -(-length // scope.interval) * scope.interval
    read = scope.aggregate(f"sum_over_time({series}[{format_duration(max(window, between) - 1)}])")
    # So that a long slice is not counted anew in each of the five minutes that it is looked at.
    return read if window >= length else f"({read} * {window} / {length})"


def _each(verdict: str, window: int, length: int) -> str:
    """Slices that end on whole multiples of their length, judged in a subquery."""
    read = f"sum_over_time(({verdict})[{format_duration(max(window, length) - 1)}:{format_duration(length)}])"
    return read if window >= length else f"({read} * {window} / {length})"
