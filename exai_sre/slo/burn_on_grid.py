"""The evaluation at which a burn tier's rule fires and resets, exact on the grid of evaluations.

Rules see time in steps, and a long window may be summed from recorded increases. An increase over
``r`` steps, recorded at each step, counts an event ``r`` times: once in each of the ``r`` recordings
that follow it. So a fault that begins at step 0 has been counted ``ramp(n)`` times at step ``n``, of
the ``r * n`` times that it will be: the ramp that delays recorded windows by ``(r - 1) / 2`` steps.
A window over raw series is the case ``r = 1``, so one formula serves both.

Derived in docs/guide/closed-form.md.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from exai_sre.slo.tiers import BurnTier
from exai_sre.slo.windows import HOUR, MINUTE

__all__ = ["Evaluation", "Fault", "detection_step", "ratio_at", "reset_step"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How rules look at a window.

    Attributes:
        step: seconds between two evaluations.
        recorded: whether windows over ``longest_raw`` are summed from recorded increases; otherwise
            every window is read from the raw series.
        increase: seconds of a recorded increase.
        longest_raw: longest window in seconds that is read from the raw series.
        closed: whether a range holds both of its ends, as before Prometheus 3.
    """

    step: int = MINUTE
    recorded: bool = True
    increase: int = 5 * MINUTE
    longest_raw: int = 2 * HOUR
    closed: bool = True

    def steps(self, seconds: int) -> int:
        """How many steps a duration has, rounded up."""
        return -(-seconds // self.step)

    @property
    def ramp(self) -> int:
        """How often a recorded event is counted: steps of an increase."""
        return self.steps(self.increase)


@dataclass(frozen=True, slots=True)
class Fault:
    """Constant traffic, of which from second 0 on a part is bad.

    Attributes:
        error_rate: share of bad events, 0..1.
        duration: seconds that it lasts; ``None`` for a lasting one.
        history: seconds of clean traffic before it, of which there is no record earlier; ``None`` for full windows.
        traffic: events per second; ``None`` for more than any minimum of failures needs.
    """

    error_rate: float | Decimal
    duration: int | None = None
    history: int | None = None
    traffic: float | Decimal | None = None


def detection_step(tier: BurnTier, budget: Decimal, fault: Fault, evaluation: Evaluation) -> int | None:
    """Seconds from the start of a fault to the first evaluation at which the tier fires; ``None`` if it never does.

    It may come after the end of the fault: a recorded window still counts up then, and a hold lasts
    on while both windows are above the threshold.

    Args:
        tier: the burn tier.
        budget: error budget, 0..1.
        fault: traffic and errors.
        evaluation: how the rules look at it.
    """
    rule = _Rule(tier, budget, fault, evaluation)
    span = _span(rule)
    return None if span is None else span[0] * evaluation.step


def reset_step(tier: BurnTier, budget: Decimal, fault: Fault, evaluation: Evaluation) -> int | None:
    """Seconds from the end of a fault to the first evaluation at which the tier no longer fires.

    ``None`` if it never fired, or if the fault does not end. Arguments as for :func:`detection_step`.
    """
    rule = _Rule(tier, budget, fault, evaluation)
    span = _span(rule)
    if span is None or span[1] is None or rule.end is None:
        return None
    return (span[1] - rule.end) * evaluation.step


def ratio_at(window: int, seconds: int, fault: Fault, evaluation: Evaluation) -> Fraction:
    """The error ratio of a window at an evaluation, exact; 0..1.

    Args:
        window: the window in seconds.
        seconds: moment of the evaluation, counted from the start of the fault.
        fault: traffic and errors.
        evaluation: how the rules look at it.
    """
    view = _View(fault, evaluation)
    bad, total = view.counts(window, evaluation.steps(seconds))
    return view.rate * bad / total


def _span(rule: _Rule) -> tuple[int, int | None] | None:
    """The steps at which the tier begins to fire, and first no longer does; ``None`` if it never fires."""
    begun = _detected(rule)
    if begun is None:
        return None
    # An alert fires at the first evaluation that is its hold later than the one which found its condition true.
    fires = begun + rule.hold
    if rule.end is None:
        return fires, None
    cleared = _cleared(rule, begun, rule.end)
    return (fires, cleared) if fires < cleared else None


def _cleared(rule: _Rule, begun: int, end: int) -> int:
    """The first step after the fault at which the condition does not hold."""
    # After that many steps the short window holds nothing of the fault.
    silent = range(max(begun, end), end + rule.evaluation.steps(rule.short) + rule.evaluation.ramp + 2)
    return silent[bisect_left(silent, 1, key=lambda step: int(not rule.fires(step)))]


def _detected(rule: _Rule) -> int | None:
    lasting = range(1, rule.latest + 1)
    # Until the fault ends, the share of bad events only grows, so the first firing step can be bisected.
    found = bisect_left(lasting, 1, key=lambda step: int(rule.fires(step)))
    if found < len(lasting):
        return lasting[found]
    after = range(rule.latest + 1, rule.latest + rule.evaluation.ramp + 1)
    return next((step for step in after if rule.fires(step)), None)


class _View:
    """What windows hold of a fault, as functions of the step counted from its start."""

    def __init__(self, fault: Fault, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.rate = Fraction(str(fault.error_rate))
        self.end = None if fault.duration is None else evaluation.steps(fault.duration)
        self._history = None if fault.history is None else evaluation.steps(fault.history)

    def counts(self, window: int, step: int) -> tuple[int, int]:
        """Steps of the fault and all steps in a window, each counted as often as it was recorded."""
        evaluation = self.evaluation
        recorded = evaluation.recorded and window > evaluation.longest_raw
        ramp = evaluation.ramp if recorded else 1
        samples = evaluation.steps(window) + (1 if recorded and evaluation.closed else 0)
        total = ramp * samples if self._history is None else _seen(step + self._history, samples, ramp)
        return self.bad(step, samples, ramp), total

    def bad(self, step: int, samples: int, ramp: int) -> int:
        """Steps of the fault in the last ``samples`` recordings of ``ramp`` steps each."""
        since_end = 0 if self.end is None else _seen(step - self.end, samples, ramp)
        return _seen(step, samples, ramp) - since_end


class _Rule:
    """The condition of a tier as a function of the step counted from the start of the fault."""

    def __init__(self, tier: BurnTier, budget: Decimal, fault: Fault, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self._view = _View(fault, evaluation)
        self.end = self._view.end
        self.latest = evaluation.steps(tier.long) + evaluation.ramp + 1 if self.end is None else self.end
        self.short, self.hold = tier.short, evaluation.steps(tier.hold)
        self._tier = tier
        # Whole numbers compare many times as fast as fractions, and a rule is asked thousands of times.
        threshold, rate = Fraction(tier.threshold(budget)), self._view.rate
        self._bad_weight = rate.numerator * threshold.denominator
        self._all_weight = threshold.numerator * rate.denominator
        traffic = None if fault.traffic is None else Fraction(str(fault.traffic))
        self._bad_per_step = None if traffic is None else traffic * evaluation.step * rate

    def fires(self, step: int) -> bool:
        """Whether the condition holds: both windows are over the threshold and enough events failed."""
        return self._over(self._tier.long, step) and self._over(self._tier.short, step) and self._failures(step)

    def _over(self, window: int, step: int) -> bool:
        bad, total = self._view.counts(window, step)
        return self._bad_weight * bad > self._all_weight * total

    def _failures(self, step: int) -> bool:
        """Whether the minimum of failures is met: within one increase lately, or in the long window."""
        least = self._tier.min_failures
        if not least or self._bad_per_step is None:
            return True
        evaluation, closed = self.evaluation, 1 if self.evaluation.closed else 0
        bad, ramp = self._view.bad, evaluation.ramp
        quick = max(bad(step - back, ramp, 1) for back in range(ramp + closed))
        slow = bad(step, evaluation.steps(self._tier.long) + closed, ramp)
        counted, per_step = max(quick * ramp, slow), self._bad_per_step
        return 2 * counted * per_step.numerator > (2 * least - 1) * ramp * per_step.denominator


def _seen(step: int, samples: int, ramp: int) -> int:
    """What the last ``samples`` recordings count of events that began at step 0."""
    return _ramped(step, ramp) - _ramped(step - samples, ramp)


def _ramped(step: int, ramp: int) -> int:
    """Sum over all recordings up to ``step`` of the steps that each of them counts."""
    if step <= 0:
        return 0
    if step < ramp:
        return step * (step + 1) // 2
    return ramp * step - ramp * (ramp - 1) // 2
