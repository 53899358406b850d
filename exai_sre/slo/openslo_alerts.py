"""The kinds AlertPolicy, AlertCondition and AlertNotificationTarget as they are written."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.openslo_fields import (
    OPERATORS,
    Duration,
    Metadata,
    Reference,
    one_of,
    read_description,
    read_duration,
    read_metadata,
    read_reference,
)

__all__ = [
    "ConditionSpec",
    "PolicySpec",
    "TargetSpec",
    "read_condition",
    "read_inline",
    "read_policy",
    "read_target",
]

CONDITION_KINDS: Final = ("burnrate",)
"""What a condition can be about."""

MOST_CONDITIONS: Final = 2
"""The format has one condition in a policy; a second one makes a pair of windows, which is ours."""


@dataclass(frozen=True, slots=True)
class ConditionSpec:
    """The ``spec`` of an AlertCondition.

    Attributes:
        value: the mapping.
        metadata: who it is; ``None`` until known.
        severity: any word, where it stands.
        op: comparison, where it stands.
        threshold: burn rate.
        lookback: window over which the burn rate is taken.
        after: how long the condition must hold; ``None`` for at once.
    """

    value: Value
    metadata: Metadata | None
    severity: Value
    op: Value
    threshold: Decimal
    lookback: Duration
    after: Duration | None


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """The ``spec`` of an AlertNotificationTarget.

    Attributes:
        metadata: who it is; ``None`` until known.
        target: any word.
        description: one sentence, or empty.
    """

    metadata: Metadata | None
    target: str
    description: str


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """The ``spec`` of an AlertPolicy.

    Attributes:
        value: the mapping.
        breaching: whether it alerts when the conditions hold.
        no_data: whether it alerts when data are missing.
        resolved: whether it tells that the conditions hold no more.
        conditions: one, or a pair; each written here or referred to.
        targets: who is told; each written here or referred to.
    """

    value: Value
    breaching: bool
    no_data: bool
    resolved: bool
    conditions: tuple[ConditionSpec | Reference, ...]
    targets: tuple[TargetSpec | Reference, ...]


def read_policy(value: Value, faults: Faults) -> PolicySpec:
    """The ``spec`` of an AlertPolicy."""
    record = Record(
        value,
        faults,
        required=("conditions", "notificationTargets"),
        optional=("description", "alertWhenNoData", "alertWhenBreaching", "alertWhenResolved"),
    )
    record.take("description", read_description, "")
    no_conditions: tuple[ConditionSpec | Reference, ...] = ()
    no_targets: tuple[TargetSpec | Reference, ...] = ()
    return PolicySpec(
        value,
        record.flag("alertWhenBreaching"),
        record.flag("alertWhenNoData"),
        record.flag("alertWhenResolved"),
        record.take("conditions", partial(_read_conditions, faults=faults), no_conditions),
        record.take("notificationTargets", partial(_read_targets, faults=faults), no_targets),
    )


def _read_conditions(value: Value, faults: Faults) -> tuple[ConditionSpec | Reference, ...]:
    items = value.items()
    if not 1 <= len(items) <= MOST_CONDITIONS:
        raise value.fault(
            f"must hold one condition, or two of a long and a short window, not {len(items)}",
            "write a policy for each",
        )
    read = [
        faults.attempt(partial(_read_either, item, "conditionRef", "AlertCondition", faults), None) for item in items
    ]
    names = [_name(entry) for entry in read if isinstance(entry, ConditionSpec | Reference)]
    if len(set(names)) < len(names):
        raise value.fault(f"holds {names[0]!r} twice", "remove one")
    return tuple(entry for entry in read if isinstance(entry, ConditionSpec | Reference))


def _name(entry: ConditionSpec | Reference) -> str:
    if isinstance(entry, Reference):
        return entry.name
    return entry.metadata.name if entry.metadata else ""


def _read_targets(value: Value, faults: Faults) -> tuple[TargetSpec | Reference, ...]:
    items = value.items()
    if not items:
        raise value.fault("must hold at least one target", "say who is told")
    read = [
        faults.attempt(partial(_read_either, item, "targetRef", "AlertNotificationTarget", faults), None)
        for item in items
    ]
    return tuple(entry for entry in read if isinstance(entry, TargetSpec | Reference))


def _read_either(
    value: Value, key: str, kind: str, faults: Faults
) -> ConditionSpec | TargetSpec | PolicySpec | Reference | None:
    if key not in value.entries():
        return read_inline(value, kind, faults)
    return Record(value, faults, required=(key,)).take(key, read_reference, None)


def read_inline(value: Value, kind: str, faults: Faults) -> ConditionSpec | TargetSpec | PolicySpec | None:
    """A policy, condition or target that is written where it is used: kind, metadata and spec."""
    record = Record(value, faults, required=("kind", "metadata", "spec"))
    record.take("kind", partial(one_of, known=(kind,), what="kind"), "")
    metadata = record.take("metadata", partial(read_metadata, faults=faults), None)
    if kind == "AlertPolicy":
        return record.take("spec", partial(read_policy, faults=faults), None)
    if kind == "AlertCondition":
        return record.take("spec", partial(read_condition, metadata=metadata, faults=faults), None)
    return record.take("spec", partial(read_target, metadata=metadata, faults=faults), None)


def read_condition(value: Value, metadata: Metadata | None, faults: Faults) -> ConditionSpec | None:
    """The ``spec`` of an AlertCondition; ``None`` with its faults kept."""
    record = Record(value, faults, required=("severity", "condition"), optional=("description",))
    record.take("description", read_description, "")
    severity = record.take("severity", _some_text, None)
    return record.take(
        "condition",
        partial(_read_burn_rate, spec=value, metadata=metadata, severity=severity, faults=faults),
        None,
    )


def _some_text(value: Value) -> Value:
    value.text()
    return value


def _read_burn_rate(
    value: Value, spec: Value, metadata: Metadata | None, severity: Value | None, faults: Faults
) -> ConditionSpec | None:
    record = Record(value, faults, required=("kind", "op", "threshold", "lookbackWindow"), optional=("alertAfter",))
    record.take("kind", partial(one_of, known=CONDITION_KINDS, what="kind of condition"), "")
    op = record.take("op", _read_operator, None)
    threshold = record.take("threshold", Value.number, None)
    lookback = record.take("lookbackWindow", read_duration, None)
    after = record.take("alertAfter", read_duration, None)
    if severity is None or op is None or threshold is None or lookback is None:
        return None
    return ConditionSpec(spec, metadata, severity, op, threshold, lookback, after)


def _read_operator(value: Value) -> Value:
    one_of(value, OPERATORS, "operator")
    return value


def read_target(value: Value, metadata: Metadata | None, faults: Faults) -> TargetSpec | None:
    """The ``spec`` of an AlertNotificationTarget; ``None`` with its faults kept."""
    record = Record(value, faults, required=("target",), optional=("description",))
    description = record.take("description", read_description, "")
    target = record.take("target", Value.text, "")
    return TargetSpec(metadata, target, description) if target else None
