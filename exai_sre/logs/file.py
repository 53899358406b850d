"""A log file that rotates by day and size, and deletes what is older than its retention."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.errors import SettingError
from exai_sre.logs.rotation import DAY, expired, rotated_files, rotated_name

__all__ = ["LogFile"]

_APPEND: Final[int] = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
_CLEAN_EVERY: Final = 3600.0
"""Seconds between two looks for files that are too old."""


class LogFile:
    """Takes lines and keeps them for a number of days.

    At the end of each day in UTC, and before it grows beyond its size, the file ``app.log`` is renamed to
    ``app-<time>.log``, which no line is added to. Several processes may write to one file: each
    piece is appended by one system call, one process rotates, the others follow; a rotation by
    another program is followed too. It is made for the thread of a :class:`~exai_sre.logs.writer.LineWriter`,
    as writing to a file blocks.
    """

    encoding: Final = "utf-8"

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        max_bytes: int = 100 * 2**20,
        keep_days: float = 30,
        max_total_bytes: int | None = None,
        mode: int = 0o640,
        clock: Clock | None = None,
    ) -> None:
        """Open the file, and make its directory where there is none.

        Args:
            path: the file that is written; rotated ones lie beside it.
            max_bytes: size of one file, which a single longer line may exceed, and several processes
                by what they write at the same moment.
            keep_days: days for which a rotated file is kept; 30 by default.
            max_total_bytes: what all rotated files may take; the oldest go first. ``None``: no limit.
            mode: permissions of new files; by default the group, such as a collector's, may read.
            clock: time of day.

        Raises:
            SettingError: the file cannot be opened, or a limit is not above 0.
        """
        limits = {"max_bytes": max_bytes, "keep_days": keep_days, "max_total_bytes": max_total_bytes}
        for name, value in limits.items():
            if value is not None and value <= 0:
                raise SettingError(name, str(value), "too small", remedy="use a number above 0")
        self.path = Path(os.path.abspath(path))
        self._max_bytes = max_bytes
        self._keep = keep_days * DAY
        self._total = max_total_bytes
        self._mode = mode
        self._clock = clock or SystemClock()
        self._lock = Lock()
        self._torn = False
        self._file: int | None = None
        self._size: int | None = None
        self._day = 0
        self._cleaned = -_CLEAN_EVERY
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.tend()
        except OSError as error:
            what = f"cannot be opened ({error.strerror})"
            raise SettingError(
                "file", str(path), what, remedy="name a file in a directory that you can write"
            ) from None

    def write(self, text: str) -> int:
        """Append whole lines, rotating where one is due; returns the length of the text.

        Raises:
            OSError: the file cannot be written; the next call tries again.
        """
        data = text.encode("utf-8", "backslashreplace")
        with self._lock:
            while data:
                room = self._room(len(data))
                cut = len(data) if len(data) <= room else data.rfind(b"\n", 0, room) + 1
                cut = cut or data.find(b"\n") + 1 or len(data)
                self._append(data[:cut])
                data = data[cut:]
        return len(text)

    def flush(self) -> None:
        """Nothing is buffered."""

    def isatty(self) -> bool:
        """Never a terminal."""
        return False

    def tend(self) -> None:
        """Rotate a file of a past day, and delete rotated files that are too old.

        Raises:
            OSError: the directory cannot be read.
        """
        with self._lock:
            self._room(0)
            now = self._clock.time()
            if abs(now - self._cleaned) >= _CLEAN_EVERY:
                self._clean(now)

    def close(self) -> None:
        """Give the file back; a later line opens it again."""
        with self._lock:
            self._give_back()

    def restart(self) -> None:
        """Forget who held the lock: in a forked child that thread is gone."""
        self._lock = Lock()

    def _room(self, wanted: int) -> int:
        """Bytes that still fit in, after following a rename and rotating where that is due.

        Lines come before limits: where a rotation fails, there is room for all that is wanted.
        """
        size = self._follow()
        today = self._today()
        if size and (today > self._day or size + min(wanted, self._max_bytes) > self._max_bytes):
            size = self._after_rotation()
        self._day = max(today, self._day)
        return wanted if size is None else max(self._max_bytes - size, 0)

    def _after_rotation(self) -> int | None:
        with suppress(OSError):
            self._rotate()
            return self._follow()
        return None

    def _follow(self) -> int | None:
        """Size of the file under our path, opened anew if it is another one; ``None`` if it is no plain file."""
        if self._file is not None:
            ours = os.fstat(self._file)
            if not stat.S_ISREG(ours.st_mode):
                return None
            if self._is_at_path(ours):
                return ours.st_size
        self._opened()
        return self._size

    def _opened(self) -> int:
        """Descriptor of the file under our path, opened anew."""
        self._give_back()
        file = self._file = os.open(self.path, _APPEND, self._mode)
        opened = os.fstat(file)
        today = self._today()
        self._day = min(int(opened.st_mtime // DAY), today) if opened.st_size else today
        self._size = opened.st_size if stat.S_ISREG(opened.st_mode) else None
        return file

    def _give_back(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _is_at_path(self, ours: os.stat_result) -> bool:
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def _today(self) -> int:
        return int(self._clock.time() // DAY)

    def _append(self, data: bytes) -> None:
        """Add ``data``; behind a piece that was cut short, on a line of its own."""
        file = self._opened() if self._file is None else self._file
        rest = memoryview(b"\n" + data if self._torn else data)
        while rest:
            written = os.write(file, rest)
            self._torn = rest[written - 1] != ord("\n")
            rest = rest[written:]

    def _rotate(self) -> None:
        """Rename the file, unless another process does so or has done so meanwhile."""
        with _held(self.path.with_name(f"{self.path.name}.lock"), self._mode):
            if self._file is None or not self._is_at_path(os.fstat(self._file)):
                return
            now, number = self._clock.time(), 0
            while (target := rotated_name(self.path, now, number)).exists():
                number += 1
            os.rename(self.path, target)
            self._clean(now)

    def _clean(self, now: float) -> None:
        self._cleaned = now
        found = _sizes(self.path.parent)
        for old in expired(rotated_files(self.path, found), now, keep=self._keep, total=self._total):
            with suppress(FileNotFoundError):  # another process was quicker
                old.unlink()


def _sizes(directory: Path) -> list[tuple[Path, int]]:
    """The plain files of a directory with their sizes, bytes."""
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # another process deletes files too
                if entry.is_file():
                    found.append((Path(entry.path), entry.stat().st_size))
    return found


@contextmanager
def _held(path: Path, mode: int) -> Iterator[None]:
    """Hold a lock between processes, where the system has such locks.

    Raises:
        OSError: another process holds it.
    """
    try:
        import fcntl
    except ModuleNotFoundError:
        yield
        return
    file = os.open(path, os.O_RDWR | os.O_CREAT, mode)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(file)
