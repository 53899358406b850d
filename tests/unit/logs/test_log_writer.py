"""The writer and the tail: what must not block, raise or get lost."""

from __future__ import annotations

import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from exai_sre.logs import LogTail
from exai_sre.logs.file import LogFile
from exai_sre.logs.writer import LineWriter


class GatedStream(io.StringIO):
    """Writes only while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.reached = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.gate.wait(10)
        return super().write(text)


class BrokenStream(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_lines_come_out_in_order() -> None:
    stream = io.StringIO()
    writer = LineWriter(stream)
    for number in range(100):
        writer.write(str(number))
    assert writer.flush()
    assert stream.getvalue().split() == [str(number) for number in range(100)]
    writer.close()


def test_a_slow_reader_costs_lines_and_never_time_in_the_real_clock() -> None:
    drops: list[tuple[str, int]] = []
    stream = GatedStream()
    writer = LineWriter(stream, size=3, on_drop=lambda reason, lines: drops.append((reason, lines)))
    writer.write("first")
    assert stream.reached.wait(10)
    for number in range(5):
        writer.write(str(number))
    assert writer.dropped == 2
    assert drops == [("queue_full", 1)] * 2
    assert not writer.flush(timeout=0)
    stream.gate.set()
    writer.close()
    assert stream.getvalue() == "first\n0\n1\n2\n"


def test_a_reader_that_went_away_costs_lines_only() -> None:
    drops: list[tuple[str, int]] = []
    writer = LineWriter(BrokenStream(), on_drop=lambda reason, lines: drops.append((reason, lines)))
    writer.write("lost")
    assert writer.flush()
    writer.close()
    writer.write("lost too")
    assert drops == [("write_failed", 1)] * 2


def test_a_failing_count_of_losses_does_no_harm() -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    writer = LineWriter(BrokenStream(), on_drop=fail)
    writer.write("lost")
    assert writer.flush()
    writer.close()
    assert writer.dropped == 1
    quiet = LineWriter(BrokenStream())
    quiet.write("lost")
    quiet.close()
    assert quiet.dropped == 1


def test_what_is_queued_is_written_at_the_close_and_what_comes_later_at_once() -> None:
    stream = io.StringIO()
    writer = LineWriter(stream)
    writer.write("queued")
    writer.close()
    writer.write("late")
    assert stream.getvalue() == "queued\nlate\n"


def filled(stream: GatedStream, **options: Any) -> LineWriter:
    """A writer whose thread is held while it writes the line ``first``."""
    writer = LineWriter(stream, **options)
    writer.write("first")
    assert stream.reached.wait(10)
    return writer


def test_lines_that_wait_are_bounded_by_their_length_too_in_the_real_clock() -> None:
    stream = GatedStream()
    writer = filled(stream, characters=10)
    for line in ("12345", "1234567", "67890", "x", ""):
        writer.write(line)
    assert writer.dropped == 2
    stream.gate.set()
    writer.close()
    assert stream.getvalue() == "first\n12345\n67890\n\n"


def test_where_lines_were_dropped_a_line_says_how_many_in_the_real_clock() -> None:
    stream = GatedStream()
    writer = filled(stream, size=2, gap=lambda lines: f"{lines} missing")
    for number in range(5):
        writer.write(str(number))
    stream.gate.set()
    assert writer.flush(timeout=10)
    writer.write("after")
    writer.close()
    assert stream.getvalue() == "first\n0\n1\n3 missing\nafter\n"


def test_every_line_is_written_or_counted_whatever_the_reader_does() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(os.fdopen(writing, "w"), size=100, gap=lambda lines: f"missing {lines}")
    logged = [f"{number:04} {'x' * 200}" for number in range(3000)]
    for line in logged:
        writer.write(line)
    assert writer.dropped > 2000
    with os.fdopen(reading) as pipe:
        reader = threading.Thread(target=lambda: seen.extend(pipe.read().splitlines()))
        seen: list[str] = []
        reader.start()
        writer.close(60)
        writer._stream.close()  # type: ignore[attr-defined]
        reader.join()
    gaps = [int(line.split()[1]) for line in seen if line.startswith("missing")]
    written = [line for line in seen if not line.startswith("missing")]
    assert set(written) <= set(logged)
    assert written == sorted(written)
    assert len(written) + writer.dropped == len(logged)
    assert sum(gaps) == writer.dropped


def test_lines_that_could_not_be_written_are_told_when_the_stream_is_back() -> None:
    class Mended(io.StringIO):
        broken = True

        def write(self, text: str) -> int:
            if self.broken:
                raise BrokenPipeError
            return super().write(text)

    stream = Mended()
    writer = LineWriter(stream, gap=lambda lines: f"{lines} missing")
    for line in ("lost", "lost too"):
        writer.write(line)
        assert writer.flush()
    stream.broken = False
    writer.write("back")
    assert writer.flush()
    writer.write("again")
    writer.close()
    assert stream.getvalue() == "back\n2 missing\nagain\n"
    assert writer.dropped == 2


def test_a_stream_that_cannot_encode_a_line_gets_it_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1")
    writer = LineWriter(stream)
    writer.write('{"a":"é 漢 😀"}')
    writer.close()
    assert json.loads(raw.getvalue()) == {"a": "é 漢 😀"}
    assert writer.dropped == 0


def test_a_stream_that_wants_to_be_tended_is_tended_while_nothing_is_logged_in_the_real_clock() -> None:
    class Tended(io.StringIO):
        def __init__(self) -> None:
            super().__init__()
            self.times = 0
            self.twice = threading.Event()

        def tend(self) -> None:
            self.times += 1
            if self.times == 2:
                self.twice.set()
            raise OSError

    stream = Tended()
    writer = LineWriter(stream, tend_every=0.001)
    assert stream.twice.wait(10)
    writer.write("x")
    writer.close()
    assert stream.getvalue() == "x\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_writes_to_the_same_file_even_if_its_parent_was_writing(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "app.log")
    writer = LineWriter(file)
    held = file._lock
    with held:
        child = os.fork()
        if child == 0:
            writer.write("from the child")
            writer.close()
            os._exit(0)
        os.waitpid(child, 0)
    writer.write("from the parent")
    writer.close()
    assert (tmp_path / "app.log").read_text() == "from the child\nfrom the parent\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_writes_its_own_lines_and_none_of_its_parents() -> None:
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    writer = LineWriter(stream)
    child = os.fork()
    if child == 0:
        writer.write("from the child")
        writer.close()
        os._exit(0)
    os.waitpid(child, 0)
    writer.close()
    stream.close()
    with os.fdopen(reading) as lines:
        assert lines.read() == "from the child\n"


def test_a_restart_begins_with_an_empty_queue_and_not_after_the_close() -> None:
    stream = io.StringIO()
    writer = LineWriter(stream)
    writer.restart()
    writer.write("anew")
    writer.close()
    writer.restart()
    assert stream.getvalue() == "anew\n"


def test_the_tail_keeps_the_last_lines() -> None:
    tail = LogTail(size=2)
    for number in range(3):
        tail.append({"n": number})
    assert tail.lines() == [{"n": 1}, {"n": 2}]


def test_a_subscriber_gets_each_line_until_it_leaves() -> None:
    tail = LogTail()
    seen: list[object] = []

    def see(line: dict[str, object]) -> None:
        seen.append(line["n"])

    leave_first = tail.on_line(see)
    leave_second = tail.on_line(see)
    tail.append({"n": 1})
    leave_first()
    leave_first()
    tail.append({"n": 2})
    leave_second()
    tail.append({"n": 3})
    assert seen == [1, 1, 2]


def test_a_failing_subscriber_reaches_neither_the_logger_nor_the_others() -> None:
    tail = LogTail()
    seen: list[object] = []

    def fail(_line: dict[str, object]) -> None:
        raise RuntimeError

    tail.on_line(fail)
    tail.on_line(seen.append)
    tail.append({"n": 1})
    assert seen == [{"n": 1}]
    assert tail.failures == 1
