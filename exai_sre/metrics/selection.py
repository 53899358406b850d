"""Selecting series of an instrument by label: once as PromQL, once as a reading of the cells."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from exai_sre.metrics.bound import BoundCounter, BoundGauge, BoundHistogram
from exai_sre.metrics.family import Counter, Gauge, Histogram

__all__ = ["Matcher", "Selection"]


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label: its value is one of ``values``, or none of them.

    Attributes:
        label: label name.
        values: at least one value.
        negated: whether the values are excluded instead of required.
    """

    label: str
    values: tuple[str, ...]
    negated: bool = False

    @property
    def promql(self) -> str:
        """The condition as a PromQL label matcher."""
        if len(self.values) == 1:
            return f'{self.label}{"!=" if self.negated else "="}"{_quote(self.values[0])}"'
        pattern = "|".join(_escape(value) for value in self.values)
        return f'{self.label}{"!~" if self.negated else "=~"}"{_quote(pattern)}"'

    def admits(self, value: str) -> bool:
        """Whether a series with this label value is selected."""
        return (value in self.values) != self.negated


def _quote(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escape(value: str) -> str:
    return "".join(f"\\{char}" if char in r".+*?()|[]{}^$\\" else char for char in value)


class _Sum:
    """The sum of fixed words, added up again only when their bytes have changed.

    Comparing memory costs a tenth of adding it up, and most series are idle most of the time.
    """

    __slots__ = ("_seen", "_value", "_views")

    def __init__(self, views: list[memoryview[float]]) -> None:
        self._views = [view.cast("B") for view in views]
        self._seen = b""
        self._value = 0.0

    def read(self) -> float:
        now = b"".join(self._views)
        if now != self._seen:
            self._seen = now
            self._value = float(sum(array("d", now)))
        return self._value


class Selection:
    """The series of one family that satisfy all matchers, read without a collection.

    The list of series is looked up again only when the family has grown.

    Args:
        family: a counter or a histogram.
        matchers: conditions, all of which must hold.
    """

    def __init__(self, family: Counter | Gauge | Histogram, matchers: Sequence[Matcher] = ()) -> None:
        self._family = family
        names = family.instrument.label_names
        self._conditions = tuple((names.index(matcher.label), matcher) for matcher in matchers)
        self._size = -1
        self._sums: dict[int, _Sum] = {}
        self._all = len(family.instrument.buckets) + 1

    def _sum(self, words: int) -> float:
        """Sum over the first ``words`` words of each selected series."""
        if self._size != self._family.size:
            self._size = self._family.size
            self._sums = {}
        summed = self._sums.get(words)
        if summed is None:
            summed = self._sums[words] = _Sum([series.view(words) for series in self._selected()])
        return summed.read()

    def _selected(self) -> list[BoundCounter | BoundGauge | BoundHistogram]:
        return [
            series
            for series in self._family.series()
            if all(matcher.admits(series.values[at]) for at, matcher in self._conditions)
        ]

    def total(self) -> float:
        """Sum over the selected series: of values, or of observations for a histogram."""
        return self._sum(self._all)

    def within(self, bound: float) -> float:
        """Observations of at most ``bound``, which is a bucket bound of the histogram.

        Raises:
            ValueError: ``bound`` is no bucket bound.
        """
        return self._sum(self._family.instrument.buckets.index(bound) + 1)
