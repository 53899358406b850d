"""The closed form on the grid of evaluations against a simulation of the recorded rules, minute by minute."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, repeat
from operator import gt, sub

from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.slo.burn_on_grid import Evaluation, Fault, detection_step, reset_step
from exai_sre.slo.tiers import BurnTier

MINUTE, HOUR = 60, 3600
CASES = 1000


def sliding(row: list[int], length: int) -> list[int]:
    """The sum of the last ``length`` entries at each entry."""
    sums = [*repeat(0, length), *accumulate(row)]
    return list(map(sub, sums[length:], sums))


class Simulation:
    """Traffic step by step, what the rules record of it at each, and when Prometheus would call the alert firing.

    All counts are whole numbers of steps: 1 for a step that was counted once.
    """

    def __init__(self, fault: Fault, evaluation: Evaluation, longest: int, until: int) -> None:
        """``longest``: steps of the longest window; ``until``: steps that are simulated after the fault's start."""
        self.evaluation = evaluation
        clean = (fault.history or 0) // evaluation.step
        end = until if fault.duration is None else fault.duration // evaluation.step
        earlier = longest + evaluation.ramp + 2
        self.first = earlier + clean
        self.bad = [0] * self.first + [1] * end + [0] * (until - end)
        self.total = [1 if fault.history is None else 0] * earlier + [1] * (clean + until)

    def counted(self, row: list[int], seconds: int) -> list[int]:
        """A window as its rule sums it: raw, or of increases recorded at each step."""
        evaluation = self.evaluation
        if not (evaluation.recorded and seconds > evaluation.longest_raw):
            return sliding(row, seconds // evaluation.step)
        ends = 1 if evaluation.closed else 0
        return sliding(sliding(row, evaluation.ramp), seconds // evaluation.step + ends)

    def over(self, seconds: int, share: Fraction) -> list[bool]:
        """At which steps more than a share of what a window counts is of the fault."""
        bad, total = self.counted(self.bad, seconds), self.counted(self.total, seconds)
        return list(map(gt, map(share.denominator.__mul__, bad), map(share.numerator.__mul__, total)))

    def enough(self, long: int, least: Fraction) -> list[bool]:
        """At which steps that many steps of the fault are in a late increase, or recorded in the long window."""
        evaluation, ends = self.evaluation, 1 if self.evaluation.closed else 0
        ramp = evaluation.ramp
        increases = sliding(self.bad, ramp)
        late = map(max, *([0] * back + increases for back in range(ramp + ends)))
        summed = sliding(increases, long // evaluation.step + ends)
        limit = least * ramp // 1
        return [few * ramp > limit or many > limit for few, many in zip(late, summed, strict=True)]


def simulated(
    tier: BurnTier, budget: Decimal, fault: Fault, evaluation: Evaluation, until: int
) -> tuple[int | None, int | None]:
    """First firing after the start, and first silence after that and after the end, both in steps from the start."""
    rate = Fraction(str(fault.error_rate))
    simulation = Simulation(fault, evaluation, tier.long // evaluation.step, until)
    share = Fraction(tier.threshold(budget)) / rate
    conditions = [simulation.over(tier.long, share), simulation.over(tier.short, share)]
    if tier.min_failures and fault.traffic is not None:
        per_step = Fraction(str(fault.traffic)) * evaluation.step * rate
        conditions.append(simulation.enough(tier.long, (tier.min_failures - Fraction(1, 2)) / per_step))
    end = until if fault.duration is None else fault.duration // evaluation.step
    since = detected = None
    for step, holds in enumerate(map(all, zip(*(row[simulation.first :] for row in conditions), strict=True)), 1):
        since = (step if since is None else since) if holds else None
        if since is not None and detected is None and (step - since) * evaluation.step >= tier.hold:
            detected = step
        if detected is not None and step >= end and not holds:
            return detected, step
    return detected, None


@settings(max_examples=CASES, deadline=None)
@given(
    budget=st.sampled_from(["0.0001", "0.001", "0.005", "0.01", "0.05", "0.1"]).map(Decimal),
    factor=st.decimals("0.5", "20", places=1),
    long=st.integers(12, 240),
    part=st.integers(2, 12),
    severity=st.floats(1.001, 60),
    duration=st.one_of(st.none(), st.integers(1, 250)),
    history=st.one_of(st.none(), st.integers(1, 250)),
    recorded=st.booleans(),
    closed=st.booleans(),
    longest_raw=st.sampled_from([0, 30, 120]),
    gate=st.one_of(st.none(), st.tuples(st.integers(1, 12), st.floats(0.5, 100))),
    hold=st.one_of(st.just(0), st.integers(1, 30 * MINUTE)),
)
def test_alerts_fire_and_reset_at_the_evaluation_that_the_closed_form_says(
    budget: Decimal,
    factor: Decimal,
    long: int,
    part: int,
    severity: float,
    duration: int | None,
    history: int | None,
    recorded: bool,
    closed: bool,
    longest_raw: int,
    gate: tuple[int, float] | None,
    hold: int,
) -> None:
    short = max(2, long // part)
    failures, per_minute = gate or (0, 0.0)
    tier = BurnTier("t", factor, long * MINUTE, short * MINUTE, "page", failures, hold)
    rate = round(min(1.0, float(tier.threshold(budget)) * severity), 6)
    evaluation = Evaluation(MINUTE, recorded, 5 * MINUTE, longest_raw * MINUTE, closed)
    fault = Fault(
        rate,
        None if duration is None else duration * MINUTE,
        None if history is None else history * MINUTE,
        round(per_minute / 60, 4) if gate else None,
    )
    until = (duration or long + 10) + long + 20 + hold // MINUTE
    seen, silent = simulated(tier, budget, fault, evaluation, until)
    detected, reset = detection_step(tier, budget, fault, evaluation), reset_step(tier, budget, fault, evaluation)
    assert detected == (None if seen is None else seen * MINUTE)
    if duration is not None:
        assert reset == (None if silent is None or seen is None else (silent - duration) * MINUTE)
