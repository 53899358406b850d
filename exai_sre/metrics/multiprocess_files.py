"""The files that processes share: one of cells per process, an archive of the dead ones, and the locks.

A process holds an exclusive ``flock`` on its own file for as long as it lives. The kernel takes it
back however the process ends, so that whoever can lock a file knows its owner to be dead; process
ids, which are given out again, play no part. A file gets its final name only when it is locked.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

from exai_sre.errors import StoreError
from exai_sre.metrics.cell_records import HEADER_WORDS, LENGTH, MARK, SeriesKey, records
from exai_sre.metrics.cells import WORD

__all__ = ["ARCHIVE", "CellDirectory", "CellFile", "OwnFile", "write_anew"]

ARCHIVE: Final = "archive.cells"
"""Name of the file that holds what dead processes counted."""

_WORKER, _SUFFIX, _FRESH = "worker-", ".cells", ".new"
_LOCK, _ADMISSION, _SEAT, _BORN = "lock", "admission", "seat", "born"
_PATIENCE: Final = 10.0
_PAUSE: Final = 0.001


class CellDirectory:
    """The directory of a group of processes on one machine.

    Args:
        path: made if missing; on a local file system, best one in memory.

    Attributes:
        path: the directory.
        born: identifies this life of the directory; another one after it was removed and made anew.
        since: when that life began, seconds since the Unix epoch.

    Raises:
        StoreError: the directory cannot be made or used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._archive = str(self.path / ARCHIVE)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.locked(_PATIENCE) as had:
                if not had:
                    raise StoreError("is locked by a process that does not go on", path=str(self.path / _LOCK))
                self.born = self._read_birth()
                self.since = os.stat(self.path / _BORN).st_mtime
        except OSError as error:
            raise self.unusable(error) from error

    def _read_birth(self) -> str:
        path = self.path / _BORN
        with suppress(FileNotFoundError):
            if known := path.read_text("ascii", "replace").strip():
                return known
        born = uuid.uuid4().hex
        write_anew(path, born.encode("ascii"))
        return born

    def unusable(self, error: OSError) -> StoreError:
        """What to raise when the directory cannot be used."""
        remedy = "name a directory on a local file system that the service may write to, with space left"
        return StoreError(f"cells cannot be shared: {error.strerror}", path=str(self.path), remedy=remedy)

    def locked(self, patience: float = 0.0) -> AbstractContextManager[bool]:
        """Hold the lock on the set of files, for which ``patience`` seconds are waited; whether it could be had."""
        return self._holding(_LOCK, patience)

    def admitting(self, patience: float) -> AbstractContextManager[bool]:
        """Hold the lock on the making of series; never held for long, unlike the other one."""
        return self._holding(_ADMISSION, patience)

    def take_seat(self) -> int | None:
        """Take the seat of the process that leads its group, unless it is taken.

        Returns:
            A descriptor that keeps the seat until it is closed or the process ends.
        """
        seat = os.open(self.path / _SEAT, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if _lock_within(seat, 0.0):
            return seat
        os.close(seat)
        return None

    @contextmanager
    def _holding(self, name: str, patience: float) -> Iterator[bool]:
        lock = os.open(f"{self.path}/{name}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            yield _lock_within(lock, patience)
        finally:
            os.close(lock)

    def names(self) -> list[str]:
        """Names of the processes' files, in a fixed order."""
        with os.scandir(self.path) as entries:
            # Whatever else goes by such a name, a pipe for instance, is nobody's here.
            return sorted(
                entry.name
                for entry in entries
                if entry.name.startswith(_WORKER)
                and entry.name.endswith(_SUFFIX)
                and entry.is_file(follow_symlinks=False)
            )

    def archive_mark(self) -> tuple[int, int]:
        """Changes with every archive that is put in place."""
        try:
            found = os.stat(self._archive)
        except FileNotFoundError:
            return (0, 0)
        return (found.st_ino, found.st_mtime_ns)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, those that are gone already included."""
        for name in names:
            (self.path / name).unlink(missing_ok=True)

    def remove_unfinished(self) -> None:
        """Remove the files of processes that died while they made them; call with the lock held."""
        self.remove([name for name in os.listdir(self.path) if name.endswith(f"{_SUFFIX}{_FRESH}")])

    def replace_archive(self, content: bytes) -> None:
        """Put another archive in place of the one there is, at once for every reader."""
        fresh = self.path / f"{ARCHIVE}{_FRESH}"
        try:
            write_anew(fresh, content)
            fresh.replace(self.path / ARCHIVE)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise

    def create(self) -> OwnFile:
        """The file of this process, which nobody else writes to.

        Raises:
            StoreError: it cannot be made.
        """
        name = f"{_WORKER}{os.getpid()}-{uuid.uuid4().hex[:12]}{_SUFFIX}"
        fresh = self.path / f"{name}{_FRESH}"
        try:
            with self.locked(_PATIENCE):
                file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
                lock = os.open(fresh, os.O_RDONLY)
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fresh.rename(self.path / name)
        except OSError as error:
            raise self.unusable(error) from error
        return OwnFile(name, file, lock)


class OwnFile:
    """The file that this process writes to, locked while it is open.

    Args:
        name: its name in the directory.
        file: the descriptor that it is written by.
        lock: another one, which holds the lock. A mapping keeps a copy of the first, in every child that
            is forked too, and with it would keep the lock.

    Attributes:
        name: its name in the directory.
    """

    def __init__(self, name: str, file: int, lock: int) -> None:
        self.name = name
        self._file = file
        self._lock = lock
        self._size = 0

    def grow(self, size: int) -> memoryview:
        """Another zeroed segment of at least ``size`` bytes at the end of the file, whose space is reserved.

        Raises:
            OSError: there is no space left.
        """
        size = -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        # A hole would be filled at the first write to it: with no space left, that write kills the process.
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._file, self._size, size)
        else:  # macOS
            _fill(self._file, self._size, size)
        segment = mmap.mmap(self._file, size, offset=self._size)
        self._size += size
        return memoryview(segment)

    def close(self) -> None:
        """Give the file up; what it holds stays until it is folded. In a child, the parent keeps it."""
        if self._file >= 0:
            os.close(self._file)
            os.close(self._lock)
            self._file = self._lock = -1


class CellFile:
    """A file of cells as its readers see it.

    Args:
        path: the file.

    Attributes:
        name: its name in the directory.
        absorbed: for an archive, names of the files that it replaces.

    Raises:
        FileNotFoundError: it has been folded meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.absorbed: tuple[str, ...] = ()
        self._file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        self._mapped = 0
        self._segments: list[memoryview] = []
        self._next = HEADER_WORDS
        self._dead = path.name == ARCHIVE

    def read_on(self) -> list[tuple[SeriesKey, memoryview]]:
        """The series that came since the last call; their cells stay live."""
        found: list[tuple[SeriesKey, memoryview]] = []
        while True:
            # Looked for first: once there is a next segment, nothing more is added to this one.
            following = self._map_next()
            if self._segments:
                for record in records(self._segments[-1], self._next):
                    self._next = record.end
                    self._take(record.key, record.cells, found)
            if following is None:
                return found
            self._segments.append(following)
            self._next = HEADER_WORDS

    def _take(self, key: bytes, cells: memoryview, found: list[tuple[SeriesKey, memoryview]]) -> None:
        try:
            series = SeriesKey.decode(key)
        except ValueError:
            return
        if series.kind == "a":
            self.absorbed = series.values
        else:
            found.append((series, cells))

    def _map_next(self) -> memoryview | None:
        """The segment behind the last one, if it is there by now."""
        size = os.fstat(self._file).st_size
        if size - self._mapped < mmap.ALLOCATIONGRANULARITY:
            return None
        head = os.pread(self._file, HEADER_WORDS * WORD, self._mapped)
        words = memoryview(head).cast("Q")
        length = words[LENGTH] * WORD
        if words[0] != MARK or not 0 < length <= size - self._mapped or length % mmap.ALLOCATIONGRANULARITY:
            return None
        mapped = mmap.mmap(self._file, length, offset=self._mapped, access=mmap.ACCESS_READ)
        self._mapped += length
        return memoryview(mapped)

    @property
    def dead(self) -> bool:
        """Whether the owner is gone; who is dead stays dead."""
        if not self._dead:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                self._dead = True
                fcntl.flock(self._file, fcntl.LOCK_UN)
        return self._dead

    def close(self) -> None:
        """Let go of the file; series that were read stay readable."""
        os.close(self._file)
        # The number may be given to another file, whose lock must not be touched.
        self._file, self._dead = -1, True


def _fill(file: int, begin: int, size: int) -> None:
    done = 0
    while done < size:
        done += os.pwrite(file, bytes(size - done), begin + done)


def write_anew(path: Path, content: bytes) -> None:
    """Write a new file in place of what goes by that name; a link there is not followed."""
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(content)


def _lock_within(file: int, patience: float) -> bool:
    due = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= due:
                return False
            time.sleep(_PAUSE)
