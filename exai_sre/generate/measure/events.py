"""Events of a declared instrument: counters, classic histograms by bucket, native histograms at any bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exai_sre.generate.measure.counters import bad_of_all, counted, first_values, good_of_all
from exai_sre.generate.measure.shape import Measure, Scope
from exai_sre.generate.measure.text import Function, bound_matcher, le_text, narrowed, selector
from exai_sre.generate.series import Series
from exai_sre.metrics import Matcher
from exai_sre.slo.model import EventsIndicator
from exai_sre.slo.windows import HOUR, format_duration

__all__ = ["all_selector", "bad_selector", "good_selector", "measure_events"]

_COUNTERS: Final = ("_total", "_count")
"""Ends of names of single counters; any other name is that of a histogram."""


def measure_events(indicator: EventsIndicator, scope: Scope) -> Measure:
    """Good or bad events of an instrument over all its events."""
    if indicator.native:
        return _native(indicator, scope)
    every, bad = all_selector(indicator), bad_selector(indicator)
    chosen = bad or good_selector(indicator)

    def total(window: int, function: Function) -> str:
        return counted(scope, every, window, function, Series.TOTAL_FIRST)

    def part(window: int, function: Function) -> str:
        return counted(scope, chosen, window, function, Series.PART_FIRST)

    # A bucket exists wherever its count does; other good events may not have a series yet.
    parts = bad_of_all(scope, part, total) if bad else good_of_all(scope, part, total, always=not indicator.good)
    helpers = (
        first_values(scope, Series.TOTAL_FIRST, every, every),
        first_values(scope, Series.PART_FIRST, chosen, every),
    )
    return Measure(parts[0], total, *parts[1:], scope.aggregate(f"increase({every}[1h])"), helpers)


def all_selector(indicator: EventsIndicator) -> str:
    """Series that count all events of a counter or classic histogram."""
    return _counter(indicator, indicator.filter)


def good_selector(indicator: EventsIndicator) -> str:
    """Series that count good events; for an indicator that names bad ones, those that are not counted there."""
    conditions = narrowed(indicator.filter, indicator.good or ())
    if indicator.within is None:
        return _counter(indicator, conditions)
    return selector(indicator.instrument, [*conditions, bound_matcher(indicator.within)], "_bucket")


def bad_selector(indicator: EventsIndicator) -> str:
    """Series that count bad events where one selector tells them; otherwise empty."""
    if indicator.bad is not None:
        return _counter(indicator, narrowed(indicator.filter, indicator.bad))
    if indicator.within is None and indicator.good is not None and len(indicator.good) == 1:
        good = indicator.good[0]
        opposite = Matcher(good.label, good.values, negated=not good.negated)
        return _counter(indicator, narrowed(indicator.filter, (opposite,)))
    return ""


def _counter(indicator: EventsIndicator, matchers: Sequence[Matcher]) -> str:
    return selector(indicator.instrument, matchers, "" if indicator.instrument.endswith(_COUNTERS) else "_count")


def _native(indicator: EventsIndicator, scope: Scope) -> Measure:
    """Native histograms: counts and any bound from the histogram itself.

    First values are not added: a histogram has no minimum over time from which to read them.
    """
    every = selector(indicator.instrument, indicator.filter)
    chosen = selector(indicator.instrument, narrowed(indicator.filter, indicator.good or indicator.bad or ()))

    def count(of: str, window: int, function: Function) -> str:
        return f"histogram_count({scope.aggregate(f'{function}({of}[{format_duration(window)}])')})"

    def total(window: int, function: Function) -> str:
        return scope.pooled(count(every, window, function))

    def part(window: int, function: Function) -> str:
        number = count(chosen, window, function)
        if indicator.within is None:
            return scope.pooled(number)
        merged = scope.aggregate(f"{function}({chosen}[{format_duration(window)}])")
        # The share of nothing is NaN, which no comparison lets through.
        share = f"histogram_fraction(-Inf, {le_text(indicator.within)}, {merged})"
        return scope.pooled(f"(({share} >= 0) * {number})")

    parts = (good_of_all if indicator.bad is None else bad_of_all)(scope, part, total)
    return Measure(parts[0], total, *parts[1:], count(every, HOUR, "increase"))
