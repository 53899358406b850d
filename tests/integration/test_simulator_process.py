from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

import aiohttp
import pytest

from server.simulator.__main__ import main
from server.simulator.process import SimulatorError, SimulatorProcess
from tests.integration.upstream_rig import until

HEADERS = {"Authorization": "Bearer k", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
BODY = {"model": "glm-4.6", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 64}


async def started(*arguments: str, **options: Any) -> tuple[Process, dict[str, Any]]:
    command = (sys.executable, "-m", "server.simulator", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, **options)
    assert process.stdout is not None
    return process, json.loads(await asyncio.wait_for(process.stdout.readline(), 20))


async def test_it_serves_control_and_counts_and_ends_with_its_owner() -> None:
    async with SimulatorProcess(seed=3, latency=0.001) as simulator, aiohttp.ClientSession() as session:
        assert simulator.running
        url = f"{simulator.base_url}/glm/chat/completions"
        async with session.post(url, json=BODY, headers=HEADERS) as response:
            assert response.status == 200
            assert "glm-4.6" in (await response.json())["choices"][0]["message"]["content"]
        state = await simulator.control("glm", error_rate=1.0, status=429, code="1113", retry_after=3)
        assert (state["hits"], state["answered"]) == (1, 1)
        assert state["last_request"]["headers"] == {"traceparent": HEADERS["traceparent"]}
        assert state["last_request"]["parameters"]["max_tokens"] == 64
        async with session.post(url, json=BODY, headers=HEADERS) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "3")
            assert (await response.json())["error"]["code"] == "1113"
        async with session.post(url.replace("glm", "kimi", 1), json=BODY, headers=HEADERS) as response:
            assert response.status == 200
        await simulator.clear()
        providers = (await simulator.state())["providers"]
        assert providers["glm"]["fault"]["error_rate"] == 0.0
        assert (providers["glm"]["failed"], providers["kimi"]["answered"]) == (1, 1)
        pid = simulator.pid
    assert not simulator.running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_bad_requests_and_bad_control_messages_are_refused() -> None:
    async with SimulatorProcess(latency=0.001) as simulator, aiohttp.ClientSession() as session:
        url = f"{simulator.base_url}/kimi/chat/completions"
        async with session.post(url, json=BODY) as response:
            assert response.status == 401
        async with session.post(url, json={}, headers=HEADERS) as response:
            assert (response.status, (await response.json())["error"]["type"]) == (400, "invalid_request_error")
        async with session.post(url.replace("kimi", "gpt"), json=BODY, headers=HEADERS) as response:
            assert response.status == 404
        async with session.post(f"{simulator.base_url}/control", data=b"{") as response:
            assert response.status == 400
        with pytest.raises(SimulatorError, match="provider must be one of"):
            await simulator.control("gpt")
        with pytest.raises(SimulatorError, match="colour"):
            await simulator.control("glm", colour="red")


async def test_a_withdrawn_request_is_seen_as_aborted() -> None:
    async with SimulatorProcess() as simulator, aiohttp.ClientSession() as session:
        await simulator.control("glm", hang=True)
        url = f"{simulator.base_url}/glm/chat/completions"
        timeout = aiohttp.ClientTimeout(total=0.2)
        with pytest.raises(TimeoutError):
            await session.post(url, json=BODY, headers=HEADERS, timeout=timeout)

        async def aborted() -> bool:
            return (await simulator.state())["providers"]["glm"]["aborted"] == 1

        await until(aborted)
        assert (await simulator.state())["providers"]["glm"]["in_flight"] == 0


async def test_asking_a_simulator_that_does_not_run_is_a_clear_error() -> None:
    simulator = SimulatorProcess()
    assert (simulator.pid, simulator.running) == (0, False)
    with pytest.raises(SimulatorError, match="async with"):
        await simulator.state()
    async with simulator:
        os.kill(simulator.pid, signal.SIGKILL)

        async def ended() -> bool:
            return not simulator.running

        await until(ended)
        with pytest.raises(SimulatorError, match="no answer"):
            await simulator.state()


async def test_one_that_does_not_end_is_killed_by_the_real_clock() -> None:
    async with SimulatorProcess(stop_timeout=0.1) as simulator:
        os.kill(simulator.pid, signal.SIGSTOP)
    assert not simulator.running


async def test_a_simulator_that_cannot_start_says_how_to_find_out_why() -> None:
    with pytest.raises(SimulatorError, match=r"did not start; run `python -m server\.simulator`"):
        await SimulatorProcess(latency=float("nan"), start_timeout=0.001).__aenter__()


async def test_sigterm_ends_it_with_exit_code_0() -> None:
    process, ready = await started("--port", "0", "--seed", "1", stdin=PIPE)
    assert ready["pid"] == process.pid
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_it_ends_when_its_parent_lets_go_of_its_stdin() -> None:
    process, _ = await started(stdin=PIPE)
    assert process.stdin is not None
    process.stdin.write(b"ignored\n")
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_it_does_not_outlive_a_parent_that_was_killed() -> None:
    parent = (
        "import asyncio, sys\n"
        "from server.simulator import SimulatorProcess\n"
        "async def main():\n"
        "    async with SimulatorProcess() as simulator:\n"
        "        sys.stdout.write(f'{simulator.pid}\\n')\n"
        "        sys.stdout.flush()\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", parent, stdout=PIPE)
    assert process.stdout is not None
    pid = int(await asyncio.wait_for(process.stdout.readline(), 20))
    process.kill()
    await process.wait()

    async def gone() -> bool:
        return not _alive(pid)

    await until(gone)


async def test_a_port_in_use_is_one_line_and_exit_code_3() -> None:
    async with SimulatorProcess() as simulator:
        port = simulator.base_url.rsplit(":", 1)[1]
        command = (sys.executable, "-m", "server.simulator", "--port", port)
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
        _, stderr = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 3
    assert stderr.decode().startswith(f"simulator: port {port}: ")
    assert stderr.count(b"\n") == 1


def test_a_wrong_flag_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--colour", "red"])
    assert caught.value.code == 2
    assert "--colour" in capsys.readouterr().err


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False
