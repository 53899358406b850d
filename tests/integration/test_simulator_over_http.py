from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from server.simulator.__main__ import main
from server.simulator.app import Simulator
from server.simulator.upstream import Decision
from tests.integration.upstream_rig import until

HEADERS = {"Authorization": "Bearer k", "x-request-id": "id-1"}
BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 64}


@contextlib.asynccontextmanager
async def served(simulator: Simulator) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    runner = web.AppRunner(simulator.build(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}", session
    finally:
        await runner.cleanup()


def quick() -> Simulator:
    return Simulator(latency=0.001, sigma=0.0)


async def test_a_stream_whose_client_leaves_at_its_end_is_an_answer() -> None:
    simulator = quick()
    async with served(simulator) as (base, session):
        for _ in range(5):
            async with session.post(f"{base}/glm/chat/completions", json={**BODY, "stream": True}) as response:
                while b"[DONE]" not in await response.content.readline():
                    pass
        counts = simulator.upstreams["glm"].counts

        async def idle() -> bool:
            return counts.in_flight == 0

        await until(idle)
    assert (counts.answered, counts.aborted) == (5, 0)


async def test_answers_refusals_and_withdrawals_are_counted_apart() -> None:
    simulator = quick()
    async with served(simulator) as (base, session):
        url = f"{base}/glm/chat/completions"
        async with session.post(url, json=BODY) as response:
            assert response.status == 200
        async with session.post(url, json=BODY, headers={"Authorization": ""}) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (401, "1002")
        async with session.post(url, data=b"{") as response:
            assert (response.status, (await response.json())["error"]["code"]) == (400, "1214")
        async with session.post(f"{base}/control", json={"provider": "glm", "hang": True}) as response:
            assert (await response.json())["fault"]["hang"] is True
        with pytest.raises(TimeoutError):
            await session.post(url, json=BODY, timeout=aiohttp.ClientTimeout(total=0.05))
        counts = simulator.upstreams["glm"].counts

        async def idle() -> bool:
            return counts.in_flight == 0

        await until(idle)
    assert (counts.hits, counts.answered, counts.failed, counts.aborted) == (4, 1, 2, 1)


async def test_the_context_of_a_request_is_shown_without_its_key() -> None:
    simulator = quick()
    async with served(simulator) as (base, session):
        async with session.post(f"{base}/kimi/chat/completions", json=BODY) as response:
            assert response.status == 200
        async with session.get(f"{base}/control") as response:
            shown = await response.text()
    assert json.loads(shown)["providers"]["kimi"]["last_request"] == {
        "headers": {"x-request-id": "id-1"},
        "parameters": {"model": "m", "max_tokens": 64},
    }
    assert "Bearer" not in shown


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ({"error_rate": 1.0, "status": 500}, 500, b'{"error": {"code": "500", "message": "scripted fault"}}'),
        ({"malformed": True}, 200, b'{"choices": [{"message": {"content": 42}'),
    ],
)
async def test_a_fault_befalls_streams_and_whole_answers(
    stream: bool, fault: dict[str, Any], status: int, body: bytes
) -> None:
    simulator = quick()
    async with served(simulator) as (base, session):
        async with session.post(f"{base}/control", json={"provider": "glm", **fault}) as response:
            assert response.status == 200
        async with session.post(f"{base}/glm/chat/completions", json={**BODY, "stream": stream}) as response:
            assert (response.status, await response.read()) == (status, body)
    assert simulator.upstreams["glm"].counts.failed == 1


async def test_a_stream_is_cut_after_the_chunks_asked_for() -> None:
    simulator = quick()
    async with served(simulator) as (base, session):
        url = f"{base}/glm/chat/completions"
        async with session.post(url, json={**BODY, "stream": True}) as response:
            assert (await response.read()).endswith(b"data: [DONE]\n\n")
        async with session.post(f"{base}/control", json={"provider": "glm", "cut_after": 2}) as response:
            assert response.status == 200
        received = bytearray()
        async with session.post(url, json={**BODY, "stream": True}) as response:
            with pytest.raises(aiohttp.ClientError):
                await gather(response, received)
    assert received.count(b"data: ") == 2
    assert simulator.upstreams["glm"].counts.failed == 1


async def gather(response: aiohttp.ClientResponse, into: bytearray) -> None:
    async for data in response.content.iter_any():
        into += data


async def test_a_client_that_is_gone_when_we_write_is_counted_as_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = quick()

    def gone() -> Decision:
        raise ConnectionResetError

    monkeypatch.setattr(simulator.upstreams["glm"], "decide", gone)
    async with (
        served(simulator) as (base, session),
        session.post(f"{base}/glm/chat/completions", json=BODY) as response,
    ):
        assert response.status == 499
    assert simulator.upstreams["glm"].counts.aborted == 1


async def test_control_refuses_what_it_does_not_know_and_clears_everything() -> None:
    simulator = quick()
    async with served(simulator) as (base, session):
        for body in ("{", "[]", '{"provider": "gpt"}', '{"provider": "glm", "status": 42}'):
            async with session.post(f"{base}/control", data=body) as response:
                assert (response.status, list(await response.json())) == (400, ["error"])
        async with session.post(f"{base}/gpt/chat/completions", json=BODY) as response:
            assert response.status == 404
        async with session.post(f"{base}/control", json={"provider": "glm", "error_rate": 1.0}) as response:
            assert response.status == 200
        async with session.delete(f"{base}/control") as response:
            assert (await response.json())["providers"]["glm"]["fault"]["error_rate"] == 0.0


class ReadyLine:
    """A stdout that calls back when the simulator says that it is ready."""

    def __init__(self, ready: Callable[[], object]) -> None:
        self.lines: list[str] = []
        self._ready = ready

    def write(self, text: str) -> None:
        self.lines.append(text)

    def flush(self) -> None:
        self._ready()


@pytest.fixture
def stdin_pipe() -> Iterator[int]:
    """Put a pipe in the place of stdin; yields its other end."""
    saved, (read, write) = os.dup(0), os.pipe()
    os.dup2(read, 0)
    os.close(read)
    try:
        yield write
    finally:
        os.dup2(saved, 0)
        os.close(saved)


def test_the_program_says_that_it_is_ready_in_one_line_and_ends_by_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = ReadyLine(lambda: os.kill(os.getpid(), signal.SIGTERM))
    monkeypatch.setattr(sys, "stdout", stdout)
    assert main(["--port", "0"]) == 0
    (line,) = stdout.lines
    assert set(json.loads(line)) == {"host", "port", "pid"}
    assert line.endswith("\n")


def test_the_program_ends_with_the_pipe_in_the_place_of_its_stdin(
    monkeypatch: pytest.MonkeyPatch, stdin_pipe: int
) -> None:
    def let_go() -> None:
        os.write(stdin_pipe, b"ignored")
        os.close(stdin_pipe)

    monkeypatch.setattr(sys, "stdout", ReadyLine(let_go))
    assert main([]) == 0


def test_a_port_that_cannot_be_had_is_one_line_and_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 3
    assert capsys.readouterr().err.startswith(f"simulator: port {port}: ")
