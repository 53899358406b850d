"""Cases that drive an SLO's recorded series by hand: thresholds, the whole budget, missing data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.budget_alerts import BUDGET_PATIENCE, FORECAST_PART, forecast_limit, forecast_tier
from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.no_data_alert import NO_DATA_AFTER
from exai_sre.generate.promtool import AlertCheck, Case, ExprCheck, Firing, close_to, constant, series_name
from exai_sre.generate.series import (
    Series,
    SlothLabel,
    identity_labels,
    of_component,
    own_labels,
    ratio_name,
    window_text,
)
from exai_sre.generate.sli_rules import meta_rules
from exai_sre.generate.windows import ratio_windows
from exai_sre.slo.indicators import CompositeIndicator
from exai_sre.slo.model import BurnTier, Slo
from exai_sre.slo.windows import MINUTE

__all__ = [
    "PLENTY",
    "Part",
    "driven_cases",
    "group_labels",
    "inherited_window",
    "parts_of",
    "recorded",
    "recorded_labels",
    "recorded_ratio",
]

PLENTY: Final = Decimal(1000)
"""Bad events that satisfy every minimum of failures."""

_CONSTANT = re.compile(r"vector\(([0-9.]+)\)")
_ABOVE, _AT, _BELOW = Decimal("1.01"), Decimal(1), Decimal("0.99")
_LEFT: Final = Decimal("0.5")
"""Share of the budget that is left while the forecast is tried; exact as a float, so that its limit is."""
_PHASE: Final = BUDGET_PATIENCE // MINUTE + 3
"""Minutes of each state of the budget: longer than the patience of its alerts."""


def recorded(slo: Slo, name: str, **labels: str) -> str:
    """A recorded series of the SLO with all its labels."""
    return series_name(name, {**recorded_labels(slo), **labels})


def recorded_ratio(slo: Slo, window: int) -> str:
    """The recorded error ratio of a window in seconds."""
    return recorded(slo, ratio_name(window), **{SlothLabel.WINDOW: window_text(window)})


@dataclass(frozen=True, slots=True)
class Part:
    """What has recorded series of its own: an SLO, or a component of a composite.

    Attributes:
        slo: the objective.
        component: name of the component; empty for the SLO.
        added: labels that its input puts on its recorded series.
    """

    slo: Slo
    component: str = ""
    added: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its recorded series."""
        own = {SlothLabel.COMPONENT: self.component} if self.component else {}
        return {**recorded_labels(self.slo), **own, **self.added}

    def name(self, series: str) -> str:
        """Name of its series that is called so for an SLO."""
        return of_component(series) if self.component else series

    def recorded(self, series: str, **labels: str) -> str:
        """A recorded series with all its labels."""
        return series_name(self.name(series), {**self.labels, **labels})

    def ratio(self, window: int) -> str:
        """The recorded error ratio of a window in seconds."""
        return self.recorded(ratio_name(window), **{SlothLabel.WINDOW: window_text(window)})


def parts_of(slo: Slo) -> list[Part]:
    """The components of a composite, or the SLO itself."""
    if not isinstance(slo.indicator, CompositeIndicator):
        return [Part(slo)]
    return [Part(slo, component.name) for component in slo.indicator.components]


def recorded_labels(slo: Slo) -> dict[str, str]:
    """The labels of every recorded series of the SLO, of one of its groups where it has groups."""
    return {**own_labels(slo), **group_labels(slo), **identity_labels(slo)}


def group_labels(slo: Slo, value: str = "first") -> dict[str, str]:
    """The labels of one group of an SLO that has a budget per group."""
    return dict.fromkeys(slo.group_by, value)


def driven_cases(slo: Slo, alerts: Sequence[Alert]) -> list[Case]:
    """Cases for each of the SLO's alerts that fire it and let it be silent, whatever its indicator is.

    Where something stands in for missing data, only the alert about that is tried.
    """
    burns = [alert for alert in alerts if alert.kind == "burn"]
    kinds = {alert.kind: alert for alert in alerts if alert.kind != "burn"}
    if slo.missing != "excluded":
        # What is recorded in place of missing data leaves nothing to drive by hand.
        return [_no_data_case(kinds["no-data"], [])] if "no-data" in kinds else []
    cases = []
    if burns:
        cases.append(_threshold_case(slo, burns))
    if "exhausted" in kinds:
        cases.append(_budget_case(slo, kinds["exhausted"], kinds.get("forecast")))
    if "no-data" in kinds:
        cases.append(_no_data_case(kinds["no-data"], burns))
    return cases


def _threshold_case(slo: Slo, burns: Sequence[Alert]) -> Case:
    """A hair above, below and at each threshold, minute by minute: both windows, and each alone."""
    values: dict[int, list[Decimal]] = {window: [] for window in ratio_windows(slo)}
    checks: list[AlertCheck] = []
    minutes = 0
    for alert, tier in ((alert, alert.tier) for alert in burns if alert.tier):
        for long, short in ((_ABOVE, _ABOVE), (_BELOW, _BELOW), (_ABOVE, _AT), (_AT, _ABOVE)):
            # An alert that waits fires at the end of its patience; each state lasts as long.
            minutes += -(-alert.for_ // MINUTE) + 1
            fires = long == short == _ABOVE
            at = (minutes - 1) * MINUTE
            checks.append(AlertCheck(at, alert.name, [Firing(alert, group_labels(slo))] if fires else []))
            for window, row in values.items():
                row += [_near(slo, tier, window, long, short)] * (minutes - len(row))
    series = {recorded_ratio(slo, window): _steps(row) for window, row in values.items()}
    series[recorded(slo, Series.ERRORS)] = constant((PLENTY, minutes))
    return Case("each tier fires above its threshold in both windows, and only then", MINUTE, series, checks)


def _near(slo: Slo, tier: BurnTier, window: int, long: Decimal, short: Decimal) -> Decimal:
    factor = long if window == tier.long else short if window == tier.short else Decimal(0)
    return tier.threshold(slo.budget) * factor


def _budget_case(slo: Slo, exhausted: Alert, forecast: Alert | None) -> Case:
    """The budget in one state after the other, each for longer than the patience of its alerts."""
    tier = forecast_tier(slo)
    soon = forecast_limit(slo) * _LEFT
    some, none = slo.budget * (1 - _LEFT), slo.budget
    # Errors of the period, of the long and the short window, failures in five minutes, and what is told.
    gated = forecast is not None and Series.ERRORS in forecast.expr
    states: list[tuple[Decimal, Decimal, Decimal, Decimal, Alert | None]] = [
        (some, soon * _ABOVE, soon * _ABOVE, Decimal(0), None if gated else forecast),
        (some, soon * _ABOVE, soon * _ABOVE, PLENTY, forecast),
        (some, soon * _ABOVE, soon * _AT, PLENTY, None),
        (some, soon * _AT, soon * _ABOVE, PLENTY, None),
        (none, soon * _ABOVE, soon * _ABOVE, PLENTY, exhausted),
        (none * _BELOW, Decimal(0), Decimal(0), PLENTY, None),
        (none * _ABOVE, soon * _ABOVE, soon * _ABOVE, PLENTY, exhausted),
    ]
    lately = slo.budget * 2
    if not gated:
        del states[0]
    rows: dict[str, list[Decimal]] = {recorded_ratio(slo, slo.window): [], recorded(slo, Series.ERRORS): []}
    if tier is not None:
        rows |= {recorded_ratio(slo, tier.long): [], recorded_ratio(slo, tier.short): []}
    checks: list[AlertCheck] = []
    for number, (period, long, short, failures, told) in enumerate(states):
        for row, value in zip(rows.values(), (period, failures, long, short), strict=False):
            row.extend([value] * _PHASE)
        checks += _told(slo, number, told, [exhausted, *([forecast] if forecast else [])])
    series = {recorded_ratio(slo, 5 * MINUTE): constant((lately, _PHASE))}
    series |= {name: _steps(row) for name, row in rows.items()}
    return Case(
        f"the spent budget is told, and before that one that will be within a part of 1/{FORECAST_PART} of the window",
        MINUTE,
        series,
        checks,
        _meta_checks(slo),
    )


def _meta_checks(slo: Slo) -> list[ExprCheck]:
    """What is recorded about the objective, while half of the budget is left and it burns twice too fast."""
    checks = []
    for rule in meta_rules(slo):
        constant_value = _CONSTANT.fullmatch(rule["expr"])
        if constant_value:
            checks.append(close_to(MINUTE, rule["record"], rule["labels"], Decimal(constant_value[1])))
    for name, value in ((Series.CURRENT_BURN, Decimal(2)), (Series.PERIOD_BURN, _LEFT), (Series.REMAINING, 1 - _LEFT)):
        labels = {**recorded_labels(slo), **inherited_window(slo, name)}
        checks.append(close_to(MINUTE, name, labels, value))
    return checks


def inherited_window(slo: Slo, record: str) -> dict[str, str]:
    """The window in the labels of what is recorded about burn and budget, from the ratio that it is made of."""
    windows = {Series.CURRENT_BURN: BASE, Series.PERIOD_BURN: slo.window, Series.REMAINING: slo.window}
    return {SlothLabel.WINDOW: window_text(windows[record])} if record in windows else {}


def _told(slo: Slo, number: int, told: Alert | None, all_of_them: Sequence[Alert]) -> list[AlertCheck]:
    begin = number * _PHASE * MINUTE
    checks = []
    for alert in all_of_them:
        firing = [Firing(alert, group_labels(slo))] if alert is told else []
        if alert is told:
            checks.append(AlertCheck(begin + BUDGET_PATIENCE - MINUTE, alert.name))
        checks.append(
            AlertCheck(begin + (BUDGET_PATIENCE if alert is told else BUDGET_PATIENCE + MINUTE), alert.name, firing)
        )
    return checks


def _no_data_case(silent: Alert, burns: Sequence[Alert]) -> Case:
    return Case(
        "without data the burn alerts are silent, and that is reported",
        MINUTE,
        {},
        [
            AlertCheck(NO_DATA_AFTER - MINUTE, silent.name),
            AlertCheck(NO_DATA_AFTER, silent.name, [Firing(silent)]),
            *(AlertCheck(NO_DATA_AFTER, alert.name) for alert in burns[:1]),
        ],
    )


def _steps(row: Sequence[Decimal]) -> str:
    return constant(*((value, len(list(run))) for value, run in groupby(row)))
