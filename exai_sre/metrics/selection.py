"""Selecting series of an instrument by label: once as PromQL, once as a reading of the cells."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from exai_sre.metrics.bound import BoundSeries
from exai_sre.metrics.family import Counter, Gauge, Histogram
from exai_sre.metrics.spelling import label_text, quoted

__all__ = ["Matcher", "Selection"]

_CLASS = re.compile(r"[1-5]\.\.", re.ASCII)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label: its value is one of ``values``, or none of them.

    A value of the form ``5..`` stands for every status code of that class, as in the idiom of
    PromQL: exporters write any of a hundred codes, and a list of them would miss the next one.

    Attributes:
        label: label name.
        values: at least one value or class of status codes.
        negated: whether the values are excluded instead of required.
    """

    label: str
    values: tuple[str, ...]
    negated: bool = False

    @property
    def promql(self) -> str:
        """The condition as a PromQL label matcher."""
        label = label_text(self.label)
        if len(self.values) == 1 and not _CLASS.fullmatch(self.values[0]):
            return f"{label}{'!=' if self.negated else '='}{quoted(self.values[0])}"
        pattern = "|".join(_escape(value) for value in self.values)
        return f"{label}{'!~' if self.negated else '=~'}{quoted(pattern)}"

    def admits(self, value: str) -> bool:
        """Whether a series with this label value is selected; of a class of codes, whether each of them is."""
        if not self.negated:
            return any(_covers(named, value) for named in self.values)
        return not any(_covers(named, value) or _covers(value, named) for named in self.values)


def _covers(named: str, value: str) -> bool:
    """Whether a named value is that value, or a class of status codes that holds it."""
    if named == value:
        return True
    return _CLASS.fullmatch(named) is not None and re.fullmatch(rf"{named[0]}\d\d", value, re.ASCII) is not None


def _escape(value: str) -> str:
    if _CLASS.fullmatch(value):
        return value
    return "".join(f"\\{char}" if char in r".+*?()|[]{}^$\\" else char for char in value)


class Selection:
    """The series of one family that satisfy all matchers, read without a collection.

    What satisfies further conditions is told apart from the rest in the same reading, so that a
    part is never larger than its whole even while other threads count. The list of series is
    looked up again only when the family has grown, and words are added up again only when their
    bytes have changed: comparing memory costs a tenth of adding it up, and most series are idle
    most of the time.

    Args:
        family: a counter or a histogram.
        matchers: conditions, all of which must hold.
        chosen: further conditions on the part.
        within: for a histogram, the bucket bound that the observations of the part do not exceed.

    Raises:
        ValueError: ``within`` is no bucket bound of the family, or a label is none of its labels.
    """

    def __init__(
        self,
        family: Counter | Gauge | Histogram,
        matchers: Sequence[Matcher] = (),
        *,
        chosen: Sequence[Matcher] = (),
        within: float | None = None,
    ) -> None:
        self._family = family
        names = family.instrument.label_names
        self._conditions = [(names.index(matcher.label), matcher) for matcher in matchers]
        self._chosen = [(names.index(matcher.label), matcher) for matcher in chosen]
        buckets = family.instrument.buckets
        self._all = len(buckets) + 1
        self._within = self._all if within is None else buckets.index(within) + 1
        self._shape = (-1, 0, 0)
        self._deferred: list[BoundSeries] = []
        self._words: list[memoryview[int]] = []
        self._cut = 0
        self._seen = b""
        self._read = (0.0, 0.0)

    def read(self) -> tuple[float, float]:
        """The part and the whole: sums of values, or numbers of observations for a histogram."""
        if self._shape != self._family.shape:
            self._look_up()
        self._family.settle()
        for series in self._deferred:
            series.settle()
        now = b"".join(self._words)
        if now != self._seen:
            self._seen = now
            numbers = array("d", now)
            part = float(sum(numbers[: self._cut]))
            self._read = (part, part + float(sum(numbers[self._cut :])))
        return self._read

    def _look_up(self) -> None:
        self._shape = self._family.shape
        self._deferred = []
        part: list[memoryview[float]] = []
        rest: list[memoryview[float]] = []
        for series in self._family.series():
            if not _hold(self._conditions, series.values):
                continue
            self._deferred += [series] if series.deferred else []
            words, cut = series.view(self._all), self._within if _hold(self._chosen, series.values) else 0
            part += [words[:cut]] if cut else []
            rest += [words[cut:]] if cut < self._all else []
        self._cut = sum(map(len, part))
        self._words = [view.cast("B") for view in (*part, *rest)]


def _hold(conditions: Sequence[tuple[int, Matcher]], values: tuple[str, ...]) -> bool:
    return all(matcher.admits(values[at]) for at, matcher in conditions)
