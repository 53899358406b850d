"""What an SLI measures, compiled into an indicator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final, cast

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.selection import Matcher
from exai_sre.metrics.spelling import series_text
from exai_sre.slo.catalog_check import gauge_problems, problems
from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.indicators import Countable, EventsIndicator, GaugeIndicator, Op, QueryIndicator, RawIndicator
from exai_sre.slo.matching import read_matchers, read_metric_name
from exai_sre.slo.openslo_fields import OPERATORS, one_of
from exai_sre.slo.openslo_sli import SliSpec, SourceSpec
from exai_sre.slo.openslo_slo import ObjectiveSpec
from exai_sre.slo.promql_text import whole_query
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.window_template import WINDOW_TEMPLATE, has_window

__all__ = ["CATALOG_TYPE", "PROMETHEUS_TYPE", "Surroundings", "check_sli", "compile_sli"]

CATALOG_TYPE: Final = "exai-sre"
"""``metricSource.type`` of an indicator over the catalog."""

PROMETHEUS_TYPE: Final = "Prometheus"
"""``metricSource.type`` of an indicator written as PromQL."""

_TYPES = {CATALOG_TYPE: CATALOG_TYPE, PROMETHEUS_TYPE: PROMETHEUS_TYPE, "prometheus": PROMETHEUS_TYPE}
_SOURCE = ("metricSource", "spec")
_NO_MATCHERS: tuple[Matcher, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an SLI is compiled against.

    Attributes:
        sources: types of the DataSources by name.
        catalog: what instruments, labels and bounds are checked against; ``None`` for no such check.
        faults: where faults go.
    """

    sources: Mapping[str, str]
    catalog: Catalog | None
    faults: Faults


def check_sli(sli: SliSpec, around: Surroundings) -> None:
    """Keep the faults of an SLI that no SLO uses; one of a data source that is not ours has none."""
    given = [*sli.parts.values(), *([sli.threshold] if sli.threshold else [])]
    types = {source.type or around.sources.get(source.reference.name if source.reference else "") for source in given}
    if types & set(_TYPES):
        _compile(sli, None, around)


def compile_sli(sli: SliSpec, objective: ObjectiveSpec, around: Surroundings) -> Countable | None:
    """The indicator of an SLI under one objective, or ``None`` with its faults kept.

    Args:
        sli: what is measured.
        objective: says which values of a threshold are good.
        around: what it is compiled against.
    """
    return _compile(sli, objective, around)


def _compile(sli: SliSpec, objective: ObjectiveSpec | None, around: Surroundings) -> Countable | None:
    faults = around.faults
    if sli.threshold is not None:
        return faults.attempt(partial(_gauge, sli.threshold, objective, around), None)
    if objective is not None:
        _refuse_comparison(objective, faults)
    before = len(faults.errors)
    kinds = {key: faults.attempt(partial(_type, source, around.sources), "") for key, source in sli.parts.items()}
    if len(faults.errors) > before or sli.ratio is None:
        return None
    if len(set(kinds.values())) > 1:
        mixed = " and ".join(sorted(set(kinds.values())))
        faults.add(sli.ratio.fault(f"mixes sources of the types {mixed}", "use one type throughout"))
        return None
    if CATALOG_TYPE in kinds.values():
        return faults.attempt(partial(_events, sli, sli.ratio, around), None)
    return _queries(sli, faults)


def _refuse_comparison(objective: ObjectiveSpec, faults: Faults) -> None:
    for key, given in (("op", objective.op), ("value", objective.limit)):
        if given is not None:
            place = objective.value.find((key,))
            faults.add(place.fault(f"{key} has no meaning for a ratioMetric", "remove it, or use a thresholdMetric"))


def _type(source: SourceSpec, sources: Mapping[str, str]) -> str:
    reference = source.reference
    known = sources.get(reference.name) if reference else None
    if not source.type and not known:
        if reference is None:
            raise source.value.fault("the field 'type' is missing", f"write type: {PROMETHEUS_TYPE}")
        remedy = suggest(reference.name, sources) if sources else "define it with kind: DataSource, or add a type"
        raise reference.value.fault(f"DataSource {reference.name!r} is not defined", remedy)
    kind = source.type or str(known)
    if known is not None and _TYPES.get(kind, kind) != _TYPES.get(known, known):
        place = source.value.find(("type",))
        raise place.fault(f"type {kind!r} is not that of the DataSource, {known!r}", "remove the type")
    if kind not in _TYPES:
        place = source.value.find(("type" if source.type else "metricSourceRef",))
        raise place.fault(f"not compilable: source type {kind!r}", suggest(kind, (CATALOG_TYPE, PROMETHEUS_TYPE)))
    return _TYPES[kind]


def _queries(sli: SliSpec, faults: Faults) -> QueryIndicator | RawIndicator | None:
    queries = {key: _query(source.spec, faults) for key, source in sli.parts.items()}
    if not all(queries.values()):
        return None
    if "raw" in queries:
        return RawIndicator(queries["raw"], success=sli.raw_type == "success")
    if sli.counter is False:
        queries = {key: _averaged(query) for key, query in queries.items()}
    return QueryIndicator(queries.get("good"), queries.get("bad"), queries["total"])


def _averaged(query: str) -> str:
    """A number that goes up and down weighs by how long it stood: its mean over the window."""
    return query if has_window(query) else f"avg_over_time(({query})[{WINDOW_TEMPLATE}:1m])"


def _query(spec: Value, faults: Faults) -> str:
    """The only key that is read; OpenSLO leaves further ones to the data source."""
    entries = spec.entries()
    for key in entries:
        if key != "query":
            faults.add(entries[key].fault(f"unknown key {key!r}", suggest(key, ("query",))))
    if "query" not in entries:
        faults.add(spec.fault("the field 'query' is missing", "write a PromQL expression"))
        return ""
    return faults.attempt(partial(_read_query, entries["query"]), "")


def _read_query(value: Value) -> str:
    try:
        return whole_query(value.text())
    except ValueError as error:
        raise value.fault(f"is no PromQL expression: {error}", "write one that is complete in itself") from None


def _gauge(source: SourceSpec, objective: ObjectiveSpec | None, around: Surroundings) -> GaugeIndicator | None:
    faults = around.faults
    before = len(faults.errors)
    kind = _type(source, around.sources)
    query = _query(source.spec, faults) if kind == PROMETHEUS_TYPE else _gauge_selector(source.spec, around)
    if objective is None:
        return None
    if objective.op is None or objective.limit is None:
        missing = "op" if objective.op is None else "value"
        faults.add(objective.value.fault(f"the field {missing!r} is missing", "a thresholdMetric is compared with it"))
        return None
    op = cast("Op", faults.attempt(partial(one_of, objective.op, OPERATORS, "operator"), ""))
    return GaugeIndicator(query, op, objective.limit) if len(faults.errors) == before else None


def _gauge_selector(spec: Value, around: Surroundings) -> str:
    record = Record(spec, around.faults, required=("instrument",), optional=("filter",))
    instrument = record.take("instrument", partial(read_metric_name, catalog=around.catalog), "")
    conditions = record.take("filter", partial(read_matchers, faults=around.faults), _NO_MATCHERS)
    if instrument and around.catalog is not None:
        for problem in gauge_problems(instrument, conditions, around.catalog):
            around.faults.add(spec.find(problem.at).fault(problem.what, problem.remedy))
    return series_text(instrument, [matcher.promql for matcher in conditions])


def _events(sli: SliSpec, ratio: Value, around: Surroundings) -> EventsIndicator | None:
    faults = around.faults
    before = len(faults.errors)
    if "raw" in sli.parts:
        raise sli.parts["raw"].value.fault("a raw ratio is no instrument of the catalog", f"use type {PROMETHEUS_TYPE}")
    if sli.counter is False:
        raise ratio.find(("counter",)).fault("what the catalog counts are counters", "set counter: true, or remove it")
    side = "good" if "good" in sli.parts else "bad"
    total = Record(sli.parts["total"].spec, faults, required=("instrument",), optional=("filter", "native"))
    instrument = total.take("instrument", partial(read_metric_name, catalog=around.catalog), "")
    conditions = total.take("filter", partial(read_matchers, faults=faults), _NO_MATCHERS)
    native = total.flag("native")
    labels, within = _chosen(sli.parts[side].spec, side, faults)
    if len(faults.errors) > before:
        return None
    indicator = (
        EventsIndicator(instrument, conditions, good=labels, within=within, native=native)
        if side == "good"
        else EventsIndicator(instrument, conditions, bad=labels, native=native)
    )
    for problem in problems(indicator, around.catalog) if around.catalog is not None else ():
        where = ratio.find((problem.at[0], *_SOURCE, *problem.at[1:]))
        faults.add(where.fault(problem.what, problem.remedy))
    return indicator if len(faults.errors) == before else None


def _chosen(spec: Value, side: str, faults: Faults) -> tuple[tuple[Matcher, ...], float | None]:
    before = len(faults.errors)
    record = Record(spec, faults, optional=("labels", "within") if side == "good" else ("labels",))
    labels = record.take("labels", partial(read_matchers, faults=faults), _NO_MATCHERS)
    within = record.take("within", _read_bound, None)
    if len(faults.errors) == before and not labels and within is None:
        wanted = "'labels' or 'within'" if side == "good" else "'labels'"
        faults.add(spec.fault(f"the field {wanted} is missing", f"say which events are {side}"))
    return labels, within


def _read_bound(value: Value) -> float:
    bound = value.number()
    if bound <= Decimal(0):
        raise value.fault(f"must be above 0, not {bound}", "give a bucket bound in the unit of the metric")
    return float(bound)
