"""What the rules of an SLO record from made-up input, and when its tiers fire: exact on the grid of evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache

from exai_sre.generate.failure_gate import counts_failures
from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.signals.shape import Counts, Signal
from exai_sre.generate.windows import window_source
from exai_sre.slo.indicators import CompositeIndicator
from exai_sre.slo.model import BurnTier, Slo

__all__ = ["Recorded"]

_HALF = Fraction(1, 2)


class Recorded:
    """The recorded series of an SLO without stand-ins for missing data, by evaluation.

    Windows that are summed from tiles are not among them.
    """

    def __init__(self, slo: Slo, signals: Mapping[str, Signal], options: RuleOptions) -> None:
        """Take the signals by the names of components."""
        self._slo, self._options, self._step = slo, options, options.slo_interval
        self._signals = signals
        weights = {"": Decimal(1)}
        if isinstance(slo.indicator, CompositeIndicator):
            weights = {part.name: part.weight for part in slo.indicator.components}
        self._weights = {name: Fraction(weight) for name, weight in weights.items()}
        self.ratio = cache(self._ratio)
        self.base = cache(self._base)

    def part(self, name: str, window: int, at: int) -> Fraction | None:
        """The error ratio of a component over a window in seconds."""
        steps = window // self._step
        if window_source(self._slo, window, self._options.windows) != "increases":
            return self._signals[name].ratio(steps, at)
        found = [self.base_of(name, each) for each in range(max(0, at - steps), at + 1)]
        bad, total = (sum((each[side] for each in found if each), Fraction(0)) for side in (0, 1))
        return bad / total if total else None

    def base_of(self, name: str, at: int) -> Counts | None:
        """Bad and all events of five minutes of a component, at an evaluation."""
        return self._signals[name].counts(BASE // self._step, at)

    def fires(self, tier: BurnTier, at: int, hair: Decimal) -> bool:
        """Whether a tier fires at an evaluation, with its threshold times ``hair``."""
        held = -(-tier.hold // self._step)
        return at >= held and all(self._holds(tier, each, hair) for each in range(at - held, at + 1))

    def _ratio(self, window: int, at: int) -> Fraction | None:
        """The error ratio over a window in seconds, at an evaluation."""
        found = {name: self.part(name, window, at) for name in self._signals}
        known = {name: ratio for name, ratio in found.items() if ratio is not None}
        if not known:
            return None
        return sum((ratio * self._weights[name] for name, ratio in known.items()), Fraction(0)) / sum(
            (self._weights[name] for name in known), Fraction(0)
        )

    def _base(self, at: int) -> Counts | None:
        """Bad and all events of five minutes, at an evaluation."""
        found = [self.base_of(name, at) for name in self._signals]
        if not isinstance(self._slo.indicator, CompositeIndicator):
            return found[0]
        total = sum((each[1] for each in found if each), Fraction(0))
        ratio = self.ratio(BASE, at)
        return (ratio * total, total) if ratio is not None else None

    def _holds(self, tier: BurnTier, at: int, hair: Decimal) -> bool:
        limit = Fraction(tier.threshold(self._slo.budget) * hair)
        ratios = [self.ratio(window, at) for window in (tier.long, tier.short)]
        return all(ratio is not None and ratio > limit for ratio in ratios) and self._failures(tier, at, hair)

    def _failures(self, tier: BurnTier, at: int, hair: Decimal) -> bool:
        if not counts_failures(self._slo) or not tier.min_failures:
            return True
        least = (tier.min_failures - _HALF) * Fraction(hair)
        lately = [self._errors(each) for each in range(max(0, at - BASE // self._step), at + 1)]
        steps = tier.long // self._step
        summed = sum((self._errors(each) for each in range(max(0, at - steps), at + 1)), Fraction(0))
        return max(lately) > least or summed * self._step / BASE > least

    def _errors(self, at: int) -> Fraction:
        found = self.base(at)
        return found[0] if found else Fraction(0)
