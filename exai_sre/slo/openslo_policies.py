"""Alert policies of an SLO, compiled: burn tiers, whether missing data are told, and whom to tell of what.

A policy of two conditions that differ in their lookback window alone is one burn tier. A policy
of one condition gets a short window of a twelfth of its lookback, the workbook's ratio, unless
the condition's annotation ``exai-sre/short-window`` names another: it only ends the alert sooner.
``alertAfter`` is how long the condition must hold, which adds as much to the time to detect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final, TypeVar, cast, get_args

from exai_sre.slo.documents import Faults
from exai_sre.slo.model import NotificationTarget
from exai_sre.slo.openslo_alerts import ConditionSpec, PolicySpec, TargetSpec
from exai_sre.slo.openslo_fields import EXTENSION, Reference, read_duration
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.tiers import BurnTier, Severity, tier_name
from exai_sre.slo.windows import MINUTE

__all__ = ["SHORT_WINDOW", "Policies", "Registry", "check_condition", "compile_policies"]

SHORT_WINDOW: Final = "short-window"
"""Annotation of a condition, without our prefix, that names its short window."""

_LEAST_THRESHOLD: Final = Decimal("0.01")
_ABOVE_THRESHOLDS: Final = Decimal(1_000_000)
_SHORT_PART: Final = 12
_SHORTEST: Final = 2 * MINUTE
_STEP: Final = Decimal("1e-12")

SpecT = TypeVar("SpecT", PolicySpec, ConditionSpec, TargetSpec)


@dataclass(frozen=True, slots=True)
class Registry:
    """Objects that can be referred to, by name; one whose spec is faulty has ``None``.

    Attributes:
        policies: of the kind AlertPolicy.
        conditions: of the kind AlertCondition.
        targets: of the kind AlertNotificationTarget.
    """

    policies: Mapping[str, PolicySpec | None]
    conditions: Mapping[str, ConditionSpec | None]
    targets: Mapping[str, TargetSpec | None]


@dataclass(frozen=True, slots=True)
class Policies:
    """What the policies of an SLO come to.

    Attributes:
        tiers: burn tiers, in the order of the policies.
        no_data: whether one of them alerts on missing data.
        targets: whom they tell, each once; empty where pages and tickets tell different people.
        page: whom those tell that page, where that differs from the tickets' and both severities have policies.
        ticket: whom the others tell, likewise.
    """

    tiers: tuple[BurnTier, ...]
    no_data: bool
    targets: tuple[NotificationTarget, ...]
    page: tuple[NotificationTarget, ...] = ()
    ticket: tuple[NotificationTarget, ...] = ()


def compile_policies(
    policies: tuple[PolicySpec | Reference, ...], registry: Registry, faults: Faults
) -> Policies | None:
    """What the policies come to; ``None`` where there are none. Faults are kept."""
    found = [_follow(policy, registry.policies, "AlertPolicy", faults) for policy in policies]
    specs = [policy for policy in found if policy is not None]
    if not policies:
        return None
    told: dict[Severity, list[NotificationTarget]] = {}
    tiers: list[BurnTier] = []
    for policy in specs:
        tier = _tier(policy, registry, faults) if policy.breaching else None
        tiers += [tier] if tier is not None else []
        if not (policy.breaching or policy.no_data):
            faults.add(policy.value.fault("this policy never alerts", "set alertWhenBreaching: true"))
        # That data are missing is a ticket.
        severity = tier.severity if tier is not None else "ticket"
        told.setdefault(severity, []).extend(_targets(policy, registry, faults))
    return Policies(tuple(tiers), any(policy.no_data for policy in specs), *_shared(told))


def _targets(policy: PolicySpec, registry: Registry, faults: Faults) -> list[NotificationTarget]:
    found = [_target(entry, registry, faults) for entry in policy.targets]
    return [target for target in found if target is not None]


def _shared(told: Mapping[Severity, list[NotificationTarget]]) -> tuple[tuple[NotificationTarget, ...], ...]:
    """Whom all alerts tell, or whom pages and whom tickets do; each once, in the order of the policies."""
    page, ticket = (tuple(dict.fromkeys(told.get(severity, ()))) for severity in get_args(Severity))
    if page and ticket and set(page) != set(ticket):
        return (), page, ticket
    return tuple(dict.fromkeys((*page, *ticket))), (), ()


def _follow(entry: SpecT | Reference, known: Mapping[str, SpecT | None], kind: str, faults: Faults) -> SpecT | None:
    if not isinstance(entry, Reference):
        return entry
    if entry.name not in known:
        remedy = suggest(entry.name, known) if known else f"define it with kind: {kind}"
        faults.add(entry.value.fault(f"{kind} {entry.name!r} is not defined", remedy))
    return known.get(entry.name)


def _target(entry: TargetSpec | Reference, registry: Registry, faults: Faults) -> NotificationTarget | None:
    spec = _follow(entry, registry.targets, "AlertNotificationTarget", faults)
    if spec is None or spec.metadata is None:
        return None
    return NotificationTarget(spec.metadata.name, spec.target, spec.description)


def _tier(policy: PolicySpec, registry: Registry, faults: Faults) -> BurnTier | None:
    before = len(faults.errors)
    found = [_follow(entry, registry.conditions, "AlertCondition", faults) for entry in policy.conditions]
    conditions = [condition for condition in found if condition is not None]
    for condition in conditions:
        check_condition(condition, faults)
        faults.attempt(partial(_require_burn, condition), None)
    if len(faults.errors) > before or not conditions or len(conditions) < len(found):
        return None
    return faults.attempt(partial(_pair, policy, conditions), None)


def _require_burn(condition: ConditionSpec) -> None:
    """A condition that says when too much is burnt, and whom that concerns.

    Raises:
        SpecError: it says when little is burnt, or has a severity of its own.
    """
    op = condition.op.text()
    if op not in ("gt", "gte"):
        what = f"{op} alerts while the burn rate is low"
        raise condition.op.fault(what, "write gt: an alert is about a burn rate above the threshold")
    if not _LEAST_THRESHOLD <= condition.threshold < _ABOVE_THRESHOLDS:
        place = condition.value.find(("condition", "threshold"))
        raise place.fault(f"is no burn rate: {condition.threshold}", "write a number above 0, such as 14.4")
    severity = condition.severity.text()
    if severity not in ("page", "ticket"):
        raise condition.severity.fault(f"severity {severity!r} is not compiled", "write page or ticket")


def _pair(policy: PolicySpec, conditions: list[ConditionSpec]) -> BurnTier:
    first, last = conditions[0], conditions[-1]
    place = policy.value.find(("conditions",))
    if first.threshold != last.threshold or first.severity.text() != last.severity.text():
        raise place.fault("are no pair: threshold or severity differ", "write a policy for each")
    if _hold(first) != _hold(last):
        raise place.fault("are no pair: alertAfter differs", "give both the same, or a policy for each")
    windows = sorted({condition.lookback.positive() for condition in conditions})
    if len(conditions) == 1:
        windows.insert(0, _short_window(first, windows[0]))
    if len(windows) < 2 or windows[0] >= windows[1]:
        raise place.fault("need a long and a short window", "give the second condition a shorter lookbackWindow")
    factor = first.threshold.quantize(_STEP).normalize()
    severity = cast("Severity", first.severity.text())
    return BurnTier(tier_name(factor), factor, windows[1], windows[0], severity, hold=_hold(first))


def _hold(condition: ConditionSpec) -> int:
    """Seconds that the condition must last; 0 for at once."""
    return condition.after.seconds if condition.after is not None else 0


def _short_window(condition: ConditionSpec, long: int) -> int:
    own = condition.metadata.extensions.get(SHORT_WINDOW) if condition.metadata else None
    if own is not None:
        return read_duration(own).positive()
    whole = round(long / _SHORT_PART / MINUTE) * MINUTE
    return max(_SHORTEST, whole)


def check_condition(condition: ConditionSpec, faults: Faults) -> None:
    """Keep a fault for each annotation of ours on a condition that means nothing there."""
    for name, value in (condition.metadata.extensions if condition.metadata else {}).items():
        if name != SHORT_WINDOW:
            remedy = suggest(EXTENSION + name, [EXTENSION + SHORT_WINDOW])
            faults.add(value.fault(f"unknown annotation {EXTENSION + name!r}", remedy))
