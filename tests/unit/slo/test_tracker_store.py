"""Points on disk."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from exai_sre.errors import StoreError
from exai_sre.outcome import Outcome
from exai_sre.slo import Point, SqliteTrackerStore

CONNECT = sqlite3.connect
POINT = Point(60, 7, 123.5, {"shop-a@1": (1.0, 2.0, 3.0)})


class Refusals:
    """Makes SQLite refuse one statement, once, on the connections that are opened from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statement: str | None = None
        self.closed = 0
        refusals = self

        class Refusing(sqlite3.Connection):
            def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
                if sql == refusals.statement:
                    refusals.statement = None
                    raise sqlite3.OperationalError("database is locked")
                return super().execute(sql, *rest)

            def close(self) -> None:
                refusals.closed += 1
                super().close()

        monkeypatch.setattr(sqlite3, "connect", partial(CONNECT, factory=Refusing))


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> Refusals:
    return Refusals(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "slo.db"


def test_what_was_saved_is_loaded(path: Path) -> None:
    store = SqliteTrackerStore(path)
    assert store.load() == []
    newer = Point(60, 7, 999.0, {"shop-a@1": (4.0, 5.0, 6.0)})
    other = Point(0, 0, 999.5, {})
    store.save([POINT, other])
    store.save([newer])
    store.close()
    store.close()
    assert sorted(SqliteTrackerStore(path).load(), key=lambda point: point.resolution) == [other, newer]


def test_a_save_is_all_or_nothing(path: Path) -> None:
    store = SqliteTrackerStore(path)
    store.save([POINT])
    broken = Point(60, 8, None, {})  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="cannot save"):
        store.save([Point(60, 7, 999.0, {}), broken])
    assert store.load() == [POINT]


def test_each_operation_is_told_with_its_outcome(path: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, bool, Outcome]] = []
    store = SqliteTrackerStore(path, observe=lambda name, seconds, outcome: seen.append((name, seconds > 0, outcome)))
    store.load()
    store.save([POINT])
    (tmp_path / "file").touch()
    blocked = SqliteTrackerStore(
        tmp_path / "file" / "slo.db", observe=lambda name, seconds, outcome: seen.append((name, seconds > 0, outcome))
    )
    with pytest.raises(StoreError, match="cannot load"):
        blocked.load()
    assert seen == [("load", True, Outcome.OK), ("save", True, Outcome.OK), ("load", True, Outcome.ERROR)]


def test_a_file_that_is_no_database_is_set_aside(path: Path) -> None:
    path.parent.mkdir()
    told: list[tuple[Path, str]] = []
    for _ in range(2):
        path.write_bytes(b"this is not a database, by any means" * 100)
        store = SqliteTrackerStore(path, on_set_aside=lambda aside, why: told.append((aside, why)))
        assert store.load() == []
        store.save([POINT])
        assert store.load() == [POINT]
        store.close()
    assert [aside.name for aside, _ in told] == ["slo.db.corrupt-1", "slo.db.corrupt-2"]
    assert all(aside.read_bytes().startswith(b"this is not") for aside, _ in told)
    assert "not a database" in told[0][1]


def test_a_damaged_page_is_found_on_load_and_the_journal_goes_with_the_file(path: Path) -> None:
    store = SqliteTrackerStore(path)
    store.save([Point(60, slot, 1.0, {"shop-a@1": (1.0, 2.0, 3.0)}) for slot in range(2000)])
    store.close()
    data = bytearray(path.read_bytes())
    data[8192:12288] = b"\xa5" * 4096
    path.write_bytes(data)
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        assert SqliteTrackerStore(path).load() == []
    assert Path(f"{path}.corrupt-1").exists()
    assert Path(f"{path}.corrupt-1-wal").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"a": [1, 2]}', '{"a": [1, 2, "x"]}'])
def test_a_point_that_makes_no_sense_counts_as_damage(path: Path, text: str) -> None:
    store = SqliteTrackerStore(path)
    store.save([POINT])
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE point SET counts = ?", (text,))
    connection.close()
    assert SqliteTrackerStore(path).load() == []
    assert Path(f"{path}.corrupt-1").exists()


def test_a_point_that_is_not_utf_8_counts_as_damage(path: Path) -> None:
    told: list[str] = []
    store = SqliteTrackerStore(path, on_set_aside=lambda aside, why: told.append(why))
    store.save([POINT])
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE point SET counts = CAST(x'7bff7d' AS TEXT)")
    assert store.load() == []
    assert Path(f"{path}.corrupt-1").exists()
    assert "a point is unreadable" in told[0]
    store.close()


def test_an_error_that_sqlite_gave_no_code_is_a_store_error(path: Path, refusals: Refusals) -> None:
    store = SqliteTrackerStore(path)
    store.save([POINT])
    refusals.statement = "PRAGMA quick_check(1)"
    with pytest.raises(StoreError, match="cannot load: database is locked"):
        store.load()
    assert store.load() == [POINT]
    store.close()


@pytest.mark.parametrize("statement", ["PRAGMA application_id", "PRAGMA journal_mode = WAL", "BEGIN IMMEDIATE"])
def test_a_file_that_could_not_be_prepared_is_prepared_by_the_next_call(
    path: Path, refusals: Refusals, statement: str
) -> None:
    store = SqliteTrackerStore(path)
    refusals.statement = statement
    with pytest.raises(StoreError, match="cannot load"):
        store.load()
    assert refusals.closed == 1
    store.save([POINT])
    assert store.load() == [POINT]
    store.close()


def test_a_save_that_cannot_be_committed_is_undone_and_may_be_repeated(path: Path, refusals: Refusals) -> None:
    store = SqliteTrackerStore(path)
    store.save([POINT])
    refusals.statement = "COMMIT"
    with pytest.raises(StoreError, match="cannot save: database is locked"):
        store.save([Point(60, 8, 1.0, {})])
    assert store.load() == [POINT]
    store.save([Point(60, 9, 1.0, {})])
    assert len(store.load()) == 2
    store.close()


def test_an_error_that_ended_the_transaction_itself_is_the_one_told(path: Path) -> None:
    store = SqliteTrackerStore(path)
    store.save([POINT])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON point BEGIN SELECT RAISE(ROLLBACK, 'disk is full'); END"
        )
    with pytest.raises(StoreError, match="disk is full"):
        store.save([Point(60, 8, 1.0, {})])
    assert store.load() == [POINT]
    store.close()


def test_damage_met_while_saving_begins_a_new_file(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"x" * 5000)
    store = SqliteTrackerStore(path)
    store.save([POINT])
    assert store.load() == [POINT]


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreError, match="is another program's database; name another file"):
        SqliteTrackerStore(path).load()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM theirs").fetchone() == (0,)
    connection.close()


def test_a_newer_layout_is_left_alone(path: Path) -> None:
    store = SqliteTrackerStore(path)
    store.save([POINT])
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(StoreError, match="holds version 9"):
        SqliteTrackerStore(path).save([POINT])


def test_threads_may_share_a_store(path: Path) -> None:
    store = SqliteTrackerStore(path)
    failures: list[Exception] = []

    def work(resolution: int) -> None:
        try:
            for slot in range(20):
                store.save([Point(resolution, slot, 1.0, {})])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(resolution,)) for resolution in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.load()) == 80
    store.close()
