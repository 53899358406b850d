"""Bound instruments: one series each, ready to write at the cost of a lock and an addition."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from struct import Struct

from exai_sre.context.trace import TraceContext, current_trace
from exai_sre.metrics.cells import EXEMPLAR_WORDS, WORD, Cells, Store
from exai_sre.metrics.deferred import Notes, Ticks
from exai_sre.metrics.exemplar import Exemplar, exemplar_of, write_exemplar
from exai_sre.metrics.journal import MOST_WAITING, Journal, TracedEntry
from exai_sre.metrics.reading import Point

__all__ = ["BoundCounter", "BoundGauge", "BoundHistogram", "BoundSeries", "Exemplar"]

_running_trace = current_trace.get
_COUNTER = Struct("@dQQdd")


class BoundSeries:
    """A series of one instrument: its label values and its words.

    Args:
        values: label values.
        cells: the words that are its own.
        store: where they were allocated.
        journal: where writes wait, shared by all series of a catalog; in a store whose words others
            read nothing waits: it would die with the process.
    """

    __slots__ = ("_doubles", "_entries", "_journal", "_lock", "_start", "_store", "_words", "values")

    def __init__(self, values: tuple[str, ...], cells: Cells, store: Store, journal: Journal | None = None) -> None:
        self.values = values
        self._journal = journal or Journal()
        self._entries = None if store.direct else self._journal.entries
        self._doubles = cells.doubles
        self._words = cells.words
        self._start = cells.start
        self._lock = store.lock
        self._store = store

    def load(self, words: bytes) -> None:
        """Replace all words by these: those of other processes, added up."""
        with self._lock:
            self._words[self._start : self._start + len(words) // WORD] = memoryview(words).cast("Q")

    def move(self, cells: Cells) -> None:
        """Write to other cells from now on, as a process must that was forked from the owner of the old ones."""
        self._doubles, self._words, self._start = cells.doubles, cells.words, cells.start

    @property
    def deferred(self) -> bool:
        """Whether somebody writes to this series without a lock, so that it has to be settled before a view is read."""
        return False

    def settle(self) -> None:
        """Bring the words up to date with what was written without a lock."""

    def view(self, words: int) -> memoryview[float]:
        """A live view, to be read only, of the first ``words`` words: the value, or so many buckets."""
        return self._doubles[self._start : self._start + words]

    def point(self) -> Point:
        """The numbers in the cells, as all ways out take them; :meth:`Family.points` adds what waits beforehand."""
        return Point(self.values, (float(self._doubles[self._start]),))


class BoundCounter(BoundSeries):
    """One counter series."""

    __slots__ = ("_noted", "_ticks")

    WORDS = 1 + EXEMPLAR_WORDS

    def __init__(self, values: tuple[str, ...], cells: Cells, store: Store, journal: Journal | None = None) -> None:
        super().__init__(values, cells, store, journal)
        self._ticks: Ticks | None = None
        self._noted: tuple[BoundHistogram, ...] = ()

    @property
    def deferred(self) -> bool:
        """Whether somebody holds on to :attr:`tick`, or to notes of a histogram that are counted here too."""
        return self._ticks is not None or bool(self._noted)

    @property
    def tick(self) -> Callable[[], object]:
        """Adds one without a lock and without an exemplar: to be held on to, for the hottest paths. Atomic.

        In a store whose words others read, each one is written at once: what waits would die with the process.
        """
        if self._store.direct:
            return self._add_one
        with self._lock:
            if self._ticks is None:
                self._ticks = Ticks()
                self._store.deferred += 1
        return self._ticks.add

    def _add_one(self) -> None:
        with self._lock:
            self._doubles[self._start] += 1.0

    def follow(self, histogram: BoundHistogram, store: Store) -> None:
        """From now on settle ``histogram``, of the same ``store``, before this counter is read: it notes for both."""
        if store is not self._store:
            raise ValueError("notes can be counted in counters of the same catalog only")
        with self._lock:
            if not store.direct and histogram not in self._noted:
                self._noted = (*self._noted, histogram)

    def settle(self) -> None:
        """Add what waited, the ticks and the notes so far to the count."""
        self._journal.settle()
        for histogram in self._noted:
            histogram.settle()
        if self._ticks is not None:
            with self._lock:
                # Taken before the cell is read: a signal handler that reads the counter adds to it as well.
                self._doubles[self._start] = self._ticks.take() + self._doubles[self._start]

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``, which must not be negative.

        Raises:
            TypeError: ``amount`` is nothing that can be added to a float.
            ValueError: ``amount`` is negative or not a number.
        """
        amount += 0.0  # what cannot be added is told to the one who gave it, not to who adds up later
        if not amount >= 0:
            raise ValueError(f"a counter cannot be increased by {amount}")
        entries = self._entries
        if entries is None:
            self._write(amount, _running_trace())
            return
        entries.append((self, amount, _running_trace()))
        if len(entries) >= MOST_WAITING:
            self._journal.settle()

    def _write(self, amount: float, trace: TraceContext | None) -> None:
        with self._lock:
            self._doubles[self._start] += amount
            if trace is not None and trace.sampled and not trace.remote:
                write_exemplar(self._doubles, self._start + 1, trace, amount, self._journal.now())

    def add_up(self, amounts: list[float], traced: Sequence[TracedEntry], now: float) -> None:
        """Add writes that waited; of those in a sampled trace the last becomes the exemplar."""
        with self._lock:
            self._doubles[self._start] += sum(amounts)
            if traced:
                _, amount, trace = traced[-1]
                write_exemplar(self._doubles, self._start + 1, trace, amount, now)

    @property
    def value(self) -> float:
        """The count so far."""
        self.settle()
        return float(self._doubles[self._start])

    total = value

    @property
    def exemplar(self) -> Exemplar | None:
        """The last sampled trace that increased this counter."""
        self.settle()
        return self.point().exemplars[0]

    def point(self) -> Point:
        """See :meth:`BoundSeries.point`."""
        if self.deferred:
            self.settle()
        # Without a global lock, an exemplar could be written between two of its words.
        with self._lock:
            value, high, low, explained, at = _COUNTER.unpack_from(self._doubles, self._start * WORD)
        return Point(self.values, (value,), (exemplar_of(high, low, explained, at),))


class BoundGauge(BoundSeries):
    """One gauge series."""

    __slots__ = ()

    WORDS = 1

    def set(self, value: float) -> None:
        """Set the gauge to ``value``."""
        self._doubles[self._start] = value

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``, which may be negative; to 0 where nothing is known."""
        with self._lock:
            now = self._doubles[self._start]
            self._doubles[self._start] = amount + (now if now == now else 0.0)

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

    def __init__(
        self,
        values: tuple[str, ...],
        cells: Cells,
        store: Store,
        bounds: tuple[float, ...],
        journal: Journal | None = None,
    ) -> None:
        super().__init__(values, cells, store, journal)
        self._bounds = bounds
        self._sum = self._start + len(bounds) + 1
        self._exemplars = self._sum + 1
        self._notes: tuple[tuple[Notes, tuple[BoundCounter, ...]], ...] = ()

    @property
    def deferred(self) -> bool:
        """Whether somebody holds on to :meth:`notes`."""
        return bool(self._notes)

    def move(self, cells: Cells) -> None:
        """See :meth:`BoundSeries.move`."""
        super().move(cells)
        self._sum = self._start + len(self._bounds) + 1
        self._exemplars = self._sum + 1

    def notes(self, *counters: BoundCounter) -> Notes:
        """Takes observations without a lock and without exemplars: to be held on to, for the hottest paths.

        They are kept one by one until :meth:`settle`, which who notes many calls now and then. In a
        store whose words others read, each one is written at once.

        Args:
            counters: count each of these observations too; of the same catalog, whose lock guards them all.

        Raises:
            ValueError: a counter is of another catalog.
        """
        with self._lock:
            for notes, counting in self._notes:
                if counting == counters:
                    return notes
            for counter in counters:
                counter.follow(self, self._store)
            made = Notes(self._write_and_count(counters) if self._store.direct else None)
            self._notes = (*self._notes, (made, counters))
            self._store.deferred += 1
        return made

    def _write_and_count(self, counters: Sequence[BoundCounter]) -> Callable[[float], None]:
        def write(value: float) -> None:
            self._write(value)
            for counter in counters:
                counter.tick()

        return write

    def _write(self, value: float, trace: TraceContext | None = None) -> None:
        with self._lock:
            bucket = self._put(value)
            if trace is not None and trace.sampled and not trace.remote:
                at = self._exemplars + bucket * EXEMPLAR_WORDS
                write_exemplar(self._doubles, at, trace, value, self._journal.now())

    def _put(self, value: float) -> int:
        """Add one observation; says to which bucket. NaN leaves the sum a number."""
        if value == value:
            self._doubles[self._sum] += value
        bucket = self._bucket(value)
        self._doubles[self._start + bucket] += 1.0
        return bucket

    def _bucket(self, value: float) -> int:
        """The bucket that ``value`` falls into; NaN is in none that has a bound."""
        return bisect_left(self._bounds, value) if value == value else len(self._bounds)

    def settle(self) -> None:
        """Sort what waited and what was noted into its buckets, and count what was noted where it counts too."""
        self._journal.settle()
        for notes, counters in self._notes:
            # Looked at under the lock: what another thread has taken is in the words once it lets go.
            with self._lock:
                if notes.values:
                    taken = notes.take()
                    self._fill(taken)
                    for counter in counters:
                        counter.add_up([float(len(taken))], (), 0.0)

    def add_up(self, values: list[float], traced: Sequence[TracedEntry], now: float) -> None:
        """Add observations that waited; in each bucket the last one in a sampled trace becomes the exemplar."""
        values.sort()
        with self._lock:
            filled = self._fill(values)
            for _, value, trace in reversed(traced):
                bucket = self._bucket(value)
                if bucket in filled:
                    filled.remove(bucket)
                    write_exemplar(self._doubles, self._exemplars + bucket * EXEMPLAR_WORDS, trace, value, now)
                if not filled:
                    break

    def _fill(self, ascending: list[float]) -> set[int]:
        """Add observations to their buckets, and say which buckets these are."""
        total = sum(ascending)
        if total != total:
            # with NaN among them nothing is in order
            return {self._put(value) for value in ascending}
        doubles, bounds = self._doubles, self._bounds
        doubles[self._sum] += total
        filled = set()
        below = 0
        while below < len(ascending):
            bucket = bisect_left(bounds, ascending[below])
            upto = bisect_right(ascending, bounds[bucket], below) if bucket < len(bounds) else len(ascending)
            doubles[self._start + bucket] += upto - below
            filled.add(bucket)
            below = upto
        return filled

    @staticmethod
    def words(bounds: tuple[float, ...]) -> int:
        """Words that a histogram with these bounds takes."""
        return len(bounds) + 2 + (len(bounds) + 1) * EXEMPLAR_WORDS

    def observe(self, value: float) -> None:
        """Count ``value`` (in the unit of the metric) in its bucket.

        Raises:
            TypeError: ``value`` is nothing that can be added to a float.
        """
        value += 0.0  # see BoundCounter.inc
        if value.__class__ is not float:
            value = float(value)  # a complex number has no bucket, which is told here as well
        entries = self._entries
        if entries is None:
            self._write(value, _running_trace())
            return
        entries.append((self, value, _running_trace()))
        if len(entries) >= MOST_WAITING:
            self._journal.settle()

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
        self.settle()
        exemplars = self.point().exemplars
        return exemplars[bucket] if exemplars else None

    def point(self) -> Point:
        """See :meth:`BoundSeries.point`."""
        if self._notes:
            self.settle()
        marks, end = self._exemplars, self._exemplars + (len(self._bounds) + 1) * EXEMPLAR_WORDS
        with self._lock:
            numbers = self._doubles[self._start : end].tolist()
            ids = self._words[marks:end].tolist()
        first = marks - self._start
        if not any(ids):
            return Point(self.values, numbers[:first])
        told = numbers[first:]
        each = zip(ids[0::4], ids[1::4], told[2::4], told[3::4], strict=True)
        return Point(self.values, numbers[:first], [exemplar_of(*words) for words in each])
