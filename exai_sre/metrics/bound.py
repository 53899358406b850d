"""Bound instruments: one series each, ready to write at the cost of a lock and an addition."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exai_sre.context.trace import current_trace
from exai_sre.metrics.cells import EXEMPLAR_WORDS, Cells, Store
from exai_sre.metrics.deferred import Notes, Ticks

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

    __slots__ = ("_doubles", "_lock", "_start", "_store", "_words", "values")

    def __init__(self, values: tuple[str, ...], cells: Cells, store: Store) -> None:
        self.values = values
        self._doubles = cells.doubles
        self._words = cells.words
        self._start = cells.start
        self._lock = store.lock
        self._store = store

    @property
    def deferred(self) -> bool:
        """Whether somebody writes to this series without a lock, so that it has to be settled before a view is read."""
        return False

    def settle(self) -> None:
        """Bring the words up to date with what was written without a lock."""

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

    __slots__ = ("_ticks",)

    WORDS = 1 + EXEMPLAR_WORDS

    def __init__(self, values: tuple[str, ...], cells: Cells, store: Store) -> None:
        super().__init__(values, cells, store)
        self._ticks: Ticks | None = None

    @property
    def deferred(self) -> bool:
        """Whether somebody holds on to :attr:`tick`."""
        return self._ticks is not None

    @property
    def tick(self) -> Callable[[], object]:
        """Adds one without a lock and without an exemplar: to be held on to, for the hottest paths. Atomic."""
        with self._lock:
            if self._ticks is None:
                self._ticks = Ticks()
                self._store.deferred += 1
        return self._ticks.add

    def settle(self) -> None:
        """Add the ticks so far to the count."""
        if self._ticks is not None:
            with self._lock:
                self._doubles[self._start] += self._ticks.take()

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
        self.settle()
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

    __slots__ = ("_bounds", "_exemplars", "_notes", "_sum")

    def __init__(self, values: tuple[str, ...], cells: Cells, store: Store, bounds: tuple[float, ...]) -> None:
        super().__init__(values, cells, store)
        self._bounds = bounds
        self._sum = self._start + len(bounds) + 1
        self._exemplars = self._sum + 1
        self._notes: Notes | None = None

    @property
    def deferred(self) -> bool:
        """Whether somebody holds on to :attr:`notes`."""
        return self._notes is not None

    @property
    def notes(self) -> Notes:
        """Takes observations without a lock and without exemplars: to be held on to, for the hottest paths.

        They are kept one by one until :meth:`settle`, which who notes many calls now and then.
        """
        with self._lock:
            if self._notes is None:
                self._notes = Notes()
                self._store.deferred += 1
        return self._notes

    def settle(self) -> None:
        """Sort what was noted into its buckets."""
        if self._notes is not None and self._notes.values:
            with self._lock:
                self._fill(self._notes.take())

    def _fill(self, ascending: Sequence[float]) -> None:
        below = 0
        for bucket, bound in enumerate(self._bounds):
            upto = bisect_right(ascending, bound, below)
            self._doubles[self._start + bucket] += upto - below
            below = upto
        self._doubles[self._start + len(self._bounds)] += len(ascending) - below
        self._doubles[self._sum] += sum(ascending)

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
        self.settle()
        return list(self._doubles[self._start : self._sum])

    @property
    def sum(self) -> float:
        """Sum of all observed values."""
        self.settle()
        return float(self._doubles[self._sum])

    @property
    def count(self) -> float:
        """Number of observations."""
        self.settle()
        return float(sum(self._doubles[self._start : self._sum]))

    total = count

    def at_most(self, buckets: int) -> float:
        """Observations in the first ``buckets`` buckets."""
        self.settle()
        return float(sum(self._doubles[self._start : self._start + buckets]))

    def exemplar(self, bucket: int) -> Exemplar | None:
        """The last sampled trace in that bucket, counted from 0."""
        return self._marked(self._exemplars + bucket * EXEMPLAR_WORDS)
