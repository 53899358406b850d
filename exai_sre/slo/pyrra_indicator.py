"""The indicator kinds of Pyrra, each over plain selectors, as indicators of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.foreign import read_label
from exai_sre.slo.indicators import GaugeIndicator
from exai_sre.slo.model import Indicator, QueryIndicator
from exai_sre.slo.vector_selector import VectorSelector, parse_selector
from exai_sre.slo.window_template import WINDOW_TEMPLATE

__all__ = ["PyrraIndicator", "read_pyrra_indicator"]

_LATENCY = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII)
_UNITS: Final = (Decimal(3600), Decimal(60), Decimal(1), Decimal("0.001"))
_BOUND = re.compile(r"\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)
_KINDS: Final = ("ratio", "latency", "latencyNative", "bool_gauge")


@dataclass(frozen=True, slots=True)
class PyrraIndicator:
    """What is counted, and for which groups.

    Attributes:
        indicator: what is counted.
        grouping: labels of which each combination of values is an SLO of its own.
    """

    indicator: Indicator
    grouping: tuple[str, ...]


def read_pyrra_indicator(value: Value, faults: Faults) -> PyrraIndicator | None:
    """The one indicator in ``spec.indicator``, or ``None`` with its faults kept.

    Raises:
        SpecError: the value is no mapping, or holds none or several indicators.
    """
    record = Record(value, faults, optional=_KINDS)
    readers: dict[str, Callable[[Value], PyrraIndicator | None]] = {
        "ratio": partial(_read_ratio, faults=faults),
        "latency": partial(_read_latency, faults=faults),
        "latencyNative": partial(_read_native, faults=faults),
        "bool_gauge": partial(_read_gauge, faults=faults),
    }
    given = [kind for kind in _KINDS if kind in record]
    if len(given) != 1:
        what = f"has both {' and '.join(given)}" if given else "holds no indicator"
        raise value.fault(what, f"give exactly one of {', '.join(_KINDS)}")
    return record.take(given[0], readers[given[0]], None)


def _read_ratio(value: Value, faults: Faults) -> PyrraIndicator | None:
    record = Record(value, faults, optional=("errors", "success", "total", "grouping"))
    grouping = _take_grouping(record, faults)
    errors, success, total = (_take_metric(record, side, faults) for side in ("errors", "success", "total"))
    given = [side for side in ("errors", "success", "total") if side in record]
    if len(given) != 2:
        written = f"only {given[0]}" if len(given) == 1 else "all" if given else "none"
        raise value.fault(f"has {written} of errors, success and total", "give two, usually errors and total")
    if total is None:
        if "total" in given or errors is None or success is None:
            return None
        return PyrraIndicator(
            QueryIndicator(None, _counter(errors, grouping), _both(errors, success, grouping)), grouping
        )
    part = errors or success
    if part is None:
        return None
    if part == total:
        raise value.fault("counts the same series twice", f"select only a part of them in {given[0]}")
    counted = _counter(part, grouping)
    good, bad = (None, counted) if errors else (counted, None)
    return PyrraIndicator(QueryIndicator(good, bad, _counter(total, grouping)), grouping)


def _read_latency(value: Value, faults: Faults) -> PyrraIndicator | None:
    record = Record(value, faults, required=("success", "total"), optional=("grouping",))
    grouping = _take_grouping(record, faults)
    success, total = _take_metric(record, "success", faults, _require_bound), _take_metric(record, "total", faults)
    if success is None or total is None:
        return None
    return PyrraIndicator(QueryIndicator(_counter(success, grouping), None, _counter(total, grouping)), grouping)


def _read_native(value: Value, faults: Faults) -> PyrraIndicator | None:
    record = Record(value, faults, required=("total", "latency"), optional=("grouping",))
    grouping = _take_grouping(record, faults)
    total = _take_metric(record, "total", faults)
    bound = record.take("latency", _read_bound, None)
    if total is None or bound is None:
        return None
    seen = _sum(total, grouping)
    # The fraction of an empty histogram is NaN, which no later rule could get rid of: without events, no product.
    good = f"histogram_fraction(0, {bound:f}, {seen}) * (histogram_count({seen}) > 0)"
    return PyrraIndicator(QueryIndicator(good, None, f"histogram_count({seen})"), grouping)


def _read_gauge(value: Value, faults: Faults) -> PyrraIndicator | None:
    record = Record(value, faults, required=("metric",), optional=("grouping",))
    grouping = _take_grouping(record, faults)
    metric = record.take("metric", _read_selector, None)
    return None if metric is None else PyrraIndicator(GaugeIndicator(str(metric), "gte", Decimal(1)), grouping)


def _take_grouping(record: Record, faults: Faults) -> tuple[str, ...]:
    return record.take("grouping", partial(_read_grouping, faults=faults), tuple[str, ...]())


def _read_grouping(value: Value, faults: Faults) -> tuple[str, ...]:
    labels = [faults.attempt(partial(read_label, item), "") for item in value.items()]
    twice = {label for label in labels if label and labels.count(label) > 1}
    if twice:
        raise value.fault(f"names {min(twice)!r} twice", "remove one")
    return tuple(labels)


def _take_metric(
    record: Record, key: str, faults: Faults, check: Callable[[Value, VectorSelector], None] | None = None
) -> VectorSelector | None:
    """The selector in the ``metric`` of the mapping at ``key``."""

    def read(value: Value) -> VectorSelector | None:
        return Record(value, faults, required=("metric",)).take("metric", partial(_read_selector, check=check), None)

    return record.take(key, read, None)


def _read_selector(value: Value, check: Callable[[Value, VectorSelector], None] | None = None) -> VectorSelector:
    try:
        selector = parse_selector(value.text())
    except ValueError as error:
        raise value.fault(str(error), 'write one selector such as requests_total{job="shop"}') from None
    if check is not None:
        check(value, selector)
    return selector


def _require_bound(value: Value, selector: VectorSelector) -> None:
    """A latency needs one bucket: without it all buckets would be added up."""
    bounds = [matcher.value for matcher in selector.matchers if (matcher.label, matcher.op) == ("le", "=")]
    if len(bounds) != 1 or not _BOUND.fullmatch(bounds[0]):
        raise value.fault(
            "does not select one bucket", 'add le="..." with the bound of a bucket in the unit of the metric'
        )


def _read_bound(value: Value) -> Decimal:
    text = value.text()
    match = _LATENCY.fullmatch(text)
    bound = (
        sum((Decimal(count or 0) * unit for count, unit in zip(match.groups(), _UNITS, strict=True))) if match else 0
    )
    if not bound:
        raise value.fault(f"{text!r} is no duration above zero", "write for example 200ms or 1s500ms")
    return Decimal(bound).normalize()


def _counter(selector: VectorSelector, grouping: tuple[str, ...]) -> str:
    """Events as a plain counter, or as a query over a window where it looks back."""
    return _sum(selector, grouping) if selector.offset else str(selector)


def _sum(selector: VectorSelector, grouping: tuple[str, ...]) -> str:
    by = f" by ({', '.join(grouping)}) " if grouping else ""
    return f"sum{by}(rate({selector.over(WINDOW_TEMPLATE)}))"


def _both(errors: VectorSelector, success: VectorSelector, grouping: tuple[str, ...]) -> str:
    """Errors and successes together, also while only one of the two has series."""
    bad, good = _sum(errors, grouping), _sum(success, grouping)
    return f"{good} + ({bad} or 0 * {good}) or {bad}"
