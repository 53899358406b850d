"""Metric families: an instrument with its series, keyed by label values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import insort
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from math import nan
from typing import Generic, TypeVar

from exai_sre.errors import CatalogError
from exai_sre.metrics.bound import BoundCounter, BoundGauge, BoundHistogram, BoundSeries
from exai_sre.metrics.cells import Cells, Store
from exai_sre.metrics.instrument import OTHER, OVERFLOW, Instrument
from exai_sre.metrics.journal import Journal
from exai_sre.metrics.label_guard import LabelGuard
from exai_sre.metrics.reading import Point, Reading

__all__ = ["Counter", "Family", "Gauge", "Histogram"]

BoundT = TypeVar("BoundT", bound=BoundSeries)


class Family(ABC, Generic[BoundT]):
    """The series of one instrument.

    Args:
        instrument: the declaration.
        store: where the values are kept.
        guard: cleans the values of open labels.
        journal: where writes wait.

    Attributes:
        instrument: the declaration.
    """

    def __init__(
        self,
        instrument: Instrument,
        store: Store,
        guard: LabelGuard | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.instrument = instrument
        self._store = store
        self._guard = guard or LabelGuard()
        self._journal = journal or Journal()
        self._series: dict[tuple[str, ...], BoundT] = {}
        self._ordered: list[tuple[str, ...]] = []
        self._elsewhere: set[tuple[str, ...]] = set()
        self._forgotten = 0
        self._seen: tuple[set[str], ...] = tuple(set() for _ in instrument.labels)
        self._allowed = tuple(frozenset(label.values) for label in instrument.labels)
        self._names = instrument.label_names

    @abstractmethod
    def _bind(self, values: tuple[str, ...]) -> BoundT:
        """Make the series of these label values; called with the store's lock held."""

    @property
    @abstractmethod
    def _words(self) -> int:
        """Words that a series takes."""

    def _cells(self, values: tuple[str, ...]) -> Cells:
        return self._store.allocate(self._words, self.instrument, values)

    def labels(self, **labels: str) -> BoundT:
        """The bound instrument for these label values, made on first use.

        Hold on to the result on a hot path. A value outside a closed set becomes ``_OTHER``;
        a value beyond an open label's bound becomes ``__overflow__``.

        Raises:
            CatalogError: a label is missing or unknown.
        """
        try:
            key = tuple([labels[name] for name in self._names])
        except KeyError:
            raise self._mismatch(labels) from None
        bound = self._series.get(key)
        if bound is not None and len(labels) == len(key):
            return bound
        if len(labels) != len(key):
            raise self._mismatch(labels)
        return self._make(key)

    def _mismatch(self, labels: Mapping[str, str]) -> CatalogError:
        return CatalogError(
            f"got labels {sorted(labels)}, declared are {sorted(self._names)}", instrument=self.instrument.name
        )

    def _make(self, key: tuple[str, ...]) -> BoundT:
        # Outside the lock: a redaction may count what it did in a series of the same store.
        judged = self._judge(key)
        with self._store.lock:
            bound = self._series.get(judged)
            return self._admit(judged) if bound is None else bound

    def _judge(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """The values that may stand in a series, whether or not there is room for one."""
        judged = []
        for name, allowed, value in zip(self._names, self._allowed, key, strict=True):
            if not isinstance(value, str):
                raise CatalogError(f"label {name} takes a text, got {value!r}", instrument=self.instrument.name)
            value = str.__str__(value)  # of an enumeration of texts, the text
            if allowed:
                judged.append(value if value in allowed else OTHER)
            else:
                judged.append(self._guard.clean(name, value))
        return tuple(judged)

    def _admit(self, key: tuple[str, ...]) -> BoundT:
        """The series of values that have none yet, or the one that stands for all the rest; with the lock held."""
        bound = self._series.get(self._admitted(key))
        if bound is not None:
            return bound
        # Only what looks like room for a new series needs to know of those of other processes, which take room too.
        with self._store.agreement(self.instrument) as elsewhere:
            for values in elsewhere:
                self._see(values)
                if values not in self._series:
                    self._elsewhere.add(values)
            return self._get_or_add(self._admitted(key))

    def _get_or_add(self, values: tuple[str, ...]) -> BoundT:
        bound = self._series.get(values)
        if bound is None:
            self._see(values)
            made = self._bind(values)
            bound = self._series.setdefault(values, made)
            if bound is made:  # and not of a finalizer that came in between
                self._elsewhere.discard(values)
                insort(self._ordered, values)
        return bound

    def adopt(self, values: tuple[str, ...]) -> BoundT:
        """The series of exactly these label values: another process has found room for it."""
        with self._store.lock:
            return self._get_or_add(values)

    def forget(self, values: tuple[str, ...]) -> None:
        """Show the series of these label values no more: no process has it."""
        with self._store.lock:
            if self._series.pop(values, None) is not None:
                self._ordered.remove(values)
                self._forgotten += 1

    def _admitted(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """The label values under which these are kept."""
        full = len(self._series) + len(self._elsewhere) >= self.instrument.most_series and key not in self._elsewhere
        return tuple(
            [
                value if self._allowed[at] or (not full and self._has_room(at, value)) else OVERFLOW
                for at, value in enumerate(key)
            ]
        )

    def _see(self, values: tuple[str, ...]) -> None:
        for seen, value in zip(self._seen, values, strict=True):
            if value != OVERFLOW:
                seen.add(value)

    def _has_room(self, at: int, value: str) -> bool:
        seen = self._seen[at]
        return value in seen or len(seen) < self.instrument.labels[at].bound

    def ensure(self, **labels: Iterable[str]) -> None:
        """Create the series of every combination at zero, so that the first event is not lost.

        A label that is left out takes its declared values; an open label must be given.

        Raises:
            CatalogError: an open label is missing or a label is unknown.
        """
        if not set(labels) <= set(self._names):
            raise self._mismatch(dict.fromkeys(labels, ""))
        choices = [tuple(labels.get(label.name, label.values)) for label in self.instrument.labels]
        if not all(choices):
            raise CatalogError("an open label needs its values to be created at zero", instrument=self.instrument.name)
        for key in product(*choices):
            self._make(key)

    def move(self) -> None:
        """Give every series new words in the store, at zero; with the store's lock held."""
        for key in self._ordered:
            self._series[key].move(self._cells(key))
            self._begin(self._series[key])

    def _begin(self, series: BoundT) -> None:
        """Give a series whose words are zero its first value."""

    def settle(self) -> None:
        """Add to the cells what waits for it, so that a view of them is up to date."""
        self._journal.settle()

    @property
    def size(self) -> int:
        """Number of series; it only grows."""
        return len(self._series)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Changes when there are more series, or more in the store that have to be settled before a view is read."""
        return len(self._series), self._forgotten, self._store.deferred

    def series(self) -> list[BoundT]:
        """All bound instruments, ordered by label values."""
        with self._store.lock:
            return [self._series[key] for key in self._ordered]

    def points(self) -> Iterator[Point]:
        """The numbers of all series, ordered by label values, each read when it is asked for."""
        self.settle()
        return (series.point() for series in self.series())

    def reading(self) -> Reading:
        """The instrument with its points, for a way out."""
        return Reading(self.instrument, self.points())


class Counter(Family[BoundCounter]):
    """A family of counters."""

    def _bind(self, values: tuple[str, ...]) -> BoundCounter:
        return BoundCounter(values, self._cells(values), self._store, self._journal)

    @property
    def _words(self) -> int:
        return BoundCounter.WORDS


class Gauge(Family[BoundGauge]):
    """A family of gauges."""

    def _bind(self, values: tuple[str, ...]) -> BoundGauge:
        made = BoundGauge(values, self._cells(values), self._store, self._journal)
        self._begin(made)
        return made

    def _begin(self, series: BoundGauge) -> None:
        # Among others' values, a zero that nobody has set would be the smallest or the largest.
        if self._store.direct and self.instrument.across != "sum":
            series.set(nan)

    @property
    def _words(self) -> int:
        return BoundGauge.WORDS


class Histogram(Family[BoundHistogram]):
    """A family of histograms."""

    def _bind(self, values: tuple[str, ...]) -> BoundHistogram:
        return BoundHistogram(values, self._cells(values), self._store, self.instrument.buckets, self._journal)

    @property
    def _words(self) -> int:
        return BoundHistogram.words(self.instrument.buckets)
