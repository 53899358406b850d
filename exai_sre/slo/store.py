"""Keeping the tracker's points on disk, so that a restart loses at most one tick."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from exai_sre.errors import ExaiSreError, StoreError
from exai_sre.outcome import Outcome
from exai_sre.slo.history import Point

if TYPE_CHECKING:
    import os
    import sqlite3

__all__ = ["SCHEMA", "SqliteTrackerStore", "TrackerStore"]

SCHEMA: Final = 1
"""Version of the table's layout, kept in ``user_version``."""

T = TypeVar("T")

_APPLICATION: Final = 0x45584149
_PATIENCE: Final = 5.0
_CREATE = """
CREATE TABLE IF NOT EXISTS point (
    resolution INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    stamp REAL NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (resolution, slot)
) WITHOUT ROWID
"""


class TrackerStore(Protocol):
    """Where points are kept. Calls may come from any thread, one at a time."""

    def load(self) -> list[Point]:
        """All stored points, in no order."""
        ...

    def save(self, points: Iterable[Point]) -> None:
        """Store all of these points or none; each replaces the one of its resolution and slot."""
        ...

    def close(self) -> None:
        """Release what is held; a later call opens it again."""
        ...


class SqliteTrackerStore:
    """Points in one SQLite file per replica, in write-ahead mode.

    A file that is damaged is set aside as ``<path>.corrupt-<n>`` and a new one is begun, since
    a tracker without its past is better than none.

    Args:
        path: the file; missing folders are made.
        observe: told the operation (``load`` or ``save``), its seconds and its outcome.
        on_set_aside: told where a damaged file went, and what was wrong with it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        observe: Callable[[str, float, Outcome], None] | None = None,
        on_set_aside: Callable[[Path, str], None] | None = None,
    ) -> None:
        self.path = Path(path)
        self._observe = observe
        self._on_set_aside = on_set_aside
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def load(self) -> list[Point]:
        """All stored points; none if the file is new or was damaged.

        Raises:
            StoreError: the file cannot be read, or belongs to another program.
        """
        with self._operation("load"):
            return self._healed(self._load)

    def save(self, points: Iterable[Point]) -> None:
        """Store all of these points in one transaction, or none.

        Raises:
            StoreError: the file cannot be written, or belongs to another program.
        """
        rows = [(point.resolution, point.slot, point.stamp, json.dumps(point.counts)) for point in points]
        with self._operation("save"):
            self._healed(lambda connection: self._save(connection, rows))

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        with self._lock:
            self._disconnect()

    @contextmanager
    def _operation(self, name: str) -> Iterator[None]:
        """Hold the lock, turn SQLite's errors into ours, and tell how it went."""
        import sqlite3

        began = time.perf_counter()
        outcome = Outcome.ERROR
        try:
            with self._lock:
                yield
            outcome = Outcome.OK
        except (sqlite3.Error, OSError) as error:
            remedy = "check the folder, its permissions and the space left"
            raise StoreError(f"cannot {name}: {error}", path=str(self.path), remedy=remedy) from error
        finally:
            if self._observe is not None:
                self._observe(name, time.perf_counter() - began, outcome)

    def _healed(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of ``work``; on a damaged file, its result on a new one."""
        import sqlite3

        try:
            return work(self._connect())
        except (sqlite3.DatabaseError, _Damaged) as error:
            if not isinstance(error, _Damaged) and getattr(error, "sqlite_errorcode", 0) & 0xFF not in (
                sqlite3.SQLITE_CORRUPT,
                sqlite3.SQLITE_NOTADB,
            ):
                raise
            self._set_aside(str(error))
            return work(self._connect())

    def _connect(self) -> sqlite3.Connection:
        import sqlite3

        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            # Kept only now: a file without its table would fail every later call.
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the table in a new file; refuse a file that is not ours."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and (application, version) != (_APPLICATION, SCHEMA):
            what = (
                f"holds version {version} of the tracker's data"
                if application == _APPLICATION
                else "is another program's database"
            )
            raise StoreError(what, path=str(self.path), remedy="name another file, or move this one away")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with _transaction(connection):
            connection.execute(_CREATE)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _load(self, connection: sqlite3.Connection) -> list[Point]:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise _Damaged(verdict)
        # As bytes: SQLite does not check that a text is UTF-8, and its driver fails on one that is not.
        rows = connection.execute("SELECT resolution, slot, stamp, CAST(counts AS BLOB) FROM point").fetchall()
        return [Point(resolution, slot, stamp, _counts(text)) for resolution, slot, stamp, text in rows]

    @staticmethod
    def _save(connection: sqlite3.Connection, rows: list[tuple[int, int, float, str]]) -> None:
        with _transaction(connection):
            connection.executemany("INSERT OR REPLACE INTO point VALUES (?, ?, ?, ?)", rows)

    def _set_aside(self, why: str) -> None:
        """Move the file out of the way, with its journal, which would spoil the new one."""
        self._disconnect()
        number = 1
        while (aside := Path(f"{self.path}.corrupt-{number}")).exists():
            number += 1
        for suffix in ("", "-wal", "-shm"):
            part = Path(f"{self.path}{suffix}")
            if part.exists():
                part.rename(f"{aside}{suffix}")
        if self._on_set_aside is not None:
            self._on_set_aside(aside, why)


class _Damaged(ExaiSreError):
    """The file can be opened, but what it holds makes no sense."""


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Some errors, such as a full disk, have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _counts(text: bytes) -> dict[str, tuple[float, float, float]]:
    try:
        return {
            key: (float(good), float(total), float(watched)) for key, (good, total, watched) in json.loads(text).items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise _Damaged(f"a point is unreadable: {error}") from error
