"""OpenSLO v1alpha: its kinds SLO and Service.

Read as Sloth reads it: several objectives make an SLO each, named ``<name>-<n>`` with n counted
from 0, also where there is only one; a window that does not say whether it rolls does. Time slices
have no length in this version: they are minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final, Literal, cast

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.indicators import Countable, GaugeIndicator, Op, QueryIndicator, SliceIndicator
from exai_sre.slo.model import Calendar, Slo, Source, make_slo
from exai_sre.slo.openslo_extensions import ID
from exai_sre.slo.openslo_fields import (
    OPERATORS,
    Metadata,
    one_of,
    read_description,
    read_fraction,
    read_metadata,
)
from exai_sre.slo.openslo_slo import read_calendar
from exai_sre.slo.promql_text import whole_query
from exai_sre.slo.windows import DAY, MINUTE, WEEK

__all__ = ["API_VERSION", "claims", "read_alpha"]

API_VERSION: Final = "openslo/v1alpha"
"""The version that is read here."""

KINDS: Final = ("SLO", "Service")
METHODS: Final = ("Occurrences", "Timeslices")
UNITS: Final = {"Second": 1, "Day": DAY, "Week": WEEK, "Month": 30 * DAY, "Quarter": 90 * DAY}
_CALENDAR_UNITS: Final[dict[str, Literal["d", "w", "M", "Q"]]] = {"Day": "d", "Week": "w", "Month": "M", "Quarter": "Q"}
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Spec:
    """What an SLO says, but for its objectives."""

    metadata: Metadata
    service: str
    description: str
    window: int
    calendar: Calendar | None


def claims(document: Value) -> bool:
    """Whether the document is one of this version."""
    if document.kind != "mapping":
        return False
    return any(key.value == "apiVersion" and node.value == API_VERSION for key, node in document.node.value)


def read_alpha(document: Value, faults: Faults) -> list[Slo]:
    """The SLOs of a document; faults are kept."""
    before = len(faults.errors)
    record = Record(document, faults, required=("apiVersion", "kind", "metadata", "spec"))
    kind = record.take("kind", partial(one_of, known=KINDS, what="kind"), "")
    metadata = record.take("metadata", partial(read_metadata, faults=faults), None)
    if kind == "Service":
        record.take("spec", partial(_read_service, faults=faults), None)
    if kind != "SLO" or metadata is None:
        return []
    none: list[Slo] = []
    slos = record.take("spec", partial(_read_slos, document=document, metadata=metadata, faults=faults), none)
    return slos if len(faults.errors) == before else []


def _read_service(value: Value, faults: Faults) -> None:
    Record(value, faults, optional=("description",)).take("description", read_description, "")


def _read_slos(value: Value, document: Value, metadata: Metadata, faults: Faults) -> list[Slo]:
    record = Record(
        value,
        faults,
        required=("service", "budgetingMethod", "objectives", "timeWindows"),
        optional=("description", "indicator"),
    )
    method = record.take("budgetingMethod", partial(one_of, known=METHODS, what="budgeting method"), "")
    threshold = record.take("indicator", partial(_read_threshold, faults=faults), "")
    no_window: tuple[int, Calendar | None] = (0, None)
    window, calendar = record.take("timeWindows", partial(_read_window, faults=faults), no_window)
    spec = _Spec(
        metadata,
        record.take("service", _read_service_name, ""),
        record.take("description", read_description, ""),
        window,
        calendar,
    )
    build = partial(_read_objectives, spec=spec, method=method, threshold=threshold, faults=faults)
    none: list[Slo] = []
    slos = record.take("objectives", partial(build, source=Source(document.file, document.line)), none)
    if not slos and "objectives" in record and not faults.errors:
        faults.add(value.find(("objectives",)).fault("holds no objective", "add one"))
    return slos


def _read_service_name(value: Value) -> str:
    name = value.text()
    if not ID.fullmatch(name):
        raise value.fault(f"{name!r} is no valid name", "use letters, digits, '-', '_' and '.', no mark at the ends")
    return name


def _read_threshold(value: Value, faults: Faults) -> str:
    record = Record(value, faults, required=("thresholdMetric",))
    return record.take("thresholdMetric", partial(_read_query, faults=faults), "")


def _read_query(value: Value, faults: Faults) -> str:
    record = Record(value, faults, required=("source", "queryType", "query"))
    record.take("source", partial(_require, word="prometheus"), None)
    record.take("queryType", partial(_require, word="promql"), None)
    return record.take("query", _read_expression, "")


def _require(value: Value, word: str) -> None:
    text = value.text()
    if text.lower() != word:
        raise value.fault(f"not compilable: {text!r}", f"write {word}")


def _read_expression(value: Value) -> str:
    try:
        return whole_query(value.text())
    except ValueError as error:
        raise value.fault(f"is no PromQL expression: {error}", "write one that is complete in itself") from None


def _read_window(value: Value, faults: Faults) -> tuple[int, Calendar | None]:
    items = value.items()
    if len(items) != 1:
        raise value.fault(f"must hold exactly one time window, not {len(items)}", "write an SLO for each")
    record = Record(items[0], faults, required=("unit", "count"), optional=("isRolling", "calendar"))
    unit = record.take("unit", partial(one_of, known=tuple(UNITS), what="unit"), "")
    count = record.take("count", _read_count, 0)
    rolling = record.take("isRolling", Value.boolean, None)
    if rolling and "calendar" in record:
        faults.add(items[0].fault("a rolling window has no calendar", "remove it"))
    if rolling is False and "calendar" not in record:
        faults.add(items[0].fault("the field 'calendar' is missing", "add it, or set isRolling: true"))
    start, zone = record.take("calendar", partial(read_calendar, faults=faults), ("", ""))
    if start and unit == "Second":
        faults.add(items[0].fault("a window of the calendar is one of days or longer units", "change the unit"))
    length = count * UNITS.get(unit, 0)
    if not start or unit not in _CALENDAR_UNITS:
        return length, None
    return length, Calendar(start.replace(" ", "T"), zone, _CALENDAR_UNITS[unit], count)


def _read_count(value: Value) -> int:
    count = value.number()
    if count != count.to_integral_value() or not 0 < count <= _MOST * DAY:
        raise value.fault(f"must be a whole number above 0, not {count}", "write for example 30")
    return int(count)


def _read_objectives(
    value: Value, source: Source, spec: _Spec, method: str, threshold: str, faults: Faults
) -> list[Slo]:
    slos = []
    for number, item in enumerate(value.items()):
        before = len(faults.errors)
        record = Record(
            item,
            faults,
            required=("target",),
            optional=("displayName", "value", "op", "ratioMetrics", "timeSliceTarget"),
        )
        target = record.take("target", partial(read_fraction, whole=1), Decimal(0))
        countable = _read_countable(item, record, threshold, faults)
        indicator = _read_slices(item, record, method, countable, faults)
        title = record.take("displayName", partial(Value.text, empty=True), "")
        if len(faults.errors) == before and indicator is not None and spec.window:
            build = partial(_slo, item, spec, f"-{number}", title, target, indicator, source)
            slo = faults.attempt(build, None)
            slos += [slo] if slo else []
    return slos


def _slo(
    item: Value,
    spec: _Spec,
    suffix: str,
    title: str,
    target: Decimal,
    indicator: Countable | SliceIndicator,
    source: Source,
) -> Slo:
    try:
        return make_slo(
            spec.metadata.name + suffix,
            spec.service,
            target,
            indicator,
            window=spec.window,
            display_name=spec.metadata.display_name or title,
            description=spec.description,
            labels=spec.metadata.labels,
            annotations=spec.metadata.annotations,
            calendar=spec.calendar,
            source=source,
        )
    except ValueError as error:
        raise item.fault(str(error), "correct the target or the window") from None


def _read_countable(item: Value, record: Record, threshold: str, faults: Faults) -> Countable | None:
    if "ratioMetrics" in record:
        if threshold:
            faults.add(item.fault("has both an indicator and ratioMetrics", "give exactly one"))
        if "op" in record:
            faults.add(item.find(("op",)).fault("op has no meaning for ratioMetrics", "remove it"))
        return record.take("ratioMetrics", partial(_read_ratio, faults=faults), None)
    if not threshold:
        faults.add(item.fault("the field 'ratioMetrics' is missing", "add it, or an indicator to the spec"))
        return None
    op = record.take("op", partial(one_of, known=OPERATORS, what="operator"), "")
    limit = record.take("value", Value.number, None)
    if not op or limit is None:
        faults.add(item.fault("the fields 'op' and 'value' are missing", "a thresholdMetric is compared with them"))
        return None
    return GaugeIndicator(threshold, cast("Op", op), limit)


def _read_ratio(value: Value, faults: Faults) -> QueryIndicator | None:
    record = Record(value, faults, required=("good", "total"), optional=("incremental", "counter"))
    record.flag("incremental")
    record.flag("counter")
    good = record.take("good", partial(_read_query, faults=faults), "")
    total = record.take("total", partial(_read_query, faults=faults), "")
    return QueryIndicator(good, None, total) if good and total else None


def _read_slices(
    item: Value, record: Record, method: str, countable: Countable | None, faults: Faults
) -> Countable | SliceIndicator | None:
    target = record.take("timeSliceTarget", Value.number, None)
    if method != "Timeslices" or countable is None:
        return countable
    if target is None or not 0 < target <= 1:
        faults.add(item.fault("timeSliceTarget must lie above 0 and at most at 1", "write for example 0.95"))
        return None
    return SliceIndicator(countable, MINUTE, target)
