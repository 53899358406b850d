"""A store whose segments are a file that other processes read, so that nothing counted dies with its process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Final

from exai_sre.errors import StoreError
from exai_sre.metrics.cell_records import HEADER_WORDS, LENGTH, MARK, USED, record_words, series_key, write_record
from exai_sre.metrics.cells import WORD, Cells, Store, memory_segment
from exai_sre.metrics.instrument import Instrument
from exai_sre.metrics.multiprocess_files import CellDirectory, OwnFile
from exai_sre.names import Event

__all__ = ["MmapStore"]

_SMALLEST: Final = 1 << 16
_LARGEST: Final = 1 << 20
_PATIENCE: Final = 0.25
"""Seconds that the making of a series waits for the others, who hold the lock for a thousandth of that."""

Elsewhere = Callable[[Instrument], Iterable[tuple[str, ...]]]


class MmapStore(Store):
    """Hands out words of this process's file; every write is in the file the moment it is made.

    With no space left, further series are kept in process memory: this process goes on, and others
    do not see them. That is logged.

    Args:
        directory: where the file is made.
        elsewhere: the label values of the series of an instrument that other processes have.

    Attributes:
        file: the file.

    Raises:
        StoreError: the file cannot be made.
    """

    __slots__ = ("_directory", "_elsewhere", "_size", "file")

    def __init__(self, directory: CellDirectory, elsewhere: Elsewhere) -> None:
        self._directory = directory
        self._elsewhere = elsewhere
        self._begin()
        super().__init__()
        self.direct = True

    def _begin(self) -> None:
        self.file: OwnFile = self._directory.create()
        self._size = _SMALLEST

    def begin_anew(self) -> None:
        """Leave the file to the parent that this process was forked from, and make another one."""
        self.file.close()
        try:
            self._begin()
        except StoreError as error:
            self._tell(error)
        self._open(0)

    def close(self) -> None:
        """Give the file up: its counts stay, its gauges do not."""
        self.file.close()

    def _open(self, needed: int) -> None:
        size = max(self._size, (needed + HEADER_WORDS) * WORD)
        self._size = min(2 * self._size, _LARGEST)
        lost: OSError | None = None
        try:
            buffer = self.file.grow(size)
        except OSError as error:
            lost, buffer = error, memory_segment(size)
        doubles, words = buffer.cast("B").cast("d"), buffer.cast("B").cast("Q")
        words[LENGTH], words[USED], words[0] = len(words), HEADER_WORDS, MARK
        self._doubles, self._words, self._used = doubles, words, HEADER_WORDS
        if lost is not None:
            # Whoever writes the line may count it here.
            self._tell(lost)

    @staticmethod
    def _tell(error: Exception) -> None:
        logging.getLogger(__name__).error(Event.SHARED_CELLS_LOST, extra={"reason": str(error)})

    def agreement(self, instrument: Instrument) -> AbstractContextManager[Iterable[tuple[str, ...]]]:
        """See :meth:`Store.agreement`; only the bound of an open label has to be agreed upon."""
        if any(label.bound for label in instrument.labels):
            return self._agreed(instrument)
        return nullcontext(())

    @contextmanager
    def _agreed(self, instrument: Instrument) -> Iterator[Iterable[tuple[str, ...]]]:
        # A process that is stopped with the lock in hand must not stop the others: the bound may then be passed.
        elsewhere: Iterable[tuple[str, ...]] = ()
        with ExitStack() as held:
            try:
                held.enter_context(self._directory.admitting(_PATIENCE))
                elsewhere = self._elsewhere(instrument)
            except OSError:
                # No descriptor is left, or the directory is gone: whoever counts is not to suffer from it.
                pass
            yield elsewhere

    def allocate(self, length: int, instrument: Instrument | None = None, values: tuple[str, ...] = ()) -> Cells:
        """See :meth:`Store.allocate`.

        Raises:
            ValueError: ``instrument`` is missing: others could not tell what the words mean.
        """
        if instrument is None:
            raise ValueError("cells that others read belong to an instrument")
        key = series_key(instrument, values).encode()
        needed = record_words(key, length)
        while self._used + needed > len(self._words):
            self._open(needed)
        doubles, words, start = self._doubles, self._words, self._used
        self._used = start + needed  # before anything that may run a finalizer, which may come here too
        first = write_record(words, start, key, length)
        words[USED] = max(words[USED], start + needed)
        return Cells(doubles, words, first, length)
