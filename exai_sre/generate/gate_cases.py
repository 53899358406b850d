"""Cases for the least numbers of failures: bursts at the edges of each window that counts them.

All ratios stand high, so that the number of failures alone decides. Each experiment is one evaluation,
later than the last by more than the longest window, so that experiments do not see each other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.budget_alerts import forecast_tier
from exai_sre.generate.failure_gate import counts_failures
from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.primed import primed
from exai_sre.generate.promtool import AlertCheck, Case, ExprCheck, Firing, active, spaced
from exai_sre.generate.series import Series
from exai_sre.generate.slo_cases import PLENTY, group_labels, recorded, recorded_ratio
from exai_sre.slo.model import BurnTier, Slo
from exai_sre.slo.tiers import MIN_FAILURES_REST
from exai_sre.slo.windows import HOUR

__all__ = ["gate_case", "gate_interval"]

_GRAIN: Final = BASE // 3
"""Seconds between two samples: a burst lies about that far inside or outside a window."""
_HALF, _HAIR = Decimal("0.5"), Decimal("0.1")

Gate = tuple[int, int]
"""A long window in seconds, and the least number of failures in it."""
Burst = tuple[int, Decimal]
"""Age in seconds at the evaluation, and the recorded bad events of five minutes."""


def gate_interval(slo: Slo) -> int:
    """Seconds between two experiments: more than any tier's window, and a whole number of samples."""
    longest = max((tier.long for tier in slo.tiers), default=0)
    return _aligned(longest + HOUR) + _GRAIN


def gate_case(slo: Slo, alerts: Sequence[Alert], options: RuleOptions, interval: int) -> Case | None:
    """The experiments of one SLO, or ``None`` where none of its alerts waits for failures.

    Args:
        slo: the objective.
        alerts: its alerts.
        options: the interval of evaluation.
        interval: seconds between two experiments, from :func:`gate_interval`.
    """
    if not counts_failures(slo) or slo.missing != "excluded":
        return None
    burns = {alert.title: (alert, _gate(alert.tier)) for alert in alerts if alert.tier}
    forecasts = {alert.title: (alert, _foreseen(slo)) for alert in alerts if alert.kind == "forecast"}
    repeats = Decimal(BASE) / options.slo_interval
    gates = dict.fromkeys(gate for _, gate in [*burns.values(), *forecasts.values()])
    bursts = list(dict.fromkeys(each for gate in gates for each in _bursts(gate, repeats)))
    if not bursts:
        return None
    checks: list[AlertCheck] = []
    pending: list[ExprCheck] = []
    waiting = any(alert.for_ for alert, _ in burns.values())
    for number, burst in enumerate(bursts, 1):
        at = number * interval
        waits = list(forecasts.values())
        if waiting:
            waits += burns.values()
        else:
            checks += _firing(slo, at, burns.values(), burst, repeats)
        # What waits before it fires is looked at for whether it is active at all.
        pending += [active(at, alert, expected=_passes(gate, burst, repeats)) for alert, gate in waits]
    title = "a tier fires when it has its least number of failures in five minutes or in its window"
    case = Case(title, _GRAIN, _series(slo, bursts, interval // _GRAIN), checks, pending)
    looked_at = [alert for alert, _ in (*burns.values(), *forecasts.values())]
    return primed(case, [slo], options, every=interval, times=len(bursts), alerts=looked_at)


def _firing(
    slo: Slo, at: int, burns: Collection[tuple[Alert, Gate]], burst: Burst, repeats: Decimal
) -> list[AlertCheck]:
    """What of each alert name fires in an experiment."""
    firing = [Firing(alert, group_labels(slo)) for alert, gate in burns if _passes(gate, burst, repeats)]
    names = dict.fromkeys(alert.name for alert, _ in burns)
    return [AlertCheck(at, name, [each for each in firing if each.alert.name == name]) for name in names]


def _foreseen(slo: Slo) -> Gate:
    """The gate of the forecast: that of its tier's window, if the tier has one."""
    present = forecast_tier(slo)
    return (present.long, MIN_FAILURES_REST) if present and present.min_failures else (0, 0)


def _series(slo: Slo, bursts: Sequence[Burst], per: int) -> dict[str, str]:
    # The storage takes no sample that is much older than the first one it was given, whichever that was.
    first = Decimal(0)
    series = {recorded(slo, Series.ERRORS): spaced(per, [(age // _GRAIN, value) for age, value in bursts], first)}
    high = [(0, PLENTY)] * len(bursts)
    windows = dict.fromkeys(window for tier in slo.tiers for window in (tier.long, tier.short))
    for window in windows:
        series[recorded_ratio(slo, window)] = spaced(per, high)
    # Half of the budget is left, so the forecast has something to foresee.
    series[recorded_ratio(slo, slo.window)] = spaced(per, [(0, slo.budget / 2)] * len(bursts))
    return series


def _gate(tier: BurnTier) -> Gate:
    return tier.long, tier.min_failures


def _bursts(gate: Gate, repeats: Decimal) -> list[Burst]:
    """Just enough and too few, within five minutes and within the window; then too old for either."""
    window, failures = gate
    if not failures:
        return []
    least = failures - _HALF
    made = [(2 * _GRAIN, least + _HAIR), (2 * _GRAIN, least), (BASE + _GRAIN, Decimal(failures))]
    inside = _aligned(window) - _GRAIN
    if inside <= BASE:
        return made
    outside = inside + 3 * _GRAIN
    return [*made, (inside, repeats * (least + _HAIR)), (inside, repeats * least), (outside, PLENTY * repeats)]


def _aligned(age: int) -> int:
    return age // _GRAIN * _GRAIN


def _passes(gate: Gate, burst: Burst, repeats: Decimal) -> bool:
    (window, failures), (age, value) = gate, burst
    least = failures - _HALF
    return not failures or (age <= window and value / repeats > least) or (age <= BASE and value > least)
