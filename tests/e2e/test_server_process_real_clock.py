"""The server as its users start it: start, stop, kill, restart, and what it says when it cannot start."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.e2e.server_process import ROOT, ServerProcess, environment, free_port
from tests.waiting import eventually

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {
        "name": "chat",
        "arguments": {"prompt": "hello"},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        },
    },
}
HEADERS = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
    "Mcp-Name": "chat",
}


async def chat(server):
    async with server.session.post(server.mcp_url, json=CALL, headers=HEADERS) as response:
        return response.status, await response.text()


async def total(server):
    slos = (await server.json("/slo"))["slos"]
    return next(slo["total"] for slo in slos if slo["name"] == "availability")


async def counted(server, calls):
    return await total(server) >= calls


async def ran(*arguments, variables=None, directory=ROOT, within=30.0, stdin=asyncio.subprocess.DEVNULL):
    """Exit code and what was written to standard output and error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", *arguments,
        cwd=directory, env=environment(**(variables or {})), stdin=stdin,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), within)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, out.decode(), err.decode()


async def test_a_signal_drains_running_calls_finish_and_the_exit_is_clean_real_clock(tmp_path):
    async with ServerProcess(tmp_path) as server:
        await chat(server)
        running = [asyncio.create_task(chat(server)) for _ in range(5)]
        await asyncio.sleep(0.05)
        code = asyncio.create_task(server.end())
        answers = await asyncio.gather(*running)
        assert await code == 0
        assert all(status == 200 and 'isError":true' not in text for status, text in answers), answers
    log = (tmp_path / "server.log").read_text()
    assert '"event":"server_draining"' in log
    assert '"calls_finished":true' in log
    assert "Traceback" not in log


async def kill_under_load(server):
    """Calls are running when the process is killed; those may fail, what was counted before may not be lost."""
    load = [asyncio.create_task(chat(server)) for _ in range(10)]
    await asyncio.sleep(0.02)
    await server.end(signal.SIGKILL)
    await asyncio.gather(*load, return_exceptions=True)


async def imports_of_the_sdk():
    """Seconds that this machine takes, at this moment, for two imports of what is most of a start.

    Two at once, because a start also keeps two cores busy: the server's and the simulator's.
    """
    began = time.perf_counter()
    command = (sys.executable, "-c", "import mcp.server.lowlevel")
    processes = [await asyncio.create_subprocess_exec(*command) for _ in range(2)]
    assert [await process.wait() for process in processes] == [0, 0]
    return time.perf_counter() - began


async def test_killed_under_load_it_is_back_soon_and_the_budget_is_not_lost_real_clock(tmp_path, capsys):
    """Back within 3 s where the SDK is imported in 2 s at most; on a slower machine, in proportion to that import.

    Other work on the machine only ever adds time, so the quickest of three starts is the one that tells.
    """
    starts, imports = [], []
    async with ServerProcess(tmp_path) as server:
        for _ in range(20):
            status, _ = await chat(server)
            assert status == 200
        await eventually(lambda: counted(server, 20))
        await asyncio.sleep(1.5)
        while len(starts) < 3 and min(starts, default=3.0) >= 3.0:
            await kill_under_load(server)
            imports.append(await imports_of_the_sdk())
            starts.append(await server.start())
            assert await total(server) >= 20
            status, _ = await chat(server)
            assert status == 200
        with capsys.disabled():
            print(f"\nready again {min(starts):.2f} s after kill -9; two imports of the SDK: {min(imports):.2f} s")
        assert min(starts) < 3.0 * max(1.0, min(imports) / 2.0), (starts, imports)


async def test_the_simulator_does_not_outlive_a_killed_server_real_clock(tmp_path):
    async with ServerProcess(tmp_path) as server:
        children = ROOT / f"/proc/{server._process.pid}/task/{server._process.pid}/children"
        [child] = [int(pid) for pid in children.read_text().split()]
        await server.end(signal.SIGKILL)
        await eventually(lambda: not _alive(child))


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _zombie(pid)


def _zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_a_second_signal_ends_it_at_once_real_clock(tmp_path):
    async with ServerProcess(tmp_path) as server:
        slow = asyncio.create_task(hold(server))
        await asyncio.sleep(1.0)
        server._process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert server._process.returncode is None
        async with server.session.get(f"{server.page_url}/ready") as response:
            assert response.status == 503
            assert (await response.json())["status"] == "draining"
        begin = time.monotonic()
        assert await server.end(within=5) == -signal.SIGTERM
        assert time.monotonic() - begin < 2
        await asyncio.gather(slow, return_exceptions=True)


async def hold(server):
    """A call that the simulator never answers."""
    children = ROOT / f"/proc/{server._process.pid}/task/{server._process.pid}/children"
    [child] = children.read_text().split()
    ports = listening(int(child))
    for provider in ("glm", "kimi"):
        url = f"http://127.0.0.1:{ports[0]}/control"
        async with server.session.post(url, json={"provider": provider, "hang": True}) as response:
            assert response.status == 200
    return await chat(server)


def listening(pid):
    """Ports on which a process listens, from /proc."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{name}")
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in inodes]


async def test_the_sdk_client_speaks_stdio_and_nothing_but_mcp_is_on_standard_output_real_clock(tmp_path):
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "server", "serve", "--stdio"],
        env=environment(EXAI_STATE_DIR=str(tmp_path)),
        cwd=ROOT,
    )
    with (tmp_path / "stderr").open("w") as errors:
        for mode in ("legacy", "2026-07-28"):
            seen = []

            async def on_progress(progress, total, message, seen=seen):
                seen.append(progress)

            async with Client(stdio_client(parameters, errlog=errors), mode=mode) as client:
                assert "chat" in [tool.name for tool in (await client.list_tools()).tools]
                arguments = {"prompt": "count to ten", "stream": True}
                result = await client.call_tool("chat", arguments, progress_callback=on_progress)
                assert not result.is_error, result
                assert "simulated" in result.content[0].text
                assert seen == sorted(seen)
    log = (tmp_path / "stderr").read_text()
    assert "standard input and output; no port is open" in log
    assert '"transport":"pipe"' in log
    assert "Traceback" not in log


async def test_the_end_of_standard_input_is_a_clean_exit_real_clock(tmp_path):
    code, out, err = await ran("serve", "--stdio", variables={"EXAI_STATE_DIR": str(tmp_path)})
    assert (code, out) == (0, "")
    assert "Traceback" not in err


async def test_a_signal_ends_stdio_although_the_client_stays_real_clock(tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "serve", "--stdio",
        cwd=ROOT, env=environment(EXAI_STATE_DIR=str(tmp_path)),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            while b"server_started" not in await process.stderr.readline():
                pass
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        assert b"server_stopped" in await process.stderr.read()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


BAD = [
    (["serve", "--mcp-port", "x"], {}, 2, "--mcp-port='x': cannot be used; use a whole number from 0 to 65535"),
    ([], {"EXAI_MCP_PORT": "-1"}, 2, "EXAI_MCP_PORT='-1': cannot be used; use a whole number from 0 to 65535"),
    ([], {"EXAI_LOG_LEVEL": "loud"}, 2, "EXAI_LOG_LEVEL='loud': cannot be used; use one of debug"),
    ([], {"EXAI_DRAIN_SECONDS": "soon"}, 2, "EXAI_DRAIN_SECONDS='soon'"),
    (["--host", "0.0.0.0"], {}, 2, "no authentication"),
    (["--config", "/nowhere/exai.toml"], {}, 2, "cannot be read"),
    (["--slo-dir", "/nowhere"], {}, 2, "use a directory that exists"),
    (["--no-such-flag"], {}, 2, "--no-such-flag"),
    (["sevre"], {}, 2, "did you mean serve?"),
    (["xyz"], {}, 2, "commands are serve and demo"),
    (["--state-dir", "/proc/none/x"], {}, 2, "cannot be made"),
    ([], {"GLM_API_KEY": "k", "GLM_BASE_URL": "nowhere"}, 2, "GLM_BASE_URL='nowhere': is no web address"),
    ([], {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "many"}, 2, "OTEL_TRACES_SAMPLER_ARG"),
]


@pytest.mark.parametrize(("arguments", "variables", "code", "text"), BAD)
async def test_what_cannot_be_is_refused_in_one_line_real_clock(tmp_path, arguments, variables, code, text):
    base = {"EXAI_STATE_DIR": str(tmp_path), "EXAI_MONITORING_PORT": "0"}
    base = base if "EXAI_MCP_PORT" in variables else {**base, "EXAI_MCP_PORT": "0"}
    got, out, err = await ran(*arguments, variables={**base, **variables})
    assert (got, out) == (code, ""), err
    assert text in err
    assert len(err.strip().splitlines()) == 1, err


async def test_a_faulty_slo_file_is_named_with_its_line_real_clock(tmp_path):
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "a.yaml").write_text(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec: {oops: 1}\n"
    )
    variables = {"EXAI_STATE_DIR": str(tmp_path), "EXAI_MCP_PORT": "0", "EXAI_MONITORING_PORT": "0"}
    code, _, err = await ran("--slo-dir", str(tmp_path / "slo"), variables=variables)
    assert code == 2
    assert "a.yaml:4" in err
    assert len(err.strip().splitlines()) == 1, err


async def test_a_port_in_use_is_named_with_the_way_out_real_clock(tmp_path):
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        variables = {"EXAI_STATE_DIR": str(tmp_path), "EXAI_MONITORING_PORT": "0"}
        code, _, err = await ran("--mcp-port", str(port), variables=variables)
    assert code == 3
    assert (
        err == f"error: port {port} on 127.0.0.1: is in use; stop what listens there, or choose another by --mcp-port\n"
    )


async def test_an_unknown_variable_is_warned_of_at_the_start_real_clock(tmp_path):
    async with ServerProcess(tmp_path, EXAI_MAX_CONNECTION="5"):
        log = (tmp_path / "server.log").read_text()
    assert "warning: EXAI_MAX_CONNECTION is set but nothing reads it; did you mean EXAI_MAX_CONNECTIONS?" in log


async def test_the_help_shows_examples_and_every_setting_real_clock():
    code, out, _ = await ran("serve", "--help")
    assert code == 0
    for text in ("examples:", "--stdio", "--mcp-port", "--state-dir", "EXAI_MCP_PORT"):
        assert text in out
    code, out, _ = await ran("--help")
    assert code == 0
    assert "demo" in out


async def test_the_server_cannot_be_started_twice_on_one_port_real_clock(tmp_path):
    async with ServerProcess(tmp_path) as server:
        variables = {"EXAI_STATE_DIR": str(tmp_path / "b"), "EXAI_MONITORING_PORT": str(free_port())}
        code, _, err = await ran("--mcp-port", str(server.mcp_port), variables=variables)
        assert code == 3
        assert "is in use" in err
        async with aiohttp.ClientSession() as session, session.get(f"{server.page_url}/ready") as response:
            assert response.status == 200
