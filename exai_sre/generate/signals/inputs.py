"""Counters, gauges against a threshold, and ready-made ratios that follow a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from exai_sre.generate.measure.text import decimal_text
from exai_sre.generate.promtool import constant
from exai_sre.generate.signals.shape import Counts, Script, Signal
from exai_sre.generate.synthetic_kind import Kind, Verdict
from exai_sre.generate.traffic_cases import counters_of
from exai_sre.slo.indicators import GaugeIndicator

__all__ = ["CounterSignal", "GaugeNames", "GaugeSignal", "RatioSignal", "ReadySignal"]

_EVENTS: Final = Decimal(100)
_INSTANCES: Final = 2
"""Values of a gauge, of which one is bad in bad evaluations."""
_BAD_RATIO: Final = Decimal("0.25")
"""A ready-made error ratio in bad evaluations."""


@dataclass(frozen=True, slots=True)
class GaugeNames:
    """Series of one metric.

    Attributes:
        counted: those that the query sees, of the group that is looked at.
        refused: those that it must not see.
        of_others: those of another group.
    """

    counted: Sequence[str]
    refused: Sequence[str] = ()
    of_others: Sequence[str] = ()


class CounterSignal(Signal):
    """Events that counters count: a share of them is bad in bad evaluations."""

    def __init__(self, script: Script, traffic: Sequence[Kind], share: Decimal) -> None:
        """Take kinds of events, good and bad ones among them, and the share of bad ones, 0 to 1."""
        super().__init__(script)
        self._traffic, self._share = traffic, share

    def series(self) -> Mapping[str, str]:
        """The counters of all kinds."""
        script = self.script
        bad = _EVENTS * self._share
        # What a counter's first sample of a stretch adds is still counted by the stretch before.
        stretches = script.begin, script.length, script.last + 1 - script.begin - script.length
        rates: dict[Verdict, list[Decimal]] = {
            "good": [_EVENTS, _EVENTS - bad, _EVENTS],
            "bad": [Decimal(0), bad, Decimal(0)],
            "foreign": [_EVENTS] * len(stretches),
        }
        kept = [at for at, length in enumerate(stretches) if length]
        return counters_of(
            self._traffic,
            {verdict: [row[at] for at in kept] for verdict, row in rates.items()},
            [stretches[at] for at in kept],
        )

    def counts(self, steps: int, at: int) -> Counts | None:
        """The first sample is no event: nothing has increased yet."""
        whole = min(steps, at)
        if not whole:
            return None
        events, share = Fraction(_EVENTS), Fraction(self._share)
        return events * share * self.script.bad(at - whole + 1, at), events * whole


class RatioSignal(CounterSignal):
    """A ratio of two counters as somebody else's query: each moment weighs the same."""

    def counts(self, steps: int, at: int) -> Counts | None:
        """The ratio is what is bad of 1."""
        ratio = super().counts(steps, at)
        return (ratio[0] / ratio[1], Fraction(1)) if ratio else None


class GaugeSignal(Signal):
    """Two values against a threshold, of which one is bad in bad evaluations; others are foreign, and bad."""

    def __init__(self, script: Script, names: GaugeNames, indicator: GaugeIndicator, *, age: bool) -> None:
        """Take the series of the two values and those that do not count.

        Args:
            script: what to follow.
            names: the series.
            indicator: comparison and threshold.
            age: whether the series hold moments, and the query asks how long ago they were.
        """
        super().__init__(script)
        self._names, self._age = names, age
        # The threshold itself is good, or bad, where the comparison says so: nothing shows it better.
        at, beside = indicator.value, indicator.value + (1 if indicator.op in {"lt", "lte", "gt"} else -1)
        under = indicator.value - 1
        self._good, self._bad = {
            "lte": (at, beside),
            "gte": (at, beside),
            "lt": (under, at),
            "gt": (beside, at),
        }[indicator.op]

    def series(self) -> Mapping[str, str]:
        """The gauges, or the moments of which they are the age."""
        steady, failing = [self._good] * 3, [self._good, self._bad, self._good]
        names = self._names
        made = {names.counted[0]: self._row(steady), names.counted[1]: self._row(failing)}
        made |= dict.fromkeys(names.refused, self._row([self._bad] * 3))
        return made | dict.fromkeys(names.of_others, self._row(steady))

    def counts(self, steps: int, at: int) -> Counts:
        """Each evaluation counts, from the first sample on."""
        whole = min(steps, at + 1)
        return Fraction(self.script.bad(at - whole + 1, at)), Fraction(_INSTANCES * whole)

    def _row(self, values: Sequence[Decimal]) -> str:
        stretches = [pair for pair in zip(values, self.script.stretches, strict=True) if pair[1]]
        if not self._age:
            return constant(*stretches)
        parts, at = [], 0
        for age, length in stretches:
            moment = decimal_text(Decimal(at * self.script.step) - age)
            parts.append(f"{moment}+{self.script.step}x{length - 1}")
            at += length
        return " ".join(parts)


class ReadySignal(Signal):
    """A gauge of a ratio: what counts is its mean over the window."""

    def __init__(self, script: Script, names: GaugeNames, *, success: bool, labels: Mapping[str, str]) -> None:
        """Take the gauge.

        Args:
            script: what to follow.
            names: the series.
            success: whether it is the ratio of good events.
            labels: its labels, where they stay on the recorded series.
        """
        super().__init__(script)
        self._names, self._success, self._labels = names, success, labels

    @property
    def labels(self) -> Mapping[str, str]:
        """The mean over time keeps all labels of a gauge that nothing aggregates."""
        return self._labels

    def series(self) -> Mapping[str, str]:
        """The gauge, and foreign ones that are always bad."""
        values = [Decimal(0), _BAD_RATIO, Decimal(0)]
        row = [1 - value for value in values] if self._success else values
        stretches = [pair for pair in zip(row, self.script.stretches, strict=True) if pair[1]]
        names, length = self._names, self.script.last + 1
        made = {names.counted[0]: constant(*stretches)}
        made |= dict.fromkeys(names.refused, constant((Decimal(not self._success), length)))
        return made | dict.fromkeys(names.of_others, constant((Decimal(self._success), length)))

    def counts(self, steps: int, at: int) -> Counts:
        """A range holds the samples at both of its ends."""
        whole = min(steps, at) + 1
        return Fraction(_BAD_RATIO) * self.script.bad(at - whole + 1, at) / whole, Fraction(1)
