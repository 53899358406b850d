"""Burn tiers and alert policies written as OpenSLO."""

from __future__ import annotations

import re
from typing import Any

from exai_sre.slo.model import BurnTier, NotificationTarget, Slo
from exai_sre.slo.openslo_fields import EXTENSION
from exai_sre.slo.openslo_policies import SHORT_WINDOW
from exai_sre.slo.openslo_write_indicator import duration_text
from exai_sre.slo.tiers import (
    MIN_FAILURES_FASTEST,
    MIN_FAILURES_REST,
    format_tier,
    tiers_for,
    with_min_failures,
)

__all__ = ["policies_of", "targets_stand_in_policies", "tier_annotations"]


def tier_annotations(slo: Slo) -> dict[str, str]:
    """The annotations that hold the burn tiers, as far as they are not those of the window."""
    tiers = (*slo.tiers, *slo.unreachable)
    fastest, rest = _gates(tiers)
    said: dict[str, str] = {}
    gated = with_min_failures(tiers, fastest=fastest, rest=rest) == tiers
    if not gated or set(tiers) != set(tiers_for(slo.window, fastest=fastest, rest=rest)):
        said["tiers"] = "; ".join(map(_without_gate if gated else format_tier, tiers)) or "none"
    elif _told(slo):
        # Policies stand for the alerts before plain readers of OpenSLO; ours goes by the annotation.
        said["tiers"] = "default"
    if gated and tiers and (fastest, rest) != (MIN_FAILURES_FASTEST, MIN_FAILURES_REST):
        said["min-failures"] = f"{fastest},{rest}"
    return said


def _gates(tiers: tuple[BurnTier, ...]) -> tuple[int, int]:
    """What the fastest tier waits for, and what the last of the others does."""
    highest = max((tier.factor for tier in tiers), default=None)
    fastest = [tier.min_failures for tier in tiers if tier.factor == highest]
    rest = [tier.min_failures for tier in tiers if tier.factor != highest]
    return (fastest or [MIN_FAILURES_FASTEST])[-1], (rest or [MIN_FAILURES_REST])[-1]


def _without_gate(tier: BurnTier) -> str:
    return format_tier(tier).partition(" min ")[0]


def policies_of(slo: Slo) -> list[dict[str, Any]]:
    """A policy for each tier, where the SLO says whom its alerts tell.

    Raises:
        SpecError: a window is no whole number of minutes.
    """
    return [_policy(slo, tier) for tier in (*slo.tiers, *slo.unreachable)] if _told(slo) else []


def targets_stand_in_policies(slo: Slo) -> bool:
    """Whether policies can say whom pages and whom tickets tell: each severity has some, and they differ."""
    alerting = slo.alerting
    page, ticket = set(alerting.page.targets), set(alerting.ticket.targets)
    severities = {tier.severity for tier in (*slo.tiers, *slo.unreachable)}
    return not alerting.targets and bool(page) and bool(ticket) and page != ticket and len(severities) > 1


def _told(slo: Slo) -> bool:
    return bool(slo.alerting.targets) or targets_stand_in_policies(slo)


def _policy(slo: Slo, tier: BurnTier) -> dict[str, Any]:
    name = f"burn-{re.sub(r'[^a-z0-9]+', '-', tier.name.lower()).strip('-')}"
    short = duration_text(tier.short, "tiers.short")
    burn_rate = {
        "kind": "burnrate",
        "op": "gt",
        "threshold": tier.factor,
        "lookbackWindow": duration_text(tier.long, "tiers.long"),
    }
    if tier.hold:
        burn_rate["alertAfter"] = duration_text(tier.hold, "tiers.hold")
    condition = {
        "kind": "AlertCondition",
        "metadata": {"name": name, "annotations": {EXTENSION + SHORT_WINDOW: short}},
        "spec": {"severity": tier.severity, "condition": burn_rate},
    }
    # Where policies cannot say it, whom a severity tells stands in the annotation about alerting.
    of_both = slo.alerting.targets
    return {
        "kind": "AlertPolicy",
        "metadata": {"name": name},
        "spec": {
            "alertWhenBreaching": True,
            "alertWhenNoData": slo.alerting.no_data,
            "conditions": [condition],
            "notificationTargets": list(map(_target, of_both or slo.alerting.told(tier.severity))),
        },
    }


def _target(target: NotificationTarget) -> dict[str, Any]:
    spec = {"target": target.target, **({"description": target.description} if target.description else {})}
    return {"kind": "AlertNotificationTarget", "metadata": {"name": target.name}, "spec": spec}
