"""The demo's command on the real server and simulator, with a script of seconds; Prometheus is a FAKE here."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from contextlib import asynccontextmanager

import pytest
from rich.console import Console

from server.demo import command
from server.demo.command import demo
from server.demo.flow import Beat
from server.demo.programs import ObservatoryError
from server.demo.script import OUTAGE, Phase
from server.demo.stage import Rhythm
from server.demo.terminal import Terminal
from server.settings import load_settings
from tests.waiting import eventually

SHORT = (
    Phase("steady", "All is well.", 0.5),
    Phase(OUTAGE, "GLM fails.", 2.0, "glm", {"error_rate": 1.0, "status": 503}),
)
LONG = (Phase("steady", "All is well.", 60.0),)


class FakeObservers:
    """Scrapes and evaluates now."""

    async def rhythm(self, clock):
        now = clock.monotonic()
        return Rhythm(Beat(now, 0.5), Beat(now, 0.5), scrape_seconds=0.0, window=2.0)


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), width=80, highlight=False, soft_wrap=True)


@pytest.fixture
def handlers():
    kept = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, kept)


def played(screen, script, tmp_path, environment=None):
    flags = {"mcp_port": "0", "monitoring_port": "0", "state_dir": str(tmp_path), "tick_seconds": "0.1"}
    return demo(load_settings(flags, {}), environment or {}, terminal=Terminal(screen), script=script)


def watched_by(monkeypatch, observatory):
    monkeypatch.setattr(command, "missing_programs", list)
    monkeypatch.setattr(command, "observatory", observatory)


async def test_without_prometheus_the_show_goes_on_and_uses_no_key(monkeypatch, screen, tmp_path):
    monkeypatch.setattr(command, "missing_programs", lambda: ["prometheus"])
    code = await played(screen, SHORT, tmp_path, {"GLM_API_KEY": "0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP"})
    text = screen.file.getvalue()
    assert code == 0, text
    assert "not part of the show: prometheus" in text
    assert "upstream-glm burns above 14.4x (page)" in text
    assert "tool error" not in text.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


async def test_a_show_that_predicts_nothing_proves_nothing(monkeypatch, screen, tmp_path):
    monkeypatch.setattr(command, "missing_programs", lambda: ["prometheus"])
    assert await played(screen, (Phase("steady", "All is well.", 0.1),), tmp_path) == 1


async def test_a_page_that_does_not_come_is_shown_as_not_seen(monkeypatch, screen, tmp_path):
    given = []

    @asynccontextmanager
    async def observatory(directory, **options):
        given.append(options)
        yield FakeObservers()
        given.append("ended")

    watched_by(monkeypatch, observatory)
    assert await played(screen, SHORT, tmp_path) == 1
    row = next(line for line in screen.file.getvalue().splitlines() if line.startswith("│UpstreamMost"))
    assert "not seen" in row
    assert given[0]["webhook_url"].startswith("http://127.0.0.1:")
    assert given[1] == "ended"


async def test_a_prometheus_that_does_not_start_ends_the_show_with_its_reason(monkeypatch, screen, tmp_path):
    @asynccontextmanager
    async def observatory(directory, **options):
        await asyncio.sleep(0)
        raise ObservatoryError("prometheus was not ready")
        yield

    watched_by(monkeypatch, observatory)
    with pytest.raises(ObservatoryError, match="was not ready"):
        await played(screen, SHORT, tmp_path)


async def test_an_interrupt_while_prometheus_starts_ends_it_too(monkeypatch, screen, tmp_path):
    states = []

    @asynccontextmanager
    async def observatory(directory, **options):
        states.append("starting")
        try:
            await asyncio.Event().wait()
            yield
        finally:
            states.append("ended")

    watched_by(monkeypatch, observatory)
    showing = asyncio.create_task(played(screen, LONG, tmp_path))
    await eventually(lambda: states == ["starting"], within=30)
    showing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await showing
    assert states == ["starting", "ended"]


async def test_sigterm_ends_the_show_as_ctrl_c_does(monkeypatch, screen, tmp_path, handlers):
    monkeypatch.setattr(command, "missing_programs", lambda: ["prometheus"])
    showing = asyncio.create_task(played(screen, LONG, tmp_path))
    signal.signal(signal.SIGINT, lambda *_: showing.cancel())
    await eventually(lambda: "All is well." in screen.file.getvalue(), within=30)
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(asyncio.CancelledError):
        await showing
