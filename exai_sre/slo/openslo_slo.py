"""The kind SLO as it is written: structure only; references are followed when it is compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.openslo_alerts import PolicySpec, read_inline
from exai_sre.slo.openslo_fields import (
    OPERATORS,
    Duration,
    Reference,
    one_of,
    read_description,
    read_duration,
    read_fraction,
    read_reference,
)
from exai_sre.slo.openslo_sli import InlineSli, read_inline_sli, require_one

__all__ = ["METHODS", "ObjectiveSpec", "SloSpec", "WindowSpec", "read_calendar", "read_slo"]

METHODS: Final = ("Occurrences", "RatioTimeslices", "Timeslices")
"""Budgeting methods."""

_MOMENT = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """The time window.

    Attributes:
        duration: its length.
        start: local start of the first window, ``2026-01-01 00:00:00``; empty for a rolling window.
        zone: name of the time zone; empty for a rolling window.
    """

    duration: Duration
    start: str
    zone: str


@dataclass(frozen=True, slots=True)
class ObjectiveSpec:
    """One objective.

    Attributes:
        value: the mapping.
        display_name: name for people, or empty.
        op: comparison that good values pass, where it stands; ``None`` where it is not given.
        limit: what values are compared with; ``None`` where it is not given.
        target: share of good events, from 0 on and below 1.
        slice_target: share of good events that makes a slice good; ``None`` where it is not given.
        slice_window: length of a slice; ``None`` where it is not given.
        indicator: what is measured, where the objective says it: written here, referred to, or ``None``.
        weight: weight in a composite; ``None`` where it is not given.
    """

    value: Value
    display_name: str
    op: Value | None
    limit: Decimal | None
    target: Decimal
    slice_target: Decimal | None
    slice_window: Duration | None
    indicator: InlineSli | Reference | None
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class SloSpec:
    """The ``spec`` of an SLO.

    Attributes:
        value: the mapping.
        service: name of the service.
        description: what is promised.
        method: one of :data:`METHODS`.
        window: the time window; ``None`` where it is faulty.
        indicator: what is measured: written here, referred to, or ``None`` for a composite.
        objectives: the objectives, in order.
        policies: alert policies, written here or referred to.
    """

    value: Value
    service: str
    description: str
    method: str
    window: WindowSpec | None
    indicator: InlineSli | Reference | None
    objectives: tuple[ObjectiveSpec, ...]
    policies: tuple[PolicySpec | Reference, ...]


def read_slo(value: Value, faults: Faults) -> SloSpec:
    """The ``spec`` of an SLO."""
    record = Record(
        value,
        faults,
        required=("service", "timeWindow", "budgetingMethod"),
        optional=("description", "indicator", "indicatorRef", "objectives", "alertPolicies"),
    )
    require_one(value, record, ("indicator", "indicatorRef"), faults, missing=False)
    indicator = _read_indicator(record, faults)
    method = record.take("budgetingMethod", partial(one_of, known=METHODS, what="budgeting method"), "")
    none: tuple[ObjectiveSpec, ...] = ()
    nobody: tuple[PolicySpec | Reference, ...] = ()
    read = partial(_read_objectives, method=method, indicator=indicator, faults=faults)
    objectives = record.take("objectives", read, none)
    composite = any(objective.indicator for objective in objectives)
    own = "indicator" in record or "indicatorRef" in record
    if own == composite:
        what = "stands both here and in objectives" if own else "or 'indicatorRef' is missing"
        faults.add(value.fault(f"the field 'indicator' {what}", "give it once, here or in each objective"))
    return SloSpec(
        value,
        record.take("service", Value.text, ""),
        record.take("description", read_description, ""),
        method,
        record.take("timeWindow", partial(_read_windows, faults=faults), None),
        indicator,
        objectives,
        record.take("alertPolicies", partial(_read_policies, faults=faults), nobody),
    )


def _read_indicator(record: Record, faults: Faults) -> InlineSli | Reference | None:
    inline = record.take("indicator", partial(read_inline_sli, faults=faults), None)
    return inline or record.take("indicatorRef", read_reference, None)


def _read_windows(value: Value, faults: Faults) -> WindowSpec | None:
    items = value.items()
    if len(items) != 1:
        raise value.fault(f"must hold exactly one time window, not {len(items)}", "write an SLO for each")
    record = Record(items[0], faults, required=("duration",), optional=("isRolling", "calendar"))
    duration = record.take("duration", read_duration, None)
    rolling = record.flag("isRolling")
    if rolling == ("calendar" in record):
        what = "a rolling window has no calendar" if rolling else "the field 'calendar' is missing"
        faults.add(items[0].fault(what, "remove it" if rolling else "add it, or set isRolling: true"))
    start, zone = record.take("calendar", partial(read_calendar, faults=faults), ("", ""))
    return None if duration is None else WindowSpec(duration, start, zone)


def read_calendar(value: Value, faults: Faults) -> tuple[str, str]:
    """Start and time zone of a window of the calendar; a faulty one is empty."""
    record = Record(value, faults, required=("startTime", "timeZone"))
    return record.take("startTime", _read_moment, ""), record.take("timeZone", _read_zone, "")


def _read_moment(value: Value) -> str:
    from datetime import datetime

    text = value.text()
    try:
        sound = bool(_MOMENT.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        sound = False
    if not sound:
        raise value.fault(f"{text!r} is no date with a time", "write for example 2026-01-01 00:00:00")
    return text


def _read_zone(value: Value) -> str:
    from zoneinfo import ZoneInfo

    name = value.text()
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise value.fault(f"unknown time zone {name!r}", "write a name such as UTC or Europe/Berlin") from None
    return name


def _read_objectives(
    value: Value, method: str, indicator: InlineSli | Reference | None, faults: Faults
) -> tuple[ObjectiveSpec, ...]:
    items = value.items()
    read = [faults.attempt(partial(_read_objective, item, method, indicator, faults), None) for item in items]
    objectives = tuple(objective for objective in read if objective is not None)
    if any(objective.indicator for objective in objectives):
        for objective in objectives:
            faults.attempt(partial(_require_weight, objective), None)
    return objectives


def _require_weight(objective: ObjectiveSpec) -> None:
    if objective.weight is not None and objective.weight <= 0:
        place = objective.value.find(("compositeWeight",))
        raise place.fault(f"must be above 0, not {objective.weight}", "write for example 1")


def _read_objective(
    value: Value, method: str, indicator: InlineSli | Reference | None, faults: Faults
) -> ObjectiveSpec | None:
    record = Record(
        value,
        faults,
        optional=(
            "displayName", "op", "value", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow",
            "indicator", "indicatorRef", "compositeWeight",
        ),
    )  # fmt: skip
    require_one(value, record, ("target", "targetPercent"), faults)
    require_one(value, record, ("indicator", "indicatorRef"), faults, missing=False)
    _require_slices(value, record, method, faults)
    op = record.take("op", _read_op, None)
    limit = record.take("value", lambda limit: limit, None)
    _require_comparison(value, {"op": op, "value": limit}, indicator, faults)
    target = record.take("target", partial(read_fraction, whole=1), Decimal(0))
    return ObjectiveSpec(
        value,
        record.take("displayName", partial(Value.text, empty=True), ""),
        op,
        record.take("value", Value.number, None),
        record.take("targetPercent", partial(read_fraction, whole=100), target),
        record.take("timeSliceTarget", partial(_read_slice_target, method=method), None),
        record.take("timeSliceWindow", read_duration, None),
        _read_indicator(record, faults),
        record.take("compositeWeight", Value.number, None),
    )


def _read_op(value: Value) -> Value | None:
    """A comparison; an empty one is none."""
    return value if value.text(empty=True) else None


def _require_slices(value: Value, record: Record, method: str, faults: Faults) -> None:
    wanted = {"Timeslices": ("timeSliceTarget", "timeSliceWindow"), "RatioTimeslices": ("timeSliceWindow",)}
    for key in wanted.get(method, ()):
        if key not in record:
            faults.add(value.fault(f"the field {key!r} is missing", f"{method} needs it"))


def _read_slice_target(value: Value, method: str) -> Decimal:
    target = value.number()
    if method == "Timeslices" and not 0 < target <= 1:
        raise value.fault(f"must lie above 0 and at most at 1, not {target}", "write for example 0.95")
    return target


def _require_comparison(
    value: Value, given: Mapping[str, Value | None], indicator: InlineSli | Reference | None, faults: Faults
) -> None:
    """A threshold that is written in place needs a comparison, a ratio must have none."""
    if not isinstance(indicator, InlineSli) or indicator.spec is None:
        return
    for key, place in given.items():
        if indicator.spec.threshold is None and place is not None:
            faults.add(place.fault(f"{key} has no meaning for a ratioMetric", "remove it, or use a thresholdMetric"))
        elif indicator.spec.threshold is not None and place is None:
            faults.add(value.fault(f"the field {key!r} is missing", "a thresholdMetric is compared with it"))
    op = given["op"]
    if indicator.spec.threshold is not None and op is not None:
        faults.attempt(partial(one_of, op, OPERATORS, "operator"), "")


def _read_policies(value: Value, faults: Faults) -> tuple[PolicySpec | Reference, ...]:
    read = [faults.attempt(partial(_read_policy, item, faults), None) for item in value.items()]
    return tuple(policy for policy in read if policy is not None)


def _read_policy(value: Value, faults: Faults) -> PolicySpec | Reference | None:
    key = "alertPolicyRef"
    if key in value.entries():
        return Record(value, faults, required=(key,)).take(key, read_reference, None)
    policy = read_inline(value, "AlertPolicy", faults)
    return policy if isinstance(policy, PolicySpec) else None
