"""The log file against a model: whatever happens around it, each line is there once, in order, as long as it must."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from exai_sre.logs.file import LogFile
from exai_sre.logs.rotation import DAY, rotated_files
from exai_sre.testing import VirtualClock

NOON = 979_992_000.0
MAX_BYTES, KEEP_DAYS = 60, 30
LINES = st.lists(st.text("abé漢", max_size=40), min_size=1, max_size=4)


class LogFileMachine(RuleBasedStateMachine):
    """Two processes that write to one file, time that passes, and a foreign program that renames."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.path = self.directory / "app.log"
        self.clock = VirtualClock(epoch=NOON)
        self.files = [self.opened(), self.opened()]
        self.written: list[tuple[str, float]] = []
        self.moved = 0

    def opened(self) -> LogFile:
        return LogFile(self.path, max_bytes=MAX_BYTES, keep_days=KEEP_DAYS, clock=self.clock)

    def teardown(self) -> None:
        for file in self.files:
            file.close()
        shutil.rmtree(self.directory)

    @rule(process=st.integers(0, 1), texts=LINES)
    def write(self, process: int, texts: list[str]) -> None:
        lines = [f"{len(self.written) + number}:{text}" for number, text in enumerate(texts)]
        self.files[process].write("".join(f"{line}\n" for line in lines))
        self.written += [(line, self.clock.time()) for line in lines]

    @rule(seconds=st.sampled_from([1.0, 3600.0, DAY / 2, DAY, 7 * DAY]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(process=st.integers(0, 1))
    def idle(self, process: int) -> None:
        self.files[process].tend()

    @rule(process=st.integers(0, 1))
    def start_again(self, process: int) -> None:
        self.files[process].close()
        self.files[process] = self.opened()

    @precondition(lambda self: self.path.exists())
    @rule()
    def another_program_rotates(self) -> None:
        self.path.rename(self.directory / f"app.log.{self.moved}")
        self.moved += 1

    def found(self) -> dict[Path, list[str]]:
        return {
            part: part.read_text("utf-8").splitlines() for part in self.directory.iterdir() if part.suffix != ".lock"
        }

    @invariant()
    def no_line_is_torn_or_there_twice(self) -> None:
        there = [line for lines in self.found().values() for line in lines]
        assert len(set(there)) == len(there)
        assert set(there) <= {line for line, _ in self.written}

    @invariant()
    def every_line_is_there_for_thirty_days(self) -> None:
        there = {line for lines in self.found().values() for line in lines}
        now = self.clock.time()
        young = {line for line, at in self.written if now - at < KEEP_DAYS * DAY}
        assert young <= there

    @invariant()
    def no_rotated_file_grows_beyond_its_size_unless_by_one_line(self) -> None:
        for part, lines in self.found().items():
            assert part.stat().st_size <= MAX_BYTES or len(lines) == 1

    @invariant()
    def lines_of_a_file_stand_in_the_order_in_which_they_were_written(self) -> None:
        for lines in self.found().values():
            numbers = [int(line.partition(":")[0]) for line in lines]
            assert numbers == sorted(numbers)

    @rule(process=st.integers(0, 1))
    def an_hour_later_nothing_older_than_its_retention_is_left(self, process: int) -> None:
        self.clock.advance(3600)
        self.files[process].tend()
        sizes = [(part, part.stat().st_size) for part in self.directory.iterdir()]
        now = self.clock.time()
        assert all(now - one.at < KEEP_DAYS * DAY for one in rotated_files(self.path, sizes))


TestLogFile: Any = LogFileMachine.TestCase
TestLogFile.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
