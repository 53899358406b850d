"""The alert that an SLO has nothing to count."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.alert import Alert, Guidance
from exai_sre.generate.measure import Scope, measure_of
from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.series import Series, identity
from exai_sre.generate.slo_alert import SloAlert
from exai_sre.slo.indicators import CompositeIndicator
from exai_sre.slo.model import MissingData, Slo

__all__ = ["NO_DATA_AFTER", "no_data_alert"]

NO_DATA_AFTER: Final = 600
"""Seconds without a total before it is reported: twice the recorded window, so a restart says nothing."""

_MEANWHILE: Final[dict[MissingData, str]] = {
    "excluded": "its burn alerts are blind",
    "good": "the time counts as good, so its burn alerts are blind",
    "bad": "the time counts as bad and spends its error budget",
}


def no_data_alert(slo: Slo, options: RuleOptions) -> Alert:
    """The alert that an SLO has nothing to count."""
    meanwhile = _MEANWHILE[slo.missing]
    return SloAlert(
        slo=slo,
        options=options,
        kind="no-data",
        suffix="NoData",
        severity="ticket",
        expr=f"absent({_counted(slo, options)})",
        guidance=Guidance(
            meaning=f"No event of the objective {slo.name} can be counted: its series do not exist. While this lasts, "
            f"{meanwhile}.",
            steps=(
                "See whether Prometheus scrapes the service: `up` for its job, and the target's last error.",
                "See whether `/metrics` of the service still exports the instrument that the objective names.",
                "See whether the labels that the objective filters by were renamed.",
            ),
            background="An idle service does not cause this: its counters exist and stand still.",
        ),
        summary=f"{slo.service} {slo.name} has no data",
        description=f"{slo.display_name}: nothing to count for ten minutes or more; {meanwhile}.",
        for_=NO_DATA_AFTER,
    ).made()


def _counted(slo: Slo, options: RuleOptions) -> str:
    """All events of five minutes: as recorded, unless something is recorded in place of missing ones."""
    if slo.missing == "excluded":
        return f"{Series.TOTAL}{identity(slo)}"
    interval, indicator = options.slo_interval, slo.indicator
    if not isinstance(indicator, CompositeIndicator):
        return measure_of(indicator, Scope(slo, interval)).total(BASE, "increase")
    parts = [(part.indicator, Scope(slo, interval, component=part.name)) for part in indicator.components]
    # As long as one component has data, the composite has.
    return "\n  or\n  ".join(measure_of(part, scope).total(BASE, "increase") for part, scope in parts)
