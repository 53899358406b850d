"""OpenSLO v1: its kinds SLO, SLI and Service, read strictly.

What the format knows but this version does not compile (time slices, calendar windows,
composite objectives, thresholds, alert policies) is refused by name, never skipped: an
objective that is silently not watched would be worse than an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.metrics.catalog import Catalog
from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.indicator import read_indicator
from exai_sre.slo.model import WINDOWS, Indicator
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.windows import DAY, format_duration, parse_duration

__all__ = ["API_VERSION", "KINDS", "Definition", "SloDefinition", "read_definition"]

API_VERSION: Final = "openslo/v1"
"""The version of OpenSLO that is read."""

KINDS: Final = ("SLI", "SLO", "Service")
"""The kinds that are compiled."""

_LATER_KINDS = ("AlertCondition", "AlertNotificationTarget", "AlertPolicy", "DataSource")
_LATER_METHODS = ("Timeslices", "RatioTimeslices")
_METHOD = "Occurrences"
_ANNOTATION_PREFIX = "exai-sre.dev/"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_LATER_OBJECTIVE = (
    "compositeWeight", "indicator", "indicatorRef", "op", "timeSliceTarget", "timeSliceWindow", "value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Definition:
    """A Service or an SLI, or what every definition has.

    Attributes:
        kind: one of :data:`KINDS`.
        name: ``metadata.name``.
        value: the document, for complaints.
        display_name: ``metadata.displayName``, or empty.
        labels: ``metadata.labels``, several values joined by commas.
        annotations: ``metadata.annotations``.
        indicator: what an SLI counts; ``None`` for other kinds and where it is faulty.
        slo: the rest of an SLO; ``None`` for other kinds.
        sound: whether it was read without a fault.
    """

    kind: str
    name: str
    value: Value
    display_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    indicator: Indicator | None = None
    slo: SloDefinition | None = None
    sound: bool = True


@dataclass(frozen=True, slots=True)
class SloDefinition:
    """The ``spec`` of an SLO.

    Attributes:
        service: name of the service.
        description: what is promised.
        objective: share of good events, between 0 and 1.
        window: seconds.
        indicator: the inline indicator; ``None`` where it is faulty or a reference.
        reference: name of the SLI that is referred to; empty where there is none.
    """

    service: str
    description: str
    objective: Decimal
    window: int
    indicator: Indicator | None
    reference: str


def read_definition(document: Value, faults: Faults, catalog: Catalog | None) -> Definition | None:
    """The definition in a document, or ``None`` with its faults kept.

    A definition with a faulty indicator is handed out without it, so that references to it
    and duplicates of it are still judged.
    """
    before = len(faults.errors)
    definition = faults.attempt(partial(_read_definition, document, faults, catalog), None)
    if definition is None or len(faults.errors) == before:
        return definition
    return replace(definition, sound=False)


def _read_definition(document: Value, faults: Faults, catalog: Catalog | None) -> Definition | None:
    entries = document.entries()
    kind = _read_kind(document, entries, faults)
    if kind is None:
        return None
    record = Record(document, faults, required=("apiVersion", "kind", "metadata", "spec"))
    named = record.take("metadata", partial(_read_metadata, document=document, kind=kind, faults=faults), None)
    if kind == "Service":
        record.take("spec", partial(_read_service, faults=faults), None)
        return named
    if kind == "SLI":
        indicator = record.take("spec", partial(read_indicator, faults=faults, catalog=catalog), None)
        return named and Definition(kind, named.name, document, indicator=indicator)
    slo = record.take("spec", partial(_read_slo, faults=faults, catalog=catalog), None)
    if named is None or slo is None:
        return None
    return Definition(kind, named.name, document, named.display_name, named.labels, named.annotations, slo=slo)


def _read_kind(document: Value, entries: dict[str, Value], faults: Faults) -> str | None:
    """The kind, once version and kind are known to be readable; nothing else is judged before."""
    missing = [key for key in ("apiVersion", "kind") if key not in entries]
    if missing:
        raise document.fault(
            f"the field {missing[0]!r} is missing", f"an OpenSLO document begins with apiVersion: {API_VERSION}"
        )
    version = entries["apiVersion"].text()
    if version != API_VERSION:
        raise entries["apiVersion"].fault(f"version {version!r} is not read", f"write {API_VERSION}")
    kind = entries["kind"].text()
    if kind in _LATER_KINDS:
        faults.add(
            entries["kind"].fault(f"kind {kind!r} is not compiled yet", f"remove it; compiled are {', '.join(KINDS)}")
        )
        return None
    if kind not in KINDS:
        raise entries["kind"].fault(f"unknown kind {kind!r}", suggest(kind, KINDS))
    return kind


def _read_metadata(value: Value, document: Value, kind: str, faults: Faults) -> Definition | None:
    record = Record(value, faults, required=("name",), optional=("displayName", "labels", "annotations"))
    name = record.take("name", _read_name, "")
    display_name = record.take("displayName", Value.text, "")
    labels: dict[str, str] = record.take("labels", _read_labels, {})
    annotations: dict[str, str] = record.take("annotations", _read_annotations, {})
    return Definition(kind, name, document, display_name, labels, annotations) if name else None


def _read_name(value: Value) -> str:
    name = value.text()
    if not _NAME.fullmatch(name):
        raise value.fault(f"{name!r} is no valid name", "use up to 63 of a-z, 0-9 and '-', as in RFC 1123")
    return name


def _read_labels(value: Value) -> dict[str, str]:
    labels = {}
    for key, entry in value.entries().items():
        values = entry.items() if entry.kind == "sequence" else [entry]
        labels[key] = ",".join(item.text() for item in values)
    return labels


def _read_annotations(value: Value) -> dict[str, str]:
    annotations = {}
    for key, entry in value.entries().items():
        if key.startswith(_ANNOTATION_PREFIX):
            raise entry.fault(f"annotation {key!r} is not compiled yet", "remove it")
        annotations[key] = entry.text(empty=True)
    return annotations


def _read_service(value: Value, faults: Faults) -> None:
    Record(value, faults, optional=("description",)).take("description", Value.text, "")


def _read_slo(value: Value, faults: Faults, catalog: Catalog | None) -> SloDefinition:
    record = Record(
        value,
        faults,
        required=("service", "timeWindow", "budgetingMethod", "objectives"),
        optional=("description", "indicator", "indicatorRef", "alertPolicies"),
    )
    if ("indicator" in record) == ("indicatorRef" in record):
        both = "indicator" in record
        what = (
            "has both an indicator and an indicatorRef"
            if both
            else "the field 'indicator' or 'indicatorRef' is missing"
        )
        faults.add(value.fault(what, "give exactly one"))
    record.take("budgetingMethod", _require_occurrences, None)
    record.take("alertPolicies", _require_no_policies, None)
    return SloDefinition(
        service=record.take("service", _read_name, ""),
        description=record.take("description", Value.text, ""),
        objective=record.take("objectives", partial(_read_objectives, faults=faults), Decimal(0)),
        window=record.take("timeWindow", partial(_read_windows, faults=faults), 0),
        indicator=record.take("indicator", partial(_read_inline, faults=faults, catalog=catalog), None),
        reference=record.take("indicatorRef", _read_name, ""),
    )


def _require_occurrences(value: Value) -> None:
    method = value.text()
    if method in _LATER_METHODS:
        raise value.fault(f"budgeting method {method!r} is not compiled yet", f"write {_METHOD}")
    if method != _METHOD:
        raise value.fault(f"unknown budgeting method {method!r}", suggest(method, (_METHOD,)))


def _require_no_policies(value: Value) -> None:
    if value.items():
        raise value.fault("alert policies are not compiled yet", "remove them; alerts follow from the objective")


def _read_inline(value: Value, faults: Faults, catalog: Catalog | None) -> Indicator | None:
    record = Record(value, faults, required=("metadata", "spec"))
    record.take("metadata", partial(_read_metadata, document=value, kind="SLI", faults=faults), None)
    return record.take("spec", partial(read_indicator, faults=faults, catalog=catalog), None)


def _only(value: Value, what: str) -> Value:
    items = value.items()
    if len(items) != 1:
        raise value.fault(f"must hold exactly one {what}, not {len(items)}", "write an SLO for each")
    return items[0]


def _read_objectives(value: Value, faults: Faults) -> Decimal:
    objective = _only(value, "objective")
    record = Record(objective, faults, optional=("displayName", "target", "targetPercent"), later=_LATER_OBJECTIVE)
    record.take("displayName", Value.text, "")
    if ("target" in record) == ("targetPercent" in record):
        both = "target" in record
        what = "has both target and targetPercent" if both else "the field 'target' or 'targetPercent' is missing"
        raise objective.fault(what, "give exactly one")
    target = record.take("target", partial(_read_target, whole=1), Decimal(0))
    return record.take("targetPercent", partial(_read_target, whole=100), target)


def _read_target(value: Value, whole: int) -> Decimal:
    target = value.number()
    if not 0 < target < whole:
        raise value.fault(
            f"must lie between 0 and {whole}, both excluded, not {target}",
            f"write for example {Decimal(whole) * Decimal('0.995'):f}",
        )
    return (target / whole).normalize()


def _read_windows(value: Value, faults: Faults) -> int:
    record = Record(_only(value, "time window"), faults, required=("duration", "isRolling"), later=("calendar",))
    record.take("isRolling", _require_rolling, None)
    return record.take("duration", _read_window, 30 * DAY)


def _require_rolling(value: Value) -> None:
    if not value.boolean():
        raise value.fault("calendar windows are not compiled yet", "set isRolling: true")


def _read_window(value: Value) -> int:
    supported = " or ".join(format_duration(window) for window in WINDOWS)
    try:
        window = parse_duration(value.text())
    except ValueError as error:
        raise value.fault(str(error), f"write {supported}") from None
    if window not in WINDOWS:
        raise value.fault(f"a window of {value.text()} is not compiled yet", f"write {supported}")
    return window
