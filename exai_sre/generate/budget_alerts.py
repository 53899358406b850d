"""Alerts about the whole error budget of an SLO: it is spent, or will be soon."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from exai_sre.generate.alert import Alert, Guidance
from exai_sre.generate.failure_gate import counts_failures, enough_failures
from exai_sre.generate.measure.text import decimal_text
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.series import Series, identity, ratio_name
from exai_sre.generate.slo_alert import SloAlert, without_window
from exai_sre.slo.model import BurnTier, Slo
from exai_sre.slo.tiers import MIN_FAILURES_REST
from exai_sre.slo.windows import MINUTE, format_duration

__all__ = ["BUDGET_PATIENCE", "FORECAST_PART", "exhausted_alert", "forecast_alert", "forecast_limit", "forecast_tier"]

BUDGET_PATIENCE: Final = 15 * MINUTE
"""Seconds that a budget must be spent, or be about to, before it is told: nobody acts on it sooner."""
FORECAST_PART: Final = 10
"""The forecast looks a tenth of the SLO window ahead: 3 days of 30."""


def exhausted_alert(slo: Slo, options: RuleOptions) -> Alert:
    """The alert that the budget of the whole window is spent."""
    period = format_duration(slo.window)
    return SloAlert(
        slo=slo,
        options=options,
        kind="exhausted",
        suffix="ErrorBudgetExhausted",
        severity="ticket",
        expr=without_window(f"{Series.REMAINING}{identity(slo)} <= 0"),
        guidance=Guidance(
            meaning=f"{slo.description} The events of the last {period} hold as many bad ones as the objective "
            "allows, or more: its error budget is spent.".strip(),
            steps=(
                "Open the dashboard of the objective and see what spent the budget.",
                "Do what the error budget policy says: usually no release but repairs until there is budget again.",
                "If the spending was no fault of the service, correct the budget with a reason instead of the target.",
            ),
            background=f"Falls silent when the bad events have left the window of {period}, or enough good ones came. "
            "It counts what has been recorded, so on a new service a single bad event may be the whole budget.",
        ),
        summary=f"{slo.service} {slo.name} has spent its error budget",
        description=f"{slo.display_name} (objective {decimal_text(slo.objective * 100)} %): nothing is left of the "
        f"error budget of {period}.",
        for_=BUDGET_PATIENCE,
    ).made()


def forecast_alert(slo: Slo, options: RuleOptions) -> list[Alert]:
    """The alert that the budget will soon be spent, or none where no tier has windows to judge the present by."""
    tier = forecast_tier(slo)
    if tier is None:
        return []
    period, ahead = format_duration(slo.window), format_duration(slo.window // FORECAST_PART)
    long, short = format_duration(tier.long), format_duration(tier.short)
    made = SloAlert(
        slo=slo,
        options=options,
        kind="forecast",
        suffix="ErrorBudgetForecast",
        severity="ticket",
        expr=_spent_soon(slo, tier, options),
        guidance=Guidance(
            meaning=f"{slo.description} At the rate of the last {long} the rest of the error budget of this objective "
            f"is spent within {ahead}.".strip(),
            steps=(
                "Open the dashboard of the objective and see since when the burn rate is up and what is left.",
                "Put off what risks more bad events: releases, migrations, experiments.",
                "See which failures are the most frequent and whether they can be stopped before the budget is gone.",
            ),
            background=f"Fires while some budget is left and the last {long} and {short} are both above the rate that "
            f"spends it within {ahead}. Bad events that leave the window of {period} meanwhile are not counted in "
            "its favour.",
        ),
        summary=f"{slo.service} {slo.name} will have spent its error budget within {ahead}",
        description=f"{slo.display_name} (objective {decimal_text(slo.objective * 100)} %): if the bad events go on "
        f"as in the last {long}, nothing is left of the error budget of {period} in {ahead} or less.",
        for_=BUDGET_PATIENCE,
    ).made()
    return [made]


def forecast_tier(slo: Slo) -> BurnTier | None:
    """The tier whose windows stand for the present: the slowest that pages, else the fastest of all."""
    pages = [tier for tier in slo.tiers if tier.severity == "page"]
    return min(pages, key=lambda tier: tier.factor) if pages else max(slo.tiers, key=_factor, default=None)


def forecast_limit(slo: Slo) -> Decimal:
    """Error ratio per remaining share of the budget that spends it in the time looked ahead."""
    return slo.budget * FORECAST_PART


def _ratio(slo: Slo, window: int) -> str:
    return without_window(f"{ratio_name(window)}{identity(slo)}")


def _factor(tier: BurnTier) -> Decimal:
    return tier.factor


def _spent_soon(slo: Slo, tier: BurnTier, options: RuleOptions) -> str:
    limit, left = decimal_text(forecast_limit(slo)), f"{Series.REMAINING}{identity(slo)}"
    conditions = [
        f"{_ratio(slo, tier.short)}\n  > {without_window(f'{left} > 0')} * {limit}",
        f"{_ratio(slo, tier.long)}\n  > {without_window(left)} * {limit}",
    ]
    if counts_failures(slo) and tier.min_failures:
        conditions.append(enough_failures(slo, tier.long, MIN_FAILURES_REST, options))
    return "(\n  " + "\n  and\n  ".join(conditions) + "\n)"
