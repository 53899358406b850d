"""The kind SLI as it is written: structure only, whatever the data source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.openslo_fields import Metadata, Reference, one_of, read_description, read_metadata, read_reference

__all__ = ["InlineSli", "SliSpec", "SourceSpec", "read_inline_sli", "read_sli", "require_one"]

RAW_TYPES: Final = ("failure", "success")
"""What a raw ratio is the ratio of."""

_EVENTS: Final = ("good", "bad", "total")


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A ``metricSource``.

    Attributes:
        value: the mapping.
        type: kind of the data source; empty where only a reference is given.
        reference: the DataSource that is named; ``None`` where none is.
        spec: what the data source is asked.
    """

    value: Value
    type: str
    reference: Reference | None
    spec: Value


@dataclass(frozen=True, slots=True)
class SliSpec:
    """What an SLI measures.

    Attributes:
        value: the mapping.
        threshold: the gauge whose value objectives compare; ``None`` for a ratio.
        ratio: the mapping of the ratio, for complaints; ``None`` for a threshold.
        parts: ``good``, ``bad``, ``total`` and ``raw``, as far as they are given.
        raw_type: ``success`` or ``failure`` where ``raw`` is given.
        counter: whether the events are counters; ``None`` where it is not said.
        description: what it says about itself.
    """

    value: Value
    threshold: SourceSpec | None
    ratio: Value | None
    parts: Mapping[str, SourceSpec]
    raw_type: str = ""
    counter: bool | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class InlineSli:
    """An SLI that is written where it is used.

    Attributes:
        metadata: who it is; ``None`` where that is faulty.
        spec: what it measures; ``None`` where that is faulty.
    """

    metadata: Metadata | None
    spec: SliSpec | None


def read_inline_sli(value: Value, faults: Faults) -> InlineSli:
    """The ``indicator`` of an SLO or of one objective."""
    record = Record(value, faults, required=("metadata", "spec"))
    return InlineSli(
        record.take("metadata", partial(read_metadata, faults=faults), None),
        record.take("spec", partial(read_sli, faults=faults), None),
    )


def read_sli(value: Value, faults: Faults) -> SliSpec | None:
    """The ``spec`` of an SLI; ``None`` with its faults kept."""
    before = len(faults.errors)
    record = Record(value, faults, optional=("description", "ratioMetric", "thresholdMetric"))
    require_one(value, record, ("ratioMetric", "thresholdMetric"), faults)
    description = record.take("description", read_description, "")
    threshold = record.take("thresholdMetric", partial(_read_metric, faults=faults), None)
    spec = record.take(
        "ratioMetric",
        partial(_read_ratio, sli=value, description=description, faults=faults),
        SliSpec(value, threshold, None, {}, description=description),
    )
    return spec if len(faults.errors) == before else None


def require_one(value: Value, record: Record, keys: tuple[str, ...], faults: Faults, *, missing: bool = True) -> None:
    """Keep a fault unless exactly one of the keys is given; ``missing`` says whether none is a fault too."""
    given = [key for key in keys if key in record]
    if len(given) > 1:
        faults.add(value.fault(f"has both {given[0]} and {given[1]}", "give exactly one"))
    elif not given and missing:
        faults.add(value.fault(f"the field {' or '.join(map(repr, keys))} is missing", "give exactly one"))


def _read_ratio(value: Value, sli: Value, description: str, faults: Faults) -> SliSpec:
    record = Record(value, faults, optional=("counter", *_EVENTS, "raw", "rawType"))
    require_one(value, record, ("total", "raw"), faults)
    require_one(value, record, ("good", "bad", "raw"), faults, missing="total" in record)
    if "raw" in record and "rawType" not in record:
        faults.add(value.fault("the field 'rawType' is missing", "say whether raw is of success or of failure"))
    read = {
        key: record.take(key, partial(_read_metric, faults=faults), None) for key in (*_EVENTS, "raw") if key in record
    }
    return SliSpec(
        sli,
        None,
        value,
        {key: source for key, source in read.items() if source is not None},
        record.take("rawType", partial(one_of, known=RAW_TYPES, what="type of a raw ratio"), ""),
        record.take("counter", Value.boolean, None),
        description,
    )


def _read_metric(value: Value, faults: Faults) -> SourceSpec | None:
    record = Record(value, faults, required=("metricSource",))
    return record.take("metricSource", partial(_read_source, faults=faults), None)


def _read_source(value: Value, faults: Faults) -> SourceSpec | None:
    record = Record(value, faults, required=("spec",), optional=("metricSourceRef", "type"))
    kind = record.take("type", partial(Value.text, empty=True), "")
    reference = record.take("metricSourceRef", _read_source_reference, None)
    spec = record.take("spec", _read_question, None)
    return None if spec is None else SourceSpec(value, kind, reference, spec)


def _read_source_reference(value: Value) -> Reference | None:
    """A reference; one that is empty is none."""
    return read_reference(value) if value.text(empty=True) else None


def _read_question(value: Value) -> Value:
    if not value.entries():
        raise value.fault("must not be empty", "say what the data source is asked")
    return value
