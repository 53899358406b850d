"""Alerts that guard an SLO: one per burn tier, then those about its whole budget and its data."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from exai_sre.generate.alert import Alert, Guidance
from exai_sre.generate.budget_alerts import exhausted_alert, forecast_alert
from exai_sre.generate.failure_gate import counts_failures, enough_failures
from exai_sre.generate.measure.text import decimal_text
from exai_sre.generate.no_data_alert import no_data_alert
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.series import SlothLabel
from exai_sre.generate.slo_alert import SloAlert, over
from exai_sre.slo.model import BurnTier, EventsIndicator, Slo
from exai_sre.slo.windows import format_duration

__all__ = ["slo_alerts"]

_PERCENT: Final = Decimal("0.1")


def slo_alerts(slo: Slo, options: RuleOptions) -> list[Alert]:
    """The alerts of an SLO that its definition wants.

    Each reachable tier from the fastest on, then the forecast, the exhausted budget and the absent data.
    """
    tiers = sorted(slo.tiers, key=lambda tier: -tier.factor)
    alerting = slo.alerting
    wanted = [tier for tier in tiers if alerting.notice(tier.severity).enabled]
    made = [_burn(slo, tier, options) for tier in wanted]
    if alerting.ticket.enabled:
        made += [*forecast_alert(slo, options), exhausted_alert(slo, options)]
    return [*made, no_data_alert(slo, options)] if alerting.no_data else made


def _burn(slo: Slo, tier: BurnTier, options: RuleOptions) -> Alert:
    long, short, factor = format_duration(tier.long), format_duration(tier.short), decimal_text(tier.factor)
    threshold = tier.threshold(slo.budget)
    limit = decimal_text(threshold)
    conditions = [over(slo, tier.short, limit), over(slo, tier.long, limit)]
    failures = tier.min_failures if counts_failures(slo) else 0
    if failures:
        conditions.append(enough_failures(slo, tier.long, failures, options))
    gate = f", {failures} or more of them" if failures else ""
    hold = f", for {format_duration(tier.hold)} on end" if tier.hold else ""
    return SloAlert(
        slo=slo,
        options=options,
        kind="burn",
        suffix="ErrorBudgetBurn",
        severity=tier.severity,
        expr="(\n  " + "\n  and\n  ".join(conditions) + "\n)",
        guidance=_burn_guidance(slo, tier, failures),
        summary=f"{slo.service} {slo.name} burns its error budget {factor} times as fast as allowed, or faster",
        description=f"{slo.display_name} (objective {decimal_text(slo.objective * 100)} %): more than "
        f"{decimal_text(threshold * 100)} % of the events of the last {long} and of the last {short} were bad"
        f"{gate}{hold}. "
        f"At steady traffic that is {_spent(slo, tier)} % of the error budget of {format_duration(slo.window)}.",
        labels={SlothLabel.TIER: tier.name},
        for_=tier.hold,
        tier=tier,
    ).made()


def _spent(slo: Slo, tier: BurnTier) -> str:
    return decimal_text((tier.factor * tier.long / slo.window * 100).quantize(_PERCENT))


def _burn_guidance(slo: Slo, tier: BurnTier, failures: int) -> Guidance:
    long, short = format_duration(tier.long), format_duration(tier.short)
    urgency = "Act now." if tier.severity == "page" else "Act within the working day."
    factor = decimal_text(tier.factor)
    gate = f", and the last {long} hold at least {failures} bad events" if failures else ""
    hold = f", and that has lasted for {format_duration(tier.hold)}" if tier.hold else ""
    return Guidance(
        meaning=f"{slo.description} The error budget of this objective is being spent {factor} times as fast as "
        f"allowed, or faster. {urgency}".strip(),
        steps=_burn_steps(slo),
        background=f"Fires while the last {long} and the last {short} are both above {factor} times the budget"
        f"{gate}{hold}, "
        f"and falls silent within {short} of the recovery. It has then cost {_spent(slo, tier)} % of the budget or "
        "more. On a service that was just started the windows hold only what there is, so it fires sooner.",
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
