"""Folding: what dead processes counted goes into one archive, and their files go away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from exai_sre.metrics.cell_records import (
    HEADER_WORDS,
    LENGTH,
    MARK,
    USED,
    SeriesKey,
    counted_words,
    record_words,
    write_record,
)
from exai_sre.metrics.cells import WORD
from exai_sre.metrics.multiprocess_files import ARCHIVE, CellDirectory
from exai_sre.metrics.multiprocess_merge import added_up, left_over
from exai_sre.metrics.multiprocess_sources import Sources

__all__ = ["archive_content", "fold"]

_PAGE: Final = 1 << 16


def fold(directory: CellDirectory, sources: Sources) -> int:
    """Fold the files of dead processes; call with the lock of ``sources`` held.

    A kill at any moment loses nothing and counts nothing twice: the new archive takes the place of
    the old one in one step, and names the files that it replaces until they are removed.

    Args:
        directory: the group's directory.
        sources: its files.

    Returns:
        Number of files folded; none while another process folds.

    Raises:
        OSError: there is no space for the archive; nothing has changed then.
    """
    with directory.locked() as had:
        if not had:
            return 0
        sources.refresh()
        directory.remove(sorted(sources.absorbed))
        directory.remove_unfinished()
        dead = {file.name for file in sources.dead()}
        if not dead:
            return 0
        # Those that have just died may have made series since the last look.
        sources.refresh()
        series = {
            key: [part.cells for part in parts if part.file.name in dead or part.file.name == ARCHIVE]
            for by_key in sources.series.values()
            for key, parts in by_key.items()
            if key.kind != "g"
        }
        directory.replace_archive(archive_content(series.items(), sorted(dead)))
        directory.remove(sorted(dead))
        sources.refresh()
        return len(dead)


def archive_content(series: Iterable[tuple[SeriesKey, list[memoryview]]], absorbed: Iterable[str]) -> bytes:
    """An archive of these series, each added up over its parts; series without parts are left out.

    Args:
        series: words of each series that ended.
        absorbed: names of the files that the archive replaces.
    """
    records = [(SeriesKey("a", "", "", tuple(absorbed)).encode(), b"")]
    for key, parts in series:
        if parts:
            records += ((key.encode(), cells) for cells in _totals(key, [bytes(part) for part in parts]))
    needed = HEADER_WORDS + sum(record_words(key, len(cells) // WORD) for key, cells in records)
    buffer = bytearray(-(-needed * WORD // _PAGE) * _PAGE)
    words = memoryview(buffer).cast("Q")
    used = HEADER_WORDS
    for name, cells in records:
        first = write_record(words, used, name, len(cells) // WORD)
        used = first + len(cells) // WORD
        buffer[first * WORD : used * WORD] = cells
    words[LENGTH], words[USED], words[0] = len(words), used, MARK
    return bytes(buffer)


def _totals(key: SeriesKey, copies: list[bytes]) -> list[bytes]:
    """The parts of one series as one, and as a second one what rounding took away, if anything."""
    counted = counted_words(key.kind, len(copies[0]) // WORD)
    total = added_up(copies, copies, counted)
    rest = left_over(copies, total, counted)
    return [total, rest] if any(rest) else [total]
