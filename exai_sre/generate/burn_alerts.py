"""Alerts that guard an SLO: one per burn tier, and one for data that stopped coming."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from exai_sre.generate.alert import Alert, Guidance, camel_case
from exai_sre.generate.grafana.identity import dashboard_uid
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promql import decimal_text
from exai_sre.generate.series import Series, SlothLabel, identity, identity_labels, ratio_name
from exai_sre.slo.model import BurnTier, Slo
from exai_sre.slo.windows import format_duration

__all__ = ["NO_DATA_AFTER", "slo_alerts"]

NO_DATA_AFTER: Final = 600
"""Seconds without a total before it is reported: twice the recorded window, so a restart says nothing."""


def slo_alerts(slo: Slo, options: RuleOptions) -> list[Alert]:
    """The alerts of an SLO: each reachable tier from the fastest on, then absent data."""
    tiers = sorted(slo.tiers, key=lambda tier: -tier.factor)
    return [*(_burn(slo, tier, options) for tier in tiers), _no_data(slo, options)]


def _burn(slo: Slo, tier: BurnTier, options: RuleOptions) -> Alert:
    long, short = format_duration(tier.long), format_duration(tier.short)
    threshold, budget = decimal_text(tier.threshold(slo.budget)), decimal_text(slo.budget * 100)
    spent = decimal_text((tier.factor * tier.long / slo.window * 100).quantize(Decimal("0.1")))
    period = format_duration(slo.window)
    shown = decimal_text(slo.objective * 100)
    alert = Alert(
        name=f"{camel_case(slo.id)}ErrorBudgetBurn",
        expr=f"(\n  {_over(slo, short, threshold)}\n  and\n  {_over(slo, long, threshold)}\n)",
        severity=tier.severity,
        guidance=_burn_guidance(slo, tier, spent),
        topic=slo.service,
        labels={**identity_labels(slo), SlothLabel.TIER: tier.name, SlothLabel.SEVERITY: tier.severity},
        slo=slo,
        tier=tier,
    )
    return alert.made(
        options,
        f"{slo.service} {slo.name} burns its error budget at {decimal_text(tier.factor)} times the allowed rate or more",
        f"{slo.display_name or slo.name}: objective {shown} %, budget {budget} %. More than "
        f"{decimal_text(tier.threshold(slo.budget) * 100)} % of the events of the last {long} and of the last {short} were "
        f"bad; when this alert fires, at least {spent} % of the budget of {period} is spent.",
        _dashboard(slo),
    )


def _over(slo: Slo, window: str, threshold: str) -> str:
    return f"max({ratio_name(window)}{identity(slo)} > {threshold}) without (sloth_window)"


def _burn_guidance(slo: Slo, tier: BurnTier, spent: str) -> Guidance:
    long, short = format_duration(tier.long), format_duration(tier.short)
    urgency = "Act now." if tier.severity == "page" else "Act within the working day."
    return Guidance(
        meaning=f"{slo.description} The budget of this objective is being spent {decimal_text(tier.factor)} times as fast "
        f"as it may be, or faster. {urgency}",
        steps=(
            "Open the dashboard of the objective and see since when the burn rate is up.",
            "Compare the outcomes: `error` and `overload` are ours, `upstream_error` is a provider's, `timeout` is "
            "either's; the log lines of failed operations carry the correlation id and the trace id.",
            "If a release or a change of configuration stands at the beginning, take it back first.",
            "If a single upstream fails, see the runbook of the upstreams: route around it.",
        ),
        background=f"Fires while both the last {long} and the last {short} are above {decimal_text(tier.factor)} x budget, "
        f"and falls silent within {short} of the recovery. It has then cost {spent} % of the budget or more.",
    )


def _no_data(slo: Slo, options: RuleOptions) -> Alert:
    alert = Alert(
        name=f"{camel_case(slo.id)}NoData",
        expr=f"absent({Series.TOTAL}{identity(slo)})",
        severity="ticket",
        guidance=Guidance(
            meaning=f"No event of the objective {slo.display_name or slo.name!r} can be counted: its series do not exist. "
            "While this lasts, no burn alert of the objective can fire.",
            steps=(
                "See whether Prometheus scrapes the service: `up` for its job, and the target's last error.",
                "See whether `/metrics` of the service still exports the instrument that the objective names.",
                "See whether the labels that the objective filters by were renamed.",
            ),
            background="An idle service does not cause this: its counters exist and stand still.",
        ),
        topic=slo.service,
        labels=identity_labels(slo),
        for_=NO_DATA_AFTER,
        slo=slo,
    )
    return alert.made(
        options,
        f"{slo.service} {slo.name} has no data",
        f"{slo.display_name or slo.name}: nothing to count since ten minutes or more; its burn alerts are blind.",
        _dashboard(slo),
    )


def _dashboard(slo: Slo) -> str:
    return f"/d/{dashboard_uid('slo-detail', [slo])}?var-slo={slo.id}"
