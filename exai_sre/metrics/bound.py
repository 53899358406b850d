"""Bound instruments: one series each, ready to write at the cost of a lock and an addition."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass

from exai_sre.context.trace import current_trace
from exai_sre.metrics.cells import EXEMPLAR_WORDS, Cells, Store

__all__ = ["BoundCounter", "BoundGauge", "BoundHistogram", "BoundSeries", "Exemplar"]

_LOW = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One sampled trace that fell into a bucket.

    Attributes:
        trace_id: 32 hexadecimal digits.
        value: the observed value, in the unit of the metric.
        time: seconds since the Unix epoch.
    """

    trace_id: str
    value: float
    time: float


class BoundSeries:
    """A series of one instrument: its label values and its words."""

    __slots__ = ("_doubles", "_lock", "_start", "_words", "values")

    def __init__(self, values: tuple[str, ...], cells: Cells, store: Store) -> None:
        self.values = values
        self._doubles = cells.doubles
        self._words = cells.words
        self._start = cells.start
        self._lock = store.lock

    def view(self, words: int) -> memoryview[float]:
        """A live view, to be read only, of the first ``words`` words: the value, or so many buckets."""
        return self._doubles[self._start : self._start + words]

    def _mark(self, at: int, value: float) -> None:
        """Keep an exemplar at word ``at`` if the running task is in a sampled trace."""
        trace = current_trace.get()
        if trace is None or not trace.sampled:
            return
        number = int(trace.trace_id, 16)
        self._words[at] = number >> 64
        self._words[at + 1] = number & _LOW
        self._doubles[at + 2] = value
        self._doubles[at + 3] = time.time()

    def _marked(self, at: int) -> Exemplar | None:
        high, low = self._words[at], self._words[at + 1]
        if not (high or low):
            return None
        return Exemplar(f"{high << 64 | low:032x}", self._doubles[at + 2], self._doubles[at + 3])


class BoundCounter(BoundSeries):
    """One counter series."""

    __slots__ = ()

    WORDS = 1 + EXEMPLAR_WORDS

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``, which must not be negative.

        Raises:
            ValueError: ``amount`` is negative or not a number.
        """
        if not amount >= 0:
            raise ValueError(f"a counter cannot be increased by {amount}")
        with self._lock:
            self._doubles[self._start] += amount
            self._mark(self._start + 1, amount)

    @property
    def value(self) -> float:
        """The count so far."""
        return float(self._doubles[self._start])

    total = value

    @property
    def exemplar(self) -> Exemplar | None:
        """The last sampled trace that increased this counter."""
        return self._marked(self._start + 1)


class BoundGauge(BoundSeries):
    """One gauge series."""

    __slots__ = ()

    WORDS = 1

    def set(self, value: float) -> None:
        """Set the gauge to ``value``."""
        self._doubles[self._start] = value

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``, which may be negative."""
        with self._lock:
            self._doubles[self._start] += amount

    def dec(self, amount: float = 1.0) -> None:
        """Subtract ``amount``."""
        self.inc(-amount)

    @property
    def value(self) -> float:
        """The current value."""
        return float(self._doubles[self._start])

    total = value


class BoundHistogram(BoundSeries):
    """One histogram series: a count per bucket, a sum, and an exemplar per bucket."""

    __slots__ = ("_bounds", "_exemplars", "_sum")

    def __init__(self, values: tuple[str, ...], cells: Cells, store: Store, bounds: tuple[float, ...]) -> None:
        super().__init__(values, cells, store)
        self._bounds = bounds
        self._sum = self._start + len(bounds) + 1
        self._exemplars = self._sum + 1

    @staticmethod
    def words(bounds: tuple[float, ...]) -> int:
        """Words that a histogram with these bounds takes."""
        return len(bounds) + 2 + (len(bounds) + 1) * EXEMPLAR_WORDS

    def observe(self, value: float) -> None:
        """Count ``value`` (in the unit of the metric) in its bucket."""
        bucket = bisect_left(self._bounds, value)
        with self._lock:
            self._doubles[self._start + bucket] += 1.0
            self._doubles[self._sum] += value
            self._mark(self._exemplars + bucket * EXEMPLAR_WORDS, value)

    @property
    def buckets(self) -> list[float]:
        """Observations per bucket, not cumulated, the infinite bucket last."""
        return list(self._doubles[self._start : self._sum])

    @property
    def sum(self) -> float:
        """Sum of all observed values."""
        return float(self._doubles[self._sum])

    @property
    def count(self) -> float:
        """Number of observations."""
        return float(sum(self._doubles[self._start : self._sum]))

    total = count

    def at_most(self, buckets: int) -> float:
        """Observations in the first ``buckets`` buckets."""
        return float(sum(self._doubles[self._start : self._start + buckets]))

    def exemplar(self, bucket: int) -> Exemplar | None:
        """The last sampled trace in that bucket, counted from 0."""
        return self._marked(self._exemplars + bucket * EXEMPLAR_WORDS)
