"""The specification of an OpenSLO SLI, read into an indicator."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.selection import Matcher
from exai_sre.slo.catalog_check import problems
from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.model import EventsIndicator, Indicator, QueryIndicator
from exai_sre.slo.suggestion import suggest

__all__ = ["CATALOG_TYPE", "PROMETHEUS_TYPE", "read_indicator"]

CATALOG_TYPE: Final = "exai-sre"
"""``metricSource.type`` of an indicator over the catalog."""

PROMETHEUS_TYPE: Final = "Prometheus"
"""``metricSource.type`` of an indicator written as PromQL."""

_SOURCE = ("metricSource", "spec")
_NO_MATCHERS: tuple[Matcher, ...] = ()


def read_indicator(value: Value, faults: Faults, catalog: Catalog | None) -> Indicator | None:
    """The indicator of an SLI's ``spec``, or ``None`` with its faults kept.

    Args:
        value: the ``spec`` mapping.
        faults: where faults go.
        catalog: what instruments, labels and bounds are checked against; ``None`` for no such check.

    Raises:
        SpecError: the value is no mapping.
    """
    before = len(faults.errors)
    record = Record(value, faults, required=("ratioMetric",), optional=("description",), later=("thresholdMetric",))
    record.take("description", Value.text, "")
    indicator = record.take("ratioMetric", partial(_read_ratio, faults=faults, catalog=catalog), None)
    return indicator if len(faults.errors) == before else None


def _read_ratio(value: Value, faults: Faults, catalog: Catalog | None) -> Indicator | None:
    before = len(faults.errors)
    record = Record(value, faults, required=("total",), optional=("counter", "good", "bad"), later=("raw", "rawType"))
    record.take("counter", _require_counter, None)
    if ("good" in record) == ("bad" in record):
        faults.add(
            value.fault(
                "has both good and bad events" if "good" in record else "the field 'good' or 'bad' is missing",
                "give exactly one",
            )
        )
    sides = [side for side in ("good", "bad", "total") if side in record]
    sources = {side: record.take(side, partial(_read_source, faults=faults), None) for side in sides}
    read = {side: source for side, source in sources.items() if source is not None}
    types = {kind for kind, _ in read.values()}
    if len(types) > 1:
        faults.add(value.fault(f"mixes sources of the types {' and '.join(sorted(types))}", "use one type throughout"))
    if len(faults.errors) > before:
        return None
    specs = {side: spec for side, (_, spec) in read.items()}
    if types == {PROMETHEUS_TYPE}:
        return _read_queries(specs, faults)
    return _read_events(value, specs, faults, catalog)


def _require_counter(value: Value) -> None:
    if not value.boolean():
        raise value.fault("only monotonic counters are compiled", "set counter: true, or remove it")


def _read_source(value: Value, faults: Faults) -> tuple[str, Value] | None:
    record = Record(value, faults, required=("metricSource",))
    return record.take("metricSource", partial(_read_metric_source, faults=faults), None)


def _read_metric_source(value: Value, faults: Faults) -> tuple[str, Value] | None:
    record = Record(value, faults, required=("type", "spec"), later=("metricSourceRef",))
    kind = record.take("type", _read_type, "")
    spec = record.take("spec", lambda spec: spec, None)
    return None if spec is None or not kind else (kind, spec)


def _read_type(value: Value) -> str:
    kind = value.text()
    if kind not in (CATALOG_TYPE, PROMETHEUS_TYPE):
        raise value.fault(f"unknown source type {kind!r}", suggest(kind, (CATALOG_TYPE, PROMETHEUS_TYPE)))
    return kind


def _read_queries(specs: dict[str, Value], faults: Faults) -> QueryIndicator | None:
    queries = {
        side: Record(spec, faults, required=("query",)).take("query", _read_query, "") for side, spec in specs.items()
    }
    if not all(queries.values()):
        return None
    return QueryIndicator(queries.get("good"), queries.get("bad"), queries["total"])


def _read_query(value: Value) -> str:
    query = value.text().strip()
    if not query:
        raise value.fault("must not be empty", "write a PromQL expression")
    return query


def _read_events(
    ratio: Value, specs: dict[str, Value], faults: Faults, catalog: Catalog | None
) -> EventsIndicator | None:
    before = len(faults.errors)
    side = "good" if "good" in specs else "bad"
    total = Record(specs["total"], faults, required=("instrument",), optional=("filter",))
    instrument = total.take("instrument", Value.text, "")
    conditions = total.take("filter", partial(_read_matchers, faults=faults), _NO_MATCHERS)
    chosen = Record(specs[side], faults, optional=("labels", "within") if side == "good" else ("labels",))
    labels = chosen.take("labels", partial(_read_matchers, faults=faults), _NO_MATCHERS)
    within = chosen.take("within", _read_bound, None)
    if len(faults.errors) == before and not labels and within is None:
        wanted = "'labels' or 'within'" if side == "good" else "'labels'"
        faults.add(specs[side].fault(f"the field {wanted} is missing", f"say which events are {side}"))
    if len(faults.errors) > before:
        return None
    indicator = (
        EventsIndicator(instrument, conditions, good=labels, within=within)
        if side == "good"
        else EventsIndicator(instrument, conditions, bad=labels)
    )
    for problem in problems(indicator, catalog) if catalog is not None else ():
        where = ratio.find((problem.at[0], *_SOURCE, *problem.at[1:]))
        faults.add(where.fault(problem.what, problem.remedy))
    return indicator


def _read_bound(value: Value) -> float:
    bound = value.number()
    if bound <= Decimal(0):
        raise value.fault(f"must be above 0, not {bound}", "give a bucket bound in the unit of the metric")
    return float(bound)


def _read_matchers(value: Value, faults: Faults) -> tuple[Matcher, ...]:
    read = [faults.attempt(partial(_read_matcher, label, entry), None) for label, entry in value.entries().items()]
    return tuple(matcher for matcher in read if matcher is not None)


def _read_matcher(label: str, value: Value) -> Matcher:
    if value.kind != "mapping":
        return Matcher(label, _read_values(value))
    entries = value.entries()
    if set(entries) != {"not"}:
        raise value.fault("is no condition on a label", "write a value, a list of values, or {not: ...}")
    return Matcher(label, _read_values(entries["not"]), negated=True)


def _read_values(value: Value) -> tuple[str, ...]:
    if value.kind != "sequence":
        return (value.text(empty=True),)
    values = tuple(dict.fromkeys(item.text(empty=True) for item in value.items()))
    if not values:
        raise value.fault("needs at least one value", "add one, or remove the label")
    return values
