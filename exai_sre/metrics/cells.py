"""Own storage for metric values: eight-byte words in segments that never move.

A series is a run of words in one segment: a counter has one (plus four for its exemplar), a
gauge one, a histogram one per bucket, one for the sum, and four per bucket for exemplars. A
segment is any writable buffer seen once as doubles and once as unsigned integers, so that a
shared memory-mapped file can stand in for process memory without a change above this file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exai_sre.metrics.instrument import Instrument

__all__ = ["EXEMPLAR_WORDS", "WORD", "Cells", "Store", "memory_segment"]

WORD = 8
"""Bytes per word."""

EXEMPLAR_WORDS = 4
"""Words of an exemplar: upper and lower half of the trace id, value, Unix time in seconds."""

_SEGMENT_WORDS = 8192


@dataclass(frozen=True, slots=True)
class Cells:
    """A run of words that belongs to one series.

    Attributes:
        doubles: the segment seen as doubles.
        words: the same memory seen as unsigned 64-bit integers.
        start: index of the first word.
        length: number of words.
    """

    doubles: memoryview[float]
    words: memoryview[int]
    start: int
    length: int


def memory_segment(size: int) -> memoryview:
    """A zeroed segment of ``size`` bytes in process memory."""
    return memoryview(bytearray(size))


class Store:
    """Hands out runs of zeroed words, and the lock that guards writes to them.

    Args:
        segment: makes a zeroed writable buffer of the given size in bytes; the default keeps
            it in process memory.

    Attributes:
        lock: guards writes.
        deferred: grows whenever somebody begins to write to a series without the lock.
        direct: whether each write goes to the words at once, because others read them or outlive this process.
    """

    __slots__ = ("_doubles", "_segment", "_used", "_words", "deferred", "direct", "lock")

    def __init__(self, segment: Callable[[int], memoryview] = memory_segment) -> None:
        # A finalizer or a signal handler may write while its thread holds it.
        self.lock = threading.RLock()
        self.deferred = 0
        self.direct = False
        self._segment = segment
        self._doubles: memoryview[float]
        self._words: memoryview[int]
        self._open(0)

    def _open(self, needed: int) -> None:
        buffer = self._segment(max(_SEGMENT_WORDS, needed) * WORD)
        doubles, words = buffer.cast("d"), buffer.cast("Q")
        self._doubles, self._words, self._used = doubles, words, 0

    def agreement(self, instrument: Instrument) -> AbstractContextManager[Iterable[tuple[str, ...]]]:
        """While it is held, nobody else makes a series of ``instrument`` in a store shared with this one.

        Entered with :attr:`lock` held; yields the label values of the series that others have.
        """
        # Nobody shares process memory.
        del instrument
        return nullcontext(())

    def allocate(self, length: int, instrument: Instrument | None = None, values: tuple[str, ...] = ()) -> Cells:
        """A run of ``length`` zeroed words; call with :attr:`lock` held.

        Args:
            length: number of words.
            instrument: what the series is of, for stores that others read.
            values: its label values.
        """
        del instrument, values
        if self._used + length > len(self._doubles):
            self._open(length)
        doubles, words, first = self._doubles, self._words, self._used
        self._used = first + length  # before anything that may run a finalizer, which may come here too
        return Cells(doubles, words, first, length)
