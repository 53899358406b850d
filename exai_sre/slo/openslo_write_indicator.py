"""Indicators written as OpenSLO."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exai_sre.errors import SpecError
from exai_sre.metrics.selection import Matcher
from exai_sre.slo.indicator import CATALOG_TYPE, PROMETHEUS_TYPE
from exai_sre.slo.indicators import (
    CompositeIndicator,
    Countable,
    EventsIndicator,
    GaugeIndicator,
    Indicator,
    QueryIndicator,
    RawIndicator,
    SliceIndicator,
)
from exai_sre.slo.openslo_fields import UNITS

__all__ = ["budgeting_method", "comparison", "duration_text", "sli_spec"]


def budgeting_method(indicator: Indicator) -> str:
    """The budgeting method of an indicator, which all components of a composite share.

    Raises:
        SpecError: they do not.
    """
    if isinstance(indicator, CompositeIndicator):
        methods = {budgeting_method(component.indicator) for component in indicator.components}
        if len(methods) == 1:
            return methods.pop()
        raise SpecError(
            "the components have several budgeting methods",
            field="indicator",
            remedy="give all of them slices of one kind, or none",
        )
    if not isinstance(indicator, SliceIndicator):
        return "Occurrences"
    return "RatioTimeslices" if indicator.target is None else "Timeslices"


def comparison(indicator: Countable | SliceIndicator) -> dict[str, Any]:
    """What an objective says about the indicator: comparison and slices.

    Raises:
        SpecError: a slice is no whole number of minutes.
    """
    counted = indicator.of if isinstance(indicator, SliceIndicator) else indicator
    said: dict[str, Any] = {}
    if isinstance(counted, GaugeIndicator):
        said |= {"op": counted.op, "value": counted.value}
    if isinstance(indicator, SliceIndicator):
        if indicator.target is not None:
            said["timeSliceTarget"] = indicator.target
        said["timeSliceWindow"] = duration_text(indicator.length, "indicator.length")
    return said


def duration_text(seconds: int, field: str) -> str:
    """A duration in one unit, the largest of days, hours and minutes that fits.

    Raises:
        SpecError: OpenSLO knows none of that length; it is located at ``field``.
    """
    for unit in "dhm":
        count, rest = divmod(seconds, UNITS[unit])
        if count > 0 and not rest:
            return f"{count}{unit}"
    raise SpecError(f"{seconds} s is no whole number of minutes", field=field, remedy="OpenSLO has no shorter unit")


def sli_spec(indicator: Countable | SliceIndicator) -> dict[str, Any]:
    """The ``spec`` of an SLI.

    Raises:
        SpecError: a label has two conditions, which the format cannot say.
    """
    counted = indicator.of if isinstance(indicator, SliceIndicator) else indicator
    if isinstance(counted, GaugeIndicator):
        return {"thresholdMetric": _query(counted.query)}
    if isinstance(counted, RawIndicator):
        kind = "success" if counted.success else "failure"
        return {"ratioMetric": {"rawType": kind, "raw": _query(counted.query)}}
    if isinstance(counted, QueryIndicator):
        side, query = ("bad", counted.bad) if counted.good is None else ("good", counted.good)
        return {"ratioMetric": {"counter": True, side: _query(query or ""), "total": _query(counted.total)}}
    return {"ratioMetric": _events(counted)}


def _query(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": PROMETHEUS_TYPE, "spec": {"query": query}}}


def _events(indicator: EventsIndicator) -> dict[str, Any]:
    side = "good" if indicator.bad is None else "bad"
    chosen: dict[str, Any] = {}
    if indicator.good or indicator.bad:
        chosen["labels"] = _conditions(indicator.good or indicator.bad or ())
    if indicator.within is not None:
        chosen["within"] = Decimal(repr(float(indicator.within))).normalize()
    total: dict[str, Any] = {"instrument": indicator.instrument}
    if indicator.filter:
        total["filter"] = _conditions(indicator.filter)
    if indicator.native:
        total["native"] = True
    return {"counter": True, side: _asked(chosen), "total": _asked(total)}


def _asked(spec: dict[str, Any]) -> dict[str, Any]:
    return {"metricSource": {"type": CATALOG_TYPE, "spec": spec}}


def _conditions(matchers: tuple[Matcher, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for matcher in matchers:
        if matcher.label in said:
            what = f"label {matcher.label!r} has two conditions"
            raise SpecError(what, field="indicator.filter", remedy="join them into one")
        values: Any = list(matcher.values)
        if len(values) == 1:
            values = values[0]
        said[matcher.label] = {"not": values} if matcher.negated else values
    return said
