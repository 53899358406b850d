"""Metric families: an instrument with its series, keyed by label values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Generic, TypeVar

from exai_sre.errors import CatalogError
from exai_sre.metrics.bound import BoundCounter, BoundGauge, BoundHistogram, BoundSeries
from exai_sre.metrics.cells import Store
from exai_sre.metrics.instrument import OTHER, OVERFLOW, Instrument, Label

__all__ = ["Counter", "Family", "Gauge", "Histogram"]

BoundT = TypeVar("BoundT", bound=BoundSeries)


class Family(ABC, Generic[BoundT]):
    """The series of one instrument.

    Attributes:
        instrument: the declaration.
    """

    def __init__(self, instrument: Instrument, store: Store) -> None:
        self.instrument = instrument
        self._store = store
        self._series: dict[tuple[str, ...], BoundT] = {}
        self._seen: tuple[set[str], ...] = tuple(set() for _ in instrument.labels)
        self._names = instrument.label_names

    @abstractmethod
    def _bind(self, values: tuple[str, ...]) -> BoundT:
        """Make the series of these label values; called with the store's lock held."""

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
        with self._store.lock:
            admitted = tuple(
                self._admit(label, seen, value)
                for label, seen, value in zip(self.instrument.labels, self._seen, key, strict=True)
            )
            bound = self._series.get(admitted)
            if bound is None:
                bound = self._series[admitted] = self._bind(admitted)
            return bound

    @staticmethod
    def _admit(label: Label, seen: set[str], value: str) -> str:
        if label.values:
            return value if value in label.values else OTHER
        if value in seen or value == OVERFLOW:
            return value
        if len(seen) >= label.bound:
            return OVERFLOW
        seen.add(value)
        return value

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

    @property
    def size(self) -> int:
        """Number of series; it only grows."""
        return len(self._series)

    @property
    def shape(self) -> tuple[int, int]:
        """Changes when there are more series, or more in the store that have to be settled before a view is read."""
        return len(self._series), self._store.deferred

    def series(self) -> list[BoundT]:
        """All bound instruments, ordered by label values."""
        return [self._series[key] for key in sorted(self._series)]


class Counter(Family[BoundCounter]):
    """A family of counters."""

    def _bind(self, values: tuple[str, ...]) -> BoundCounter:
        return BoundCounter(values, self._store.allocate(BoundCounter.WORDS), self._store)


class Gauge(Family[BoundGauge]):
    """A family of gauges."""

    def _bind(self, values: tuple[str, ...]) -> BoundGauge:
        return BoundGauge(values, self._store.allocate(BoundGauge.WORDS), self._store)


class Histogram(Family[BoundHistogram]):
    """A family of histograms."""

    def _bind(self, values: tuple[str, ...]) -> BoundHistogram:
        bounds = self.instrument.buckets
        return BoundHistogram(values, self._store.allocate(BoundHistogram.words(bounds)), self._store, bounds)
