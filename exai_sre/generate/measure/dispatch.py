"""From a kind of indicator to what compiles it."""

from __future__ import annotations

from exai_sre.generate.measure.events import bad_selector, measure_events
from exai_sre.generate.measure.gauge import measure_gauge
from exai_sre.generate.measure.ratio_query import measure_query
from exai_sre.generate.measure.raw_ratio import measure_raw
from exai_sre.generate.measure.shape import Measure, Scope
from exai_sre.generate.measure.slices import measure_slices
from exai_sre.slo.indicators import (
    Countable,
    EventsIndicator,
    GaugeIndicator,
    Indicator,
    QueryIndicator,
    SliceIndicator,
)

__all__ = ["measure_of", "names_bad"]


def measure_of(indicator: Countable | SliceIndicator, scope: Scope) -> Measure:
    """An indicator compiled. Composites are no measure of their own: they combine those of their components.

    Raises:
        SpecError: the indicator cannot be compiled as it stands.
    """
    if isinstance(indicator, EventsIndicator):
        return measure_events(indicator, scope)
    if isinstance(indicator, QueryIndicator):
        return measure_query(indicator, scope)
    if isinstance(indicator, GaugeIndicator):
        return measure_gauge(indicator, scope)
    if isinstance(indicator, SliceIndicator):
        return measure_slices(indicator, scope, measure_of)
    return measure_raw(indicator, scope)


def names_bad(indicator: Indicator) -> bool:
    """Whether an indicator of events is compiled from its bad events; else from its good ones."""
    if isinstance(indicator, EventsIndicator):
        return bool(bad_selector(indicator))
    return isinstance(indicator, QueryIndicator) and indicator.bad is not None
