"""Programs beside the server: started, waited for, ended, and missed."""

from __future__ import annotations

import asyncio
import os
import sys

import aiohttp
import pytest

from server.demo import programs
from server.demo.observatory import observatory
from server.demo.programs import ObservatoryError, missing_programs, program_running, until_ready

SHRUGS = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The name of a program on the PATH, which is this Python."""
    (tmp_path / "sleeper").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return "sleeper"


def test_what_is_not_on_the_path_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing_programs() == ["prometheus", "prometheus-alertmanager"]
    for name in programs.PROGRAMS:
        (tmp_path / name).touch(mode=0o755)
    assert missing_programs() == []


async def test_the_pair_is_not_started_where_one_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ObservatoryError, match="prometheus, prometheus-alertmanager; install Debian's packages"):
        async with observatory(tmp_path, target="", webhook_url="", slos=[], catalog=None):
            pass


async def test_what_a_program_says_is_in_its_log_and_its_end_is_ours(program, tmp_path):
    async with program_running((program, "-c", "import time; print('up', flush=True); time.sleep(60)"), tmp_path):
        log = tmp_path / "sleeper.log"

        async def says():
            return "up" in log.read_text()

        await until_ready(program, tmp_path, says)
    assert log.read_text() == "up\n"


async def test_a_program_that_has_ended_by_itself_is_no_trouble(program, tmp_path):
    async with program_running((program, "-c", "print('done')"), tmp_path):
        log = tmp_path / "sleeper.log"

        async def done():
            return "done" in log.read_text()

        await until_ready(program, tmp_path, done)


async def test_a_program_that_shrugs_off_the_polite_signal_is_killed_real_clock(program, tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "_STOP_TIMEOUT", 0.05)
    async with program_running((program, "-c", SHRUGS), tmp_path):
        log = tmp_path / "sleeper.log"

        async def says():
            return "up" in log.read_text()

        await until_ready(program, tmp_path, says)


async def test_a_program_that_is_never_ready_is_named_with_its_last_words_real_clock(tmp_path):
    (tmp_path / "broken.log").write_text("first\nerror: no such port\n")

    async def never():
        await asyncio.sleep(0)
        raise aiohttp.ClientConnectionError

    with pytest.raises(ObservatoryError, match=r"broken was not ready within 0.05 s; its last words: error: no such"):
        await until_ready("broken", tmp_path, never, within=0.05)


async def test_a_program_that_said_nothing_has_no_last_words_real_clock(tmp_path):
    (tmp_path / "mute.log").touch()

    async def never():
        return False

    with pytest.raises(ObservatoryError, match="its last words: none"):
        await until_ready("mute", tmp_path, never, within=0.05)
