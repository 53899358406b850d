"""What every process of a group has written, series by series, as live views of their files."""

from __future__ import annotations

import threading
from typing import NamedTuple

from exai_sre.metrics.cell_records import SeriesKey
from exai_sre.metrics.multiprocess_files import ARCHIVE, CellDirectory, CellFile

__all__ = ["Part", "Sources"]

_ATTEMPTS = 20


class Part(NamedTuple):
    """What one process, or the archive, has of a series.

    Attributes:
        file: the file.
        cells: the words as bytes, live.
    """

    file: CellFile
    cells: memoryview


class Sources:
    """The files of a group, kept open and mapped, and an index of their series.

    Every event is in exactly one of them: an archive takes the place of the files that it names in
    one step, and the look at the directory is repeated when that step came in between.

    Args:
        directory: the group's directory.

    Attributes:
        lock: held by callers of all methods.
        series: the parts of each series, by name of the instrument.
        changed: by name of the instrument, how often its series or their parts changed.
    """

    def __init__(self, directory: CellDirectory) -> None:
        self.lock = threading.RLock()
        self._looking = False
        self.series: dict[str, dict[SeriesKey, list[Part]]] = {}
        self.changed: dict[str, int] = {}
        self._directory = directory
        self._files: dict[str, CellFile] = {}
        self._archive_mark = (0, 0)
        self._found: dict[str, list[SeriesKey]] = {}

    def refresh(self) -> None:
        """Look for files and series that came or went."""
        if self._looking:
            return  # a finalizer came in between: what is known by now has to do
        self._looking = True
        try:
            for _ in range(_ATTEMPTS):
                mark = self._directory.archive_mark()
                self._look(mark)
                if self._directory.archive_mark() == mark:
                    return
        finally:
            self._looking = False

    def _look(self, mark: tuple[int, int]) -> None:
        if mark != self._archive_mark:
            self._archive_mark = mark
            self._drop(ARCHIVE)
            self._add(ARCHIVE)
        names = set(self._directory.names()) - set(self.absorbed)
        for name in sorted(set(self._files) - names - {ARCHIVE}):
            self._drop(name)
        for name in sorted(names):
            if name in self._files:
                self._index(self._files[name])
            else:
                self._add(name)

    def _add(self, name: str) -> None:
        try:
            file = CellFile(self._directory.path / name)
        except (FileNotFoundError, PermissionError):
            # It has been folded, or is another user's and none of the group's.
            return
        self._files[name] = file
        self._index(file)

    def _index(self, file: CellFile) -> None:
        for key, cells in file.read_on():
            by_key = self.series.setdefault(key.name, {})
            if key not in by_key:
                self._found.setdefault(key.name, []).append(key)
            by_key.setdefault(key, []).append(Part(file, cells))
            self.changed[key.name] = self.changed.get(key.name, 0) + 1

    def _drop(self, name: str) -> None:
        file = self._files.pop(name, None)
        if file is None:
            return
        file.close()
        for instrument, by_key in self.series.items():
            self.changed[instrument] = self.changed.get(instrument, 0) + 1
            for key, parts in list(by_key.items()):
                parts[:] = [part for part in parts if part.file is not file]
                if not parts and key.kind == "g":
                    # No archive will bring it back, and every generation of processes may have others.
                    del by_key[key]

    @property
    def absorbed(self) -> tuple[str, ...]:
        """Names of files that the archive has taken the place of."""
        archive = self._files.get(ARCHIVE)
        return archive.absorbed if archive else ()

    def fresh(self, instrument: str) -> list[SeriesKey]:
        """The series of an instrument that were found since this was last asked for it, and are still there."""
        known = self.series.get(instrument, {})
        return [key for key in self._found.pop(instrument, []) if key in known]

    def dead(self) -> list[CellFile]:
        """The files of processes that are gone and not in the archive yet."""
        return [file for name, file in sorted(self._files.items()) if name != ARCHIVE and file.dead]

    def close(self) -> None:
        """Let go of all files."""
        for name in list(self._files):
            self._drop(name)
        self._archive_mark = (0, 0)
