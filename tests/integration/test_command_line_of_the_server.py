"""The command line in this process: exit codes, one line for each error, signals, standard input."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import os
import signal
import sys

import pytest

from exai_sre.clock import SystemClock
from server import cli
from server.cli import ENVIRONMENT, USAGE, main
from server.gate import CallGate
from server.mcp.core import build_server
from server.mcp.stdio import serve_stdio
from server.serve import serve
from server.settings import load_settings
from server.sockets import listen
from tests.integration.mcp_rig import Probe
from tests.waiting import eventually

KEYED = {"GLM_API_KEY": "0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP"}


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("EXAI_", "GLM_", "KIMI_"))]:
        monkeypatch.delenv(name)
    variables = {
        **KEYED,
        "EXAI_STATE_DIR": str(tmp_path),
        "EXAI_MCP_PORT": "0",
        "EXAI_MONITORING_PORT": "0",
        "EXAI_MISTYPED": "1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def signals():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
    gc.enable()


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["serve", "--mcp-port", "x"], USAGE, "error: --mcp-port='x'"),
        (["--log-format", "xml"], USAGE, "use one of json, console, logfmt"),
        (["srve"], USAGE, "did you mean serve?"),
        (["demo", "--host", "0.0.0.0"], USAGE, "no authentication"),
    ],
)
def test_a_wrong_request_ends_with_one_line_and_the_usage_code(capsys, arguments, code, text):
    assert main(arguments) == code
    err = capsys.readouterr().err
    assert text in err
    assert err.count("\n") == 1


def test_an_unknown_flag_ends_with_one_line_and_the_usage_code(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--portt", "1"])
    assert ended.value.code == USAGE
    assert capsys.readouterr().err.count("\n") == 1


def test_a_port_in_use_is_a_fault_of_the_environment(capsys):
    with listen("127.0.0.1", 0, "--x") as taken:
        assert main(["--mcp-port", str(taken.getsockname()[1])]) == ENVIRONMENT
    assert "is in use" in capsys.readouterr().err


def test_an_interrupt_before_the_server_stands_is_no_traceback(monkeypatch):
    def interrupted(work):
        work.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_complete", interrupted)
    assert main([]) == 130


def test_the_demo_gives_its_own_exit_code(monkeypatch):
    def complete(work):
        work.close()
        return 1

    monkeypatch.setattr(cli, "_complete", complete)
    assert main(["demo"]) == 1


@pytest.mark.parametrize("without_uvloop", [False, True])
def test_a_command_runs_with_and_without_uvloop(monkeypatch, without_uvloop):
    if without_uvloop:
        monkeypatch.setitem(sys.modules, "uvloop", None)

    async def work():
        return type(asyncio.get_running_loop()).__module__

    assert ("uvloop" in cli._complete(work())) is not without_uvloop


async def test_serving_ends_by_a_signal_with_banner_warning_and_lines(tmp_path, capfd):
    said = []
    environ = dict(os.environ)
    serving = asyncio.create_task(serve(load_settings({}, environ), environ, stdio=False, say=said.append))
    await eventually(lambda: any("warning" in text for text in said), within=30)
    assert gc.isenabled()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(serving, 10)
    assert "/mcp (Streamable HTTP)" in said[0]
    assert said[1].startswith("warning: EXAI_MISTYPED is set but nothing reads it")
    events = [json.loads(line)["event"] for line in capfd.readouterr().err.splitlines()]
    assert events == ["setting_ignored", "server_started", "server_draining", "server_stopped"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


class Pipes:
    """Standard input and output that a test writes and reads; pytest puts its own there before each test."""

    def __init__(self, monkeypatch):
        read, self.write_end = os.pipe()
        self.read_end, write = os.pipe()
        self.stdin = os.fdopen(read, encoding="utf-8")
        self.stdout = os.fdopen(write, "w", encoding="utf-8")
        self.replies = os.fdopen(self.read_end, encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", self.stdin)
        monkeypatch.setattr(sys, "stdout", self.stdout)

    def send(self, **message):
        os.write(self.write_end, (json.dumps({"jsonrpc": "2.0", **message}) + "\n").encode())

    async def reply(self):
        return json.loads(await asyncio.to_thread(self.replies.readline))

    def hang_up(self):
        if self.write_end is not None:
            os.close(self.write_end)
        self.write_end = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Without the end of input a thread would keep the lock of the stream that is closed here.
        self.hang_up()
        for stream in (self.stdin, self.stdout, self.replies):
            stream.close()


INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


async def test_standard_input_is_served_until_it_ends(monkeypatch):
    with Pipes(monkeypatch) as pipes:
        lives = []
        core = build_server(Probe().tools(), gate=CallGate(), version="1")
        serving = asyncio.create_task(serve_stdio(core, clock=SystemClock(), on_closed=lives.append))
        pipes.send(id=1, method="initialize", params=INITIALIZE)
        assert (await pipes.reply())["result"]["serverInfo"]["name"] == "exai-mcp"
        pipes.send(method="notifications/initialized")
        pipes.send(id=2, method="tools/call", params={"name": "echo", "arguments": {"text": "x"}})
        assert (await pipes.reply())["result"]["structuredContent"]["text"] == "x"
        pipes.hang_up()
        await asyncio.wait_for(serving, 10)
        assert len(lives) == 1


async def test_the_server_ends_with_the_client_on_standard_input(monkeypatch):
    with Pipes(monkeypatch) as pipes:
        said = []
        environ = dict(os.environ)
        serving = asyncio.create_task(serve(load_settings({}, environ), environ, stdio=True, say=said.append))
        pipes.send(id=1, method="initialize", params=INITIALIZE)
        assert "result" in await pipes.reply()
        pipes.hang_up()
        await asyncio.wait_for(serving, 20)
        assert "no port is open" in said[0]


async def test_a_signal_leaves_a_client_that_does_not_hang_up_behind(monkeypatch):
    with Pipes(monkeypatch) as pipes:
        left = []
        monkeypatch.setattr(os, "_exit", left.append)
        environ = dict(os.environ)
        out = io.StringIO()
        serving = asyncio.create_task(serve(load_settings({}, environ), environ, stdio=True, say=out.write))
        pipes.send(id=1, method="initialize", params=INITIALIZE)
        assert "result" in await pipes.reply()
        os.kill(os.getpid(), signal.SIGTERM)
        assert await eventually(lambda: left) == [0]
        pipes.hang_up()
        await asyncio.wait_for(serving, 10)
