"""Slices of time that follow a script."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from exai_sre.generate.signals.shape import Counts, Signal

__all__ = ["SliceSignal"]


class SliceSignal(Signal):
    """What another signal says about each slice when the slice ends."""

    def __init__(self, inner: Signal, length: int, target: Decimal | None) -> None:
        """Take what is judged, the evaluations of a slice, and the share of good events that makes one good."""
        super().__init__(inner.script)
        self._inner, self._length, self._target = inner, length, target

    def series(self) -> Mapping[str, str]:
        """Those of what is judged."""
        return self._inner.series()

    def counts(self, steps: int, at: int) -> Counts | None:
        """A window shorter than a slice has its part of the last one that ended."""
        within = max(steps, self._length)
        ends = [end for end in range(max(0, at - within + 1), at + 1) if end % self._length == 0]
        verdicts = [verdict for verdict in map(self._verdict, ends) if verdict is not None]
        if not verdicts:
            return None
        part = Fraction(min(steps, self._length), self._length) if steps < self._length else Fraction(1)
        return part * sum(verdicts, Fraction(0)), part * len(verdicts)

    def _verdict(self, end: int) -> Fraction | None:
        ratio = self._inner.ratio(self._length, end)
        if ratio is None or self._target is None:
            return ratio
        return Fraction(ratio > 1 - Fraction(self._target))
