"""The closed form on the grid of evaluations against a simulation of the recorded rules, minute by minute."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.slo.burn_on_grid import Evaluation, Fault, detection_step, reset_step
from exai_sre.slo.tiers import BurnTier

MINUTE, HOUR = 60, 3600
CASES = 1000


class Window:
    """Bad and all events of a window, as its rule counts them, fed one evaluation at a time."""

    def __init__(self, seconds: int, evaluation: Evaluation, before: int) -> None:
        """``before``: events of each step before the first one that is fed."""
        recorded = evaluation.recorded and seconds > evaluation.longest_raw
        ramp = evaluation.ramp if recorded else 1
        length = self._length(seconds, evaluation, recorded=recorded)
        self._increase = deque([(0, before)] * ramp)
        self._samples = deque([(0, before * ramp)] * length)
        self._recent_bad, self._recent_total = 0, before * ramp
        self.bad, self.total = 0, before * ramp * length

    @staticmethod
    def _length(seconds: int, evaluation: Evaluation, *, recorded: bool) -> int:
        return seconds // evaluation.step + (1 if recorded and evaluation.closed else 0)

    def feed(self, bad: int, total: int) -> None:
        """One more step of traffic, then one more recording of an increase."""
        old_bad, old_total = self._increase.popleft()
        self._increase.append((bad, total))
        self._recent_bad += bad - old_bad
        self._recent_total += total - old_total
        gone_bad, gone_total = self._samples.popleft()
        self._samples.append((self._recent_bad, self._recent_total))
        self.bad += self._recent_bad - gone_bad
        self.total += self._recent_total - gone_total


class Gate:
    """The minimum of failures, as the rule counts it: the last increases, or their sum over the long window."""

    def __init__(self, tier: BurnTier, evaluation: Evaluation) -> None:
        self._least = tier.min_failures - Fraction(1, 2)
        self._ramp = evaluation.ramp
        ends = 1 if evaluation.closed else 0
        self._events = deque([Fraction(0)] * self._ramp, self._ramp)
        self._late = deque([Fraction(0)] * (self._ramp + ends), self._ramp + ends)
        self._summed = deque([Fraction(0)] * (tier.long // evaluation.step + ends))
        self._sum = Fraction(0)

    def open(self, bad: Fraction) -> bool:
        self._events.append(bad)
        increase = sum(self._events, Fraction(0))
        self._late.append(increase)
        self._sum += increase - self._summed.popleft()
        self._summed.append(increase)
        return max(self._late) > self._least or self._sum / self._ramp > self._least


def simulated(
    tier: BurnTier, budget: Decimal, fault: Fault, evaluation: Evaluation, until: int
) -> tuple[int | None, int | None]:
    """First firing after the start, and first silence after that and after the end, both in steps from the start."""
    rate, threshold = Fraction(str(fault.error_rate)), Fraction(tier.threshold(budget))
    parts = rate.denominator
    full = fault.history is None
    windows = [Window(seconds, evaluation, parts if full else 0) for seconds in (tier.long, tier.short)]
    gate = Gate(tier, evaluation) if tier.min_failures and fault.traffic is not None else None
    per_step = Fraction(str(fault.traffic or 0)) * evaluation.step
    clean = (fault.history or 0) // evaluation.step
    end = until if fault.duration is None else fault.duration // evaluation.step
    detected = None
    for step in range(1 - clean, until + 1):
        bad = 0 < step <= end
        for window in windows:
            window.feed(rate.numerator if bad else 0, parts)
        enough = gate is None or gate.open(per_step * rate if bad else Fraction(0))
        fires = enough and all(window.bad > threshold * window.total for window in windows)
        if step > 0 and fires and detected is None:
            detected = step
        if detected is not None and step >= end and not fires:
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
) -> None:
    short = max(2, long // part)
    failures, per_minute = gate or (0, 0.0)
    tier = BurnTier("t", factor, long * MINUTE, short * MINUTE, "page", failures)
    rate = round(min(1.0, float(tier.threshold(budget)) * severity), 6)
    evaluation = Evaluation(MINUTE, recorded, 5 * MINUTE, longest_raw * MINUTE, closed)
    fault = Fault(
        rate,
        None if duration is None else duration * MINUTE,
        None if history is None else history * MINUTE,
        round(per_minute / 60, 4) if gate else None,
    )
    until = (duration or long + 10) + long + 20
    seen, silent = simulated(tier, budget, fault, evaluation, until)
    detected, reset = detection_step(tier, budget, fault, evaluation), reset_step(tier, budget, fault, evaluation)
    assert detected == (None if seen is None else seen * MINUTE)
    if duration is not None:
        assert reset == (None if silent is None or seen is None else (silent - duration) * MINUTE)
