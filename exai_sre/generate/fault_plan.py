"""A fault that fires every tier of an SLO within one short case, and the evaluations at which it does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Final

from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.windows import LONGEST_FINE, LONGEST_RAW
from exai_sre.slo.burn_on_grid import Evaluation, Fault, detection_step, reset_step
from exai_sre.slo.model import BurnTier, Slo

__all__ = ["CLEAN_STEPS", "FaultPlan", "evaluation_of", "plan_fault"]

CLEAN_STEPS: Final = 60
"""Evaluations of clean traffic before the fault: few, so that the tests are quick; the closed form knows it."""
_LEAST_BAD: Final = 100
"""Bad events per evaluation: more than any minimum of failures."""
_EVENTS: Final = 1000
_PARTS: Final = (*range(143, 200), *range(142, 100, -1))
"""Error rates that are tried, in hundredths of what the fastest tier needs."""
_GRAIN: Final = Decimal("1e-9")
_HAIR: Final = (Decimal("1.000001"), Decimal("0.999999"))
_RESETS_WITHIN: Final = 45
"""Evaluations after the fault within which a reset is waited for; slower ones would make the case long."""

_Moments = tuple[dict[str, int], dict[str, int], int]


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Clean traffic, then a fault, then clean traffic again; moments count evaluations from the first sample on.

    Attributes:
        step: seconds between two evaluations.
        error_rate: share of bad events during the fault, 0..1.
        events: all events between two evaluations.
        begin: last evaluation before the fault.
        end: last evaluation that sees the fault.
        fires: by the name of a tier, the first evaluation at which it fires.
        resets: by the name of a tier, the first evaluation at which it no longer fires, where that is soon.
    """

    step: int
    error_rate: Decimal
    events: Decimal
    begin: int
    end: int
    fires: dict[str, int]
    resets: dict[str, int]

    @property
    def last(self) -> int:
        """The last moment that is looked at."""
        return max(self.end, *self.fires.values(), *self.resets.values())


def evaluation_of(slo: Slo, options: RuleOptions) -> Evaluation:
    """How the rules of an SLO look at a window. What stands in for missing data is in recorded increases only."""
    longest = LONGEST_RAW if options.windows == "recorded" else LONGEST_FINE
    return Evaluation(options.slo_interval, increase=BASE, longest_raw=longest if slo.missing == "excluded" else BASE)


def plan_fault(slo: Slo, tiers: list[BurnTier], options: RuleOptions) -> FaultPlan:
    """A fault whose moments are the same if its error rate is a hair larger or smaller.

    It is about half as bad again as the fastest tier needs, or total where that is more than all events.
    A threshold met exactly at an evaluation would be decided by the rounding of floats.
    """
    evaluation = evaluation_of(slo, options)
    rate, (fires, resets, duration) = _chosen(slo, tiers, evaluation)
    events = max(Decimal(_EVENTS), (_LEAST_BAD / rate).to_integral_value(ROUND_UP))
    return FaultPlan(
        step=evaluation.step,
        error_rate=rate,
        events=events,
        begin=CLEAN_STEPS,
        end=CLEAN_STEPS + duration,
        fires={name: CLEAN_STEPS + at for name, at in fires.items()},
        resets={name: CLEAN_STEPS + duration + at for name, at in resets.items() if at <= _RESETS_WITHIN},
    )


def _chosen(slo: Slo, tiers: list[BurnTier], evaluation: Evaluation) -> tuple[Decimal, _Moments]:
    fastest = max(tier.threshold(slo.budget) for tier in tiers)
    rates = dict.fromkeys(min(Decimal(1), (fastest * part / 100).quantize(_GRAIN, ROUND_UP)) for part in _PARTS)
    plans = []
    for rate in rates:
        found = _moments(slo, tiers, rate, evaluation)
        if found and all(_moments(slo, tiers, rate * side, evaluation) == found for side in _HAIR):
            return rate, found
        if found:
            plans.append((rate, found))
    # All lie on the grid, which windows with hardly any history can make so; their counts are small and exact.
    return plans[0]


def _moments(slo: Slo, tiers: list[BurnTier], rate: Decimal, evaluation: Evaluation) -> _Moments | None:
    """Evaluations from the fault's start to each alert, from its end to each reset, and its length."""
    step, history = evaluation.step, CLEAN_STEPS * evaluation.step
    lasting = Fault(rate, history=history)
    detected = {tier.name: detection_step(tier, slo.budget, lasting, evaluation) for tier in tiers}
    fires = {name: at // step for name, at in detected.items() if at is not None}
    if len(fires) < len(tiers):
        return None
    duration = max(fires.values()) + 2
    brief = Fault(rate, duration * step, history)
    ended = {tier.name: reset_step(tier, slo.budget, brief, evaluation) for tier in tiers}
    return fires, {name: at // step for name, at in ended.items() if at is not None}, duration
