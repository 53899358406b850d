"""Alerts that guard an SLO: one per burn tier, and one for data that stopped coming."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from exai_sre.generate.alert import Alert, Guidance, camel_case
from exai_sre.generate.grafana.identity import dashboard_uid
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promql import decimal_text
from exai_sre.generate.series import Series, SlothLabel, identity, identity_labels, own_labels, ratio_name
from exai_sre.slo.model import BurnTier, EventsIndicator, Slo
from exai_sre.slo.windows import format_duration

__all__ = ["NO_DATA_AFTER", "slo_alerts"]

NO_DATA_AFTER: Final = 600
"""Seconds without a total before it is reported: twice the recorded window, so a restart says nothing."""


def slo_alerts(slo: Slo, options: RuleOptions) -> list[Alert]:
    """The alerts of an SLO: each reachable tier from the fastest on, then absent data."""
    tiers = sorted(slo.tiers, key=lambda tier: -tier.factor)
    return [*(_burn(slo, tier, options) for tier in tiers), _no_data(slo, options)]


def _burn(slo: Slo, tier: BurnTier, options: RuleOptions) -> Alert:
    long, short, factor = format_duration(tier.long), format_duration(tier.short), decimal_text(tier.factor)
    threshold = tier.threshold(slo.budget)
    limit = decimal_text(threshold)
    alert = Alert(
        name=f"{camel_case(slo.id)}ErrorBudgetBurn",
        expr=f"(\n  {_over(slo, short, limit)}\n  and\n  {_over(slo, long, limit)}\n)",
        severity=tier.severity,
        guidance=_burn_guidance(slo, tier),
        topic=slo.service,
        labels={
            **own_labels(slo),
            **identity_labels(slo),
            SlothLabel.TIER: tier.name,
            SlothLabel.SEVERITY: tier.severity,
        },
        slo=slo,
        tier=tier,
    )
    return alert.made(
        options,
        f"{slo.service} {slo.name} burns its error budget {factor} times as fast as allowed, or faster",
        f"{slo.display_name} (objective {decimal_text(slo.objective * 100)} %): more than "
        f"{decimal_text(threshold * 100)} % of the events of the last {long} and of the last {short} were bad. "
        f"At steady traffic that is {_spent(slo, tier)} % of the error budget of {format_duration(slo.window)}.",
        _dashboard(slo),
    )


def _spent(slo: Slo, tier: BurnTier) -> str:
    return decimal_text((tier.factor * tier.long / slo.window * 100).quantize(Decimal("0.1")))


def _over(slo: Slo, window: str, threshold: str) -> str:
    return f"max({ratio_name(window)}{identity(slo)} > {threshold}) without (sloth_window)"


def _burn_guidance(slo: Slo, tier: BurnTier) -> Guidance:
    long, short = format_duration(tier.long), format_duration(tier.short)
    urgency = "Act now." if tier.severity == "page" else "Act within the working day."
    factor = decimal_text(tier.factor)
    return Guidance(
        meaning=f"{slo.description} The error budget of this objective is being spent {factor} times as fast as "
        f"allowed, or faster. {urgency}".strip(),
        steps=_burn_steps(slo),
        background=f"Fires while the last {long} and the last {short} are both above {factor} times the budget, and "
        f"falls silent within {short} of the recovery. It has then cost {_spent(slo, tier)} % of the budget or more. "
        "On a service that was just started the windows hold only what there is, so it fires sooner.",
    )


def _burn_steps(slo: Slo) -> tuple[str, ...]:
    slow = isinstance(slo.indicator, EventsIndicator) and slo.indicator.within is not None
    where = (
        "See which part is slow: the server itself (event loop lag, storage queries) or an upstream; an exemplar of "
        "a slow bucket leads to a trace."
        if slow
        else "Compare the outcomes: `error` and `overload` are ours, `upstream_error` is a provider's, `timeout` is "
        "either's; the log lines of failed operations carry the correlation id and the trace id."
    )
    return (
        "Open the dashboard of the objective and see since when the burn rate is up.",
        where,
        "If a release or a change of configuration stands at the beginning, take it back first.",
        "If a single upstream is at fault, follow the runbook of the upstreams: route around it.",
    )


def _no_data(slo: Slo, options: RuleOptions) -> Alert:
    alert = Alert(
        name=f"{camel_case(slo.id)}NoData",
        expr=f"absent({Series.TOTAL}{identity(slo)})",
        severity="ticket",
        guidance=Guidance(
            meaning=f"No event of the objective {slo.name} can be counted: its series do not exist. While this lasts, "
            "none of its burn alerts can fire.",
            steps=(
                "See whether Prometheus scrapes the service: `up` for its job, and the target's last error.",
                "See whether `/metrics` of the service still exports the instrument that the objective names.",
                "See whether the labels that the objective filters by were renamed.",
            ),
            background="An idle service does not cause this: its counters exist and stand still.",
        ),
        topic=slo.service,
        labels={**own_labels(slo), **identity_labels(slo)},
        for_=NO_DATA_AFTER,
        slo=slo,
    )
    return alert.made(
        options,
        f"{slo.service} {slo.name} has no data",
        f"{slo.display_name}: nothing to count for ten minutes or more; its burn alerts are blind.",
        _dashboard(slo),
    )


def _dashboard(slo: Slo) -> str:
    return f"/d/{dashboard_uid('slo-detail', [slo])}?var-slo={slo.id}"
