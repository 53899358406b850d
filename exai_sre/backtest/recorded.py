"""What Prometheus has recorded of SLOs at a moment: a few queries for all of them together."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from exai_sre.backtest.prometheus_api import PrometheusApi, Sample
from exai_sre.backtest.prometheus_api import Series as Stored
from exai_sre.backtest.promises import Promise
from exai_sre.generate.coverage import COVERAGE
from exai_sre.generate.series import Series, SlothLabel
from exai_sre.slo.windows import HOUR, MINUTE

__all__ = ["LOOKBACK", "Group", "Recorded", "read_recorded", "selector_of"]

LOOKBACK: Final = HOUR
"""Seconds in which the newest value of a series is looked for."""

_AT_ONCE: Final = (f"{Series.RATIO}.+", Series.OBJECTIVE, Series.REMAINING, COVERAGE)
_BATCH: Final = 50
"""SLOs that one query asks about."""

Group = tuple[tuple[str, str], ...]
"""Labels of a group, sorted; empty where an SLO has one budget."""


@dataclass(slots=True)
class Recorded:
    """What is recorded of one SLO, or of one group of it. Where several series tell, the worst counts.

    Attributes:
        ratios: error ratio by window, such as ``5m``; may be NaN.
        remaining: share of the budget left as recorded; may be NaN.
        objective: the objective that the rules in Prometheus were made of.
        age: seconds since the newest value; ``None`` where there was none in the last hour.
        freshest: the same over all groups of the SLO: an idle group is no broken pipeline.
        interval: seconds between two evaluations.
        coverage: share (0..1) of the window that was recorded; ``None`` where nothing was.
        alerts: severity of each firing alert by its tier, or by its name where it has none.
        increases: whether increases are recorded, of which a correction can be computed.
    """

    ratios: dict[str, float] = field(default_factory=dict)
    remaining: float | None = None
    objective: float | None = None
    age: float | None = None
    freshest: float | None = None
    interval: float = MINUTE
    coverage: float | None = None
    alerts: dict[str, str] = field(default_factory=dict)
    increases: bool = False

    def take(self, sample: Sample) -> None:
        """Keep a sample of one of the series that are read at once."""
        name, value = sample.labels["__name__"], sample.value
        if name == Series.REMAINING:
            self.remaining = _worse(self.remaining, value, -1)
        elif name == COVERAGE:
            self.coverage = _worse(self.coverage, value, -1)
        else:
            window = name.removeprefix(Series.RATIO)
            self.ratios[window] = _worse(self.ratios.get(window), value, 1)

    def seen(self, points: Sequence[tuple[float, float]], at: float) -> None:
        """Keep when a series had values lately."""
        age = at - points[-1][0]
        self.age = age if self.age is None else min(self.age, age)
        steps = [later[0] - earlier[0] for earlier, later in pairwise(points)]
        if steps:
            self.interval = statistics.median(steps)


def _worse(before: float | None, value: float, sign: int) -> float:
    """The worse of two: NaN before all, else the higher for a sign of 1, the lower for -1."""
    if before is None or math.isnan(value):
        return value
    return before if math.isnan(before) or before * sign >= value * sign else value


def read_recorded(api: PrometheusApi, promises: Sequence[Promise], at: float) -> dict[str, dict[Group, Recorded]]:
    """What is recorded of each SLO, by id and group; no group where nothing is.

    Args:
        api: the Prometheus.
        promises: what is asked about.
        at: seconds since the Unix epoch.

    Raises:
        PrometheusError: Prometheus did not answer.
    """
    books: dict[str, _Book] = {}
    for first in range(0, len(promises), _BATCH):
        part = {promise.id: _Book(promise) for promise in promises[first : first + _BATCH]}
        books |= part
        _read_values(api, part, at)
        _read_ages(api, part, Series.TOTAL, at)
        if blind := {name: book for name, book in part.items() if not book.dated}:
            _read_ages(api, blind, f"{Series.RATIO}5m", at)
        _read_coverage(api, part, at)
        _read_alerts(api, part, at)
    for book in books.values():
        book.compare_ages()
    return {name: book.groups for name, book in books.items()}


class _Book:
    """What is known of one SLO while it is being read."""

    def __init__(self, promise: Promise) -> None:
        self.promise = promise
        self.groups: dict[Group, Recorded] = {}
        self.static: Mapping[str, str] = {}
        self.dated = False

    def entry(self, labels: Mapping[str, str]) -> Recorded:
        """The group that a series belongs to."""
        return self.groups.setdefault(self._group(labels), Recorded())

    def compare_ages(self) -> None:
        """Tell every group how fresh the freshest is."""
        ages = [recorded.age for recorded in self.groups.values() if recorded.age is not None]
        for recorded in self.groups.values():
            recorded.freshest = min(ages, default=None)

    def _group(self, labels: Mapping[str, str]) -> Group:
        if self.promise.group_by is not None:
            return tuple((name, labels.get(name, "")) for name in sorted(self.promise.group_by))
        # Labels of the definition and of the Prometheus stand on the objective too; those of a group do not.
        own = (pair for pair in labels.items() if pair[0] not in self.static and not _GENERAL.fullmatch(pair[0]))
        return tuple(sorted(own))


_GENERAL: Final = re.compile(r"__name__|sloth_.*|alertname|alertstate|severity|burnrate_tier", re.ASCII)


def selector_of(name: str, ids: Iterable[str]) -> str:
    """A selector of a recorded series for SLOs by id."""
    chosen = "|".join(_pattern(one) for one in ids)
    return f'{name}{{{SlothLabel.ID}=~"{chosen}"}}'


def _pattern(text: str) -> str:
    """A text as an RE2 pattern within a PromQL string."""
    return re.escape(text).replace("\\-", "-").replace("\\", "\\\\").replace('"', '\\"')


def _read_values(api: PrometheusApi, books: Mapping[str, _Book], at: float) -> None:
    names = "|".join(_AT_ONCE)
    chosen = selector_of("", books).replace("{", f'{{__name__=~"{names}",', 1)
    samples = [(book, sample) for sample in api.query(chosen, at) for book in _book(books, sample.labels)]
    objectives: dict[str, float] = {}
    for book, sample in samples:
        if sample.labels["__name__"] == Series.OBJECTIVE:
            book.static = sample.labels
            objectives[book.promise.id] = sample.value
    for book, sample in samples:
        if sample.labels["__name__"] != Series.OBJECTIVE:
            book.entry(sample.labels).take(sample)
    for name, objective in objectives.items():
        for recorded in books[name].groups.values():
            recorded.objective = objective


def _book(books: Mapping[str, _Book], labels: Mapping[str, str]) -> Iterator[_Book]:
    book = books.get(labels.get(SlothLabel.ID, ""))
    if book is not None:
        yield book


def _read_ages(api: PrometheusApi, books: Mapping[str, _Book], name: str, at: float) -> None:
    for series in api.raw(selector_of(name, books), LOOKBACK, at):
        for book in _dated(books, series):
            recorded = book.entry(series.labels)
            recorded.seen(series.points, at)
            recorded.increases = name == Series.TOTAL
            book.dated = True


def _dated(books: Mapping[str, _Book], series: Stored) -> Iterator[_Book]:
    if series.points:
        yield from _book(books, series.labels)


def _read_coverage(api: PrometheusApi, books: Mapping[str, _Book], at: float) -> None:
    """Count the values of the window where the share is not recorded; stale series are found by it too."""
    spans = {name: book.promise.elapsed(at) for name, book in books.items() if _uncovered(book)}
    for window in sorted(set(spans.values())):
        asked = {name: books[name] for name, span in spans.items() if span == window}
        for sample in api.query(f"count_over_time({selector_of(Series.TOTAL, asked)}[{window}s])", at):
            for book in _book(asked, sample.labels):
                recorded = book.entry(sample.labels)
                recorded.coverage = min(sample.value * recorded.interval / window, 1.0)


def _uncovered(book: _Book) -> bool:
    return not book.groups or any(recorded.coverage is None for recorded in book.groups.values())


def _read_alerts(api: PrometheusApi, books: Mapping[str, _Book], at: float) -> None:
    chosen = selector_of("ALERTS", books).replace("{", '{alertstate="firing",', 1)
    for sample in api.query(chosen, at):
        labels = sample.labels
        for book in _book(books, labels):
            name = labels.get(SlothLabel.TIER) or labels.get("alertname", "")
            severity = labels.get(SlothLabel.SEVERITY) or labels.get("severity", "")
            book.entry(labels).alerts[name] = severity
