"""Cases that feed an SLO's alerts with recorded series: thresholds, missing data, long windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.burn_alerts import NO_DATA_AFTER
from exai_sre.generate.promtool import AlertCheck, Case, ExprCheck, Firing, constant
from exai_sre.generate.series import Series, SlothLabel, ratio_name
from exai_sre.generate.synthetic import kinds
from exai_sre.generate.traffic_cases import fault_case, first_error_case, idle_case, recorded
from exai_sre.generate.windows import LONGEST_RAW, ratio_windows
from exai_sre.metrics import Catalog
from exai_sre.slo.model import BurnTier, EventsIndicator, Slo
from exai_sre.slo.windows import HOUR, MINUTE, format_duration

__all__ = ["WINDOWS_END", "slo_cases", "windows_case"]

WINDOWS_END: Final = 31 * 24 * HOUR
"""Moment of the check of long windows, seconds: later than the longest of them."""

_ABOVE, _BELOW = Decimal("1.01"), Decimal("0.99")
_PULSE: Final = 1000
"""Events of each burst in the check of long windows."""
_EDGE: Final = HOUR // 2
"""Seconds between a burst and the edge of its window."""


def slo_cases(slo: Slo, alerts: Sequence[Alert], catalog: Catalog | None = None) -> list[Case]:
    """The cases of one SLO: each of its alerts fires in one and is silent in another.

    Args:
        slo: the objective.
        alerts: its alerts.
        catalog: gives label values that the definition does not name.
    """
    burns = [alert for alert in alerts if alert.tier is not None]
    silent = next(alert for alert in alerts if alert.tier is None)
    cases = [_threshold_case(slo, burns), _no_data_case(burns, silent)]
    if isinstance(slo.indicator, EventsIndicator):
        traffic = kinds(slo.indicator, catalog)
        cases += [
            fault_case(slo, burns, silent, traffic),
            idle_case(slo, burns, silent, traffic),
            first_error_case(slo, traffic),
        ]
    return cases


def _threshold_case(slo: Slo, burns: Sequence[Alert]) -> Case:
    """A hair above and below each threshold, minute by minute: both windows, and each alone."""
    values: dict[int, list[Decimal]] = {window: [] for window in ratio_windows(slo)}
    checks: list[AlertCheck] = []
    for alert, tier in ((alert, alert.tier) for alert in burns if alert.tier):
        for long, short in ((_ABOVE, _ABOVE), (_BELOW, _BELOW), (_ABOVE, _BELOW), (_BELOW, _ABOVE)):
            at = len(checks) * MINUTE
            checks.append(AlertCheck(at, alert.name, [Firing(alert)] if long == short == _ABOVE else []))
            for window, row in values.items():
                row.append(_near(slo, tier, window, long, short))
    series = {
        recorded(slo, ratio_name(text), **{SlothLabel.WINDOW: text}): constant(*((value, 1) for value in row))
        for text, row in ((format_duration(window), row) for window, row in values.items())
    }
    return Case("each tier fires above its threshold in both windows, and only then", MINUTE, series, checks)


def _near(slo: Slo, tier: BurnTier, window: int, long: Decimal, short: Decimal) -> Decimal:
    factor = long if window == tier.long else short if window == tier.short else Decimal(0)
    return tier.threshold(slo.budget) * factor


def _no_data_case(burns: Sequence[Alert], silent: Alert) -> Case:
    return Case(
        "without data the burn alerts are silent, and that is reported",
        MINUTE,
        {},
        [
            AlertCheck(NO_DATA_AFTER - MINUTE, silent.name),
            AlertCheck(NO_DATA_AFTER + MINUTE, silent.name, [Firing(silent)]),
            AlertCheck(NO_DATA_AFTER + MINUTE, burns[0].name),
        ],
    )


def windows_case(slos: Sequence[Slo]) -> Case:
    """Bursts just inside and just outside each long window: each window sums its own and no other.

    Needs an evaluation at :data:`WINDOWS_END`, and rules of the ``recorded`` kind.
    """
    series: dict[str, str] = {}
    checks: list[ExprCheck] = []
    for slo in slos:
        windows = [window for window in ratio_windows(slo) if window > LONGEST_RAW]
        bursts = _bursts(windows)
        moments = range(0, WINDOWS_END + 1, _EDGE)
        series[recorded(slo, Series.TOTAL)] = _values(_PULSE * (moment in bursts) for moment in moments)
        series[recorded(slo, Series.ERRORS)] = _values(bursts.get(moment, 0) for moment in moments)
        for window in windows:
            text = format_duration(window)
            name = recorded(slo, ratio_name(text), **{SlothLabel.WINDOW: text})
            inside = [errors for moment, errors in bursts.items() if moment > WINDOWS_END - window]
            checks.append(ExprCheck(WINDOWS_END, name, {name: sum(inside) / (_PULSE * len(inside))}))
    return Case("each long window counts its own events and no others", _EDGE, series, exprs=checks)


def _bursts(windows: Sequence[int]) -> dict[int, int]:
    """Moments of the bursts with how many of their events are bad: more with each."""
    moments = (WINDOWS_END - window + side for window in windows for side in (_EDGE, -_EDGE))
    return {moment: errors for errors, moment in enumerate(moments, 1)}


def _values(numbers: Iterable[int]) -> str:
    return constant(*((Decimal(number), len(list(run))) for number, run in groupby(numbers)))
