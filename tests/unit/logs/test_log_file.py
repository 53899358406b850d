"""The log file: rotation by day and size, 30 days of retention, other processes and programs beside it."""

from __future__ import annotations

import io
import os
import re
import stat
import sys
from pathlib import Path

import pytest
import structlog

from exai_sre.errors import SettingError
from exai_sre.logs import configure_logging, get_logger, shutdown_logging
from exai_sre.logs.file import LogFile
from exai_sre.logs.rotation import DAY, rotated_name
from exai_sre.testing import VirtualClock

NOON = 979_992_000.0
"""Noon of 20 January 2001, UTC: before the modification time of any file that a test writes."""


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(epoch=NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "app.log"


def names(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if file.suffix == ".log")


def test_lines_are_appended_to_what_is_there(path: Path, clock: VirtualClock) -> None:
    for line in ("one\n", "two é 漢\n"):
        file = LogFile(path, clock=clock)
        assert file.write(line) == len(line)
        file.flush()
        file.close()
    assert path.read_text("utf-8") == "one\ntwo é 漢\n"
    assert not file.isatty()


def test_the_file_can_be_read_by_the_group_and_by_nobody_else(path: Path, clock: VirtualClock) -> None:
    before = os.umask(0)
    try:
        LogFile(path, clock=clock).write("x\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_first_line_of_a_day_in_utc_starts_a_file(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, clock=clock)
    file.write("saturday\n")
    clock.advance(DAY / 2 - 1)
    file.write("just before midnight\n")
    clock.advance(1)
    file.write("sunday\n")
    assert names(path) == ["app-20010121T000000Z.log", "app.log"]
    assert path.read_text() == "sunday\n"
    assert path.with_name("app-20010121T000000Z.log").read_text() == "saturday\njust before midnight\n"


def test_a_file_of_a_past_day_is_rotated_when_the_process_starts_or_idles(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, clock=clock)
    file.write("yesterday\n")
    os.utime(path, (NOON, NOON))
    clock.advance(DAY)
    LogFile(path, clock=clock).tend()
    assert names(path) == ["app-20010121T120000Z.log", "app.log"]
    file.write("today\n")
    clock.advance(DAY)
    file.tend()
    assert names(path) == ["app-20010121T120000Z.log", "app-20010122T120000Z.log", "app.log"]
    assert path.read_bytes() == b""


def test_no_file_grows_beyond_its_size_and_no_line_is_cut(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, max_bytes=100, clock=clock)
    lines = [f"{number:03} {'x' * (number % 40)}\n" for number in range(60)]
    file.write("".join(lines[:30]))
    for line in lines[30:]:
        file.write(line)
    parts = [part for part in path.parent.iterdir() if part.suffix == ".log"]
    assert max(part.stat().st_size for part in parts) <= 100
    written = [line for part in parts for line in part.read_text().splitlines(keepends=True)]
    assert sorted(written) == lines


def test_files_of_one_second_are_numbered_in_order(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, max_bytes=1, clock=clock)
    for number in range(12):
        file.write(f"{number}\n")
    assert path.read_text() == "11\n"
    for number in range(11):
        assert rotated_name(path, NOON, number).read_text() == f"{number}\n"


def test_a_line_longer_than_a_file_gets_one_of_its_own(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, max_bytes=10, clock=clock)
    file.write("short\n" + "long " * 10 + "\nend\n")
    sizes = sorted(part.stat().st_size for part in path.parent.iterdir() if part.suffix == ".log")
    assert sizes == [4, 6, 51]


def test_what_was_rotated_thirty_days_ago_is_deleted_and_nothing_else(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, clock=clock)
    bystanders = [
        "app.log.1",
        "app-20010101T000000Z.txt",
        "other-20010101T000000Z.log",
        "app-notes.log",
        "app-20019999T000000Z.log",
    ]
    for name in bystanders:
        path.with_name(name).write_text("not ours")
    path.with_name("app-20010101T000000Z.log").mkdir()
    for _ in range(40):
        file.write("a line\n")
        clock.advance(DAY)
    file.write("today\n")
    kept = sorted(name for name in names(path) if re.fullmatch(r"app-2001\d{4}T120000Z\.log", name))
    assert len(kept) == 30
    assert kept[0] == "app-20010131T120000Z.log"
    assert {*bystanders, "app-20010101T000000Z.log"} <= {file.name for file in path.parent.iterdir()}


def test_retention_goes_on_while_nothing_is_logged(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, keep_days=2, clock=clock)
    file.write("old\n")
    clock.advance(DAY)
    file.tend()
    assert len(names(path)) == 2
    clock.advance(2 * DAY - 3600)
    file.tend()
    assert len(names(path)) == 2
    clock.advance(3600)
    file.tend()
    assert names(path) == ["app.log"]


def test_rotated_files_take_no_more_than_their_share_of_the_disk(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, max_bytes=10, max_total_bytes=35, clock=clock)
    for number in range(20):
        file.write(f"line {number:03}\n")
        clock.advance(1)
    rotated = [part for part in path.parent.iterdir() if part.name.startswith("app-")]
    assert sum(part.stat().st_size for part in rotated) <= 35
    assert sorted(part.read_text() for part in rotated) == ["line 016\n", "line 017\n", "line 018\n"]


def test_a_rotation_by_another_program_is_followed(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, clock=clock)
    file.write("one\n")
    path.rename(path.with_name("app.log.1"))
    file.write("two\n")
    path.unlink()
    file.write("three\n")
    assert path.with_name("app.log.1").read_text() == "one\n"
    assert path.read_text() == "three\n"


def test_of_several_writers_one_rotates_and_the_others_follow(path: Path, clock: VirtualClock) -> None:
    files = [LogFile(path, max_bytes=50, clock=clock) for _ in range(3)]
    lines = [f"line {number:04}\n" for number in range(300)]
    for number, line in enumerate(lines):
        files[number % 3].write(line)
    parts = [part for part in path.parent.iterdir() if part.suffix == ".log"]
    assert sorted(line for part in parts for line in part.read_text().splitlines(keepends=True)) == lines
    assert {part.stat().st_size for part in parts} == {50}


def test_while_another_process_rotates_lines_are_written_all_the_same(path: Path, clock: VirtualClock) -> None:
    fcntl = pytest.importorskip("fcntl", reason="this platform has no locks of files to be held by another")
    file = LogFile(path, max_bytes=10, clock=clock)
    file.write("one\n")
    with path.with_name("app.log.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file.write("does not fit\n")
    assert path.read_text() == "one\ndoes not fit\n"
    file.write("fits\n")
    assert path.read_text() == "fits\n"


def test_a_system_without_locks_between_processes_rotates_too(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = LogFile(path, max_bytes=10, clock=clock)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    file.write("one\n")
    file.write("does not fit\n")
    assert path.read_text() == "does not fit\n"


def test_where_a_rotation_fails_lines_come_before_limits(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = LogFile(path, max_bytes=10, clock=clock)

    def refuse(*_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refuse)
        file.write("one\n")
        file.write("more than fits\n")
    assert path.read_text() == "one\nmore than fits\n"


def test_behind_a_line_that_was_cut_short_the_next_one_starts_anew(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = LogFile(path, clock=clock)
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) <= 4:
            raise OSError(28, "No space left on device")
        return write(descriptor, bytes(data[:4]))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            file.write("abcdefgh\n")
    file.write("next\n")
    assert path.read_text() == "abcdefgh\nnext\n"


def test_what_is_no_plain_file_is_written_and_never_rotated(tmp_path: Path, clock: VirtualClock) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    file = LogFile(pipe, max_bytes=1, clock=clock)
    file.write("one\n")
    clock.advance(DAY)
    file.write("two\n")
    assert os.read(reader, 100) == b"one\ntwo\n"
    file.close()
    os.close(reader)
    assert [found.name for found in tmp_path.iterdir()] == ["pipe"]


def test_a_closed_file_is_opened_again_by_a_later_line(path: Path, clock: VirtualClock) -> None:
    file = LogFile(path, clock=clock)
    file.close()
    file.close()
    file.write("late\n")
    assert path.read_text() == "late\n"


@pytest.mark.parametrize("limit", ["max_bytes", "keep_days", "max_total_bytes"])
def test_a_limit_that_is_none_is_an_error(path: Path, limit: str) -> None:
    with pytest.raises(SettingError, match=f"{limit}='0'"):
        LogFile(path, **{limit: 0})  # type: ignore[arg-type]


def test_a_file_that_cannot_be_opened_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be opened"):
        LogFile(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match=r"file=.*cannot be opened \(.+\); name a file in a directory"):
        configure_logging("svc", file=tmp_path / "file" / "app.log")


def test_lines_of_a_logger_go_to_the_file_and_to_a_stream_if_one_is_named(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("svc", "logfmt", file=path)
    get_logger("a").info("one")
    shutdown_logging()
    get_logger("a").info("late")
    assert [re.findall(r"event=(\w+)", line) for line in path.read_text().splitlines()] == [["one"], ["late"]]
    assert capsys.readouterr().err == ""
    stream = io.StringIO()
    configure_logging("svc", "logfmt", file=LogFile(path), stream=stream)
    get_logger("a").info("two")
    shutdown_logging()
    structlog.reset_defaults()
    assert "event=two" in stream.getvalue()
    assert path.read_text().endswith(stream.getvalue())
