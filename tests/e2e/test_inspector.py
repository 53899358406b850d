"""The MCP Inspector's command line, a client that we did not write, against the server as it is started."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from server.metrics import TOOLS
from tests.e2e.server_process import ROOT, ServerProcess, environment

pytestmark = pytest.mark.needs_inspector


async def inspect(*arguments: str) -> dict:
    """Run the Inspector; its answer as JSON."""
    process = await asyncio.create_subprocess_exec(
        "mcp-inspector", "--cli", *arguments,
        cwd=ROOT, env=environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


async def test_the_inspector_lists_tools_and_calls_chat_over_http(tmp_path):
    async with ServerProcess(tmp_path) as server:
        over_http = (server.mcp_url, "--transport", "http")
        listed = await inspect(*over_http, "--method", "tools/list", "--strict")
        assert sorted(tool["name"] for tool in listed["tools"]) == sorted(TOOLS)
        call = ("--method", "tools/call", "--tool-name", "chat", "--tool-arg", "prompt=hello")
        answer = await inspect(*over_http, *call)
        assert answer.get("isError") in (None, False)
        assert answer["structuredContent"]["simulated"] is True


async def test_the_inspector_calls_a_tool_over_stdio(tmp_path):
    command = (sys.executable, "-m", "server", "serve", "--stdio", "--state-dir", str(tmp_path))
    listed = await inspect("--method", "tools/list", "--", *command)
    assert sorted(tool["name"] for tool in listed["tools"]) == sorted(TOOLS)
