"""OpenSLO v1: every kind, read as strictly as the reference SDK reads it.

What is read here is valid or not; whether it can be compiled is judged when the SLOs are put
together (:mod:`exai_sre.slo.openslo_compile`). The one liberty: a policy may have two conditions
of one threshold, a long and a short window.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.openslo_alerts import (
    ConditionSpec,
    PolicySpec,
    TargetSpec,
    read_condition,
    read_policy,
    read_target,
)
from exai_sre.slo.openslo_fields import Metadata, read_description, read_metadata
from exai_sre.slo.openslo_sli import SliSpec, read_sli
from exai_sre.slo.openslo_slo import SloSpec, read_slo
from exai_sre.slo.suggestion import suggest

__all__ = ["API_VERSION", "KINDS", "DataSourceSpec", "Definition", "ServiceSpec", "read_definition"]

API_VERSION: Final = "openslo/v1"
"""The version of OpenSLO that is read here."""

KINDS: Final = ("AlertCondition", "AlertNotificationTarget", "AlertPolicy", "DataSource", "SLI", "SLO", "Service")
"""The kinds of OpenSLO v1."""


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """The ``spec`` of a Service.

    Attributes:
        description: what it is.
    """

    description: str


@dataclass(frozen=True, slots=True)
class DataSourceSpec:
    """The ``spec`` of a DataSource; how it is reached is none of our business.

    Attributes:
        type: what kind of source it is.
    """

    type: str


Spec = ServiceSpec | DataSourceSpec | SliSpec | SloSpec | PolicySpec | ConditionSpec | TargetSpec
"""The ``spec`` of any kind."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One object.

    Attributes:
        kind: one of :data:`KINDS`.
        metadata: who it is.
        value: the document.
        spec: what it says; ``None`` where that is faulty.
        sound: whether it was read without a fault.
    """

    kind: str
    metadata: Metadata
    value: Value
    spec: Spec | None
    sound: bool


def read_definition(document: Value, faults: Faults) -> Definition | None:
    """The object in a document, or ``None`` with its faults kept.

    An object with a faulty spec is handed out, so that references to it and duplicates of it are
    still judged.
    """
    before = len(faults.errors)
    kind = _read_kind(document)
    required = ("apiVersion", "kind", "metadata")
    # A Service says nothing that it could not leave out.
    optional = ("spec",) if kind == "Service" else ()
    record = Record(document, faults, required=required if optional else (*required, "spec"), optional=optional)
    metadata = record.take("metadata", partial(read_metadata, faults=faults), None)
    spec = record.take("spec", partial(_read_spec, kind=kind, metadata=metadata, faults=faults), None)
    if metadata is None:
        return None
    return Definition(kind, metadata, document, spec, len(faults.errors) == before)


def _read_kind(document: Value) -> str:
    """The kind, once version and kind are known to be readable; nothing else is judged before."""
    entries = document.entries()
    missing = [key for key in ("apiVersion", "kind") if key not in entries or entries[key].missing]
    if missing:
        raise document.fault(
            f"the field {missing[0]!r} is missing", f"an OpenSLO document begins with apiVersion: {API_VERSION}"
        )
    version = entries["apiVersion"].text()
    if version != API_VERSION:
        raise entries["apiVersion"].fault(f"version {version!r} is not read", f"write {API_VERSION}")
    kind = entries["kind"].text()
    if kind not in KINDS:
        raise entries["kind"].fault(f"unknown kind {kind!r}", suggest(kind, KINDS))
    return kind


def _read_spec(value: Value, kind: str, metadata: Metadata | None, faults: Faults) -> Spec | None:
    if kind in ("AlertCondition", "AlertNotificationTarget"):
        reader = read_condition if kind == "AlertCondition" else read_target
        return reader(value, metadata, faults)
    if kind == "AlertPolicy":
        return read_policy(value, faults)
    if kind in ("SLI", "SLO"):
        return read_sli(value, faults) if kind == "SLI" else read_slo(value, faults)
    return _read_data_source(value, faults) if kind == "DataSource" else _read_service(value, faults)


def _read_service(value: Value, faults: Faults) -> ServiceSpec:
    record = Record(value, faults, optional=("description",))
    return ServiceSpec(record.take("description", read_description, ""))


def _read_data_source(value: Value, faults: Faults) -> DataSourceSpec | None:
    record = Record(value, faults, required=("type",), optional=("connectionDetails", "description"))
    if "connectionDetails" not in value.entries():
        faults.add(value.fault("the field 'connectionDetails' is missing", "say how the source is reached"))
    record.take("description", read_description, "")
    kind = record.take("type", Value.text, "")
    return DataSourceSpec(kind) if kind else None
