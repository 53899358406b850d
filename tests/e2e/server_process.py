"""The server as its users start it: a process of its own, on free ports, with a state of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**extra: str) -> dict[str, str]:
    """The process environment without keys and settings of whoever runs the tests."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("EXAI_", "GLM_", "KIMI_", "OTEL_"))
    }
    return {**kept, **extra}


class ServerProcess:
    """``python -m server serve`` until the block ends."""

    def __init__(self, state: Path, **variables: str) -> None:
        self.mcp_port, self.monitoring_port = free_port(), free_port()
        self.mcp_url = f"http://127.0.0.1:{self.mcp_port}/mcp"
        self.ws_url = f"ws://127.0.0.1:{self.mcp_port}/ws"
        self.page_url = f"http://127.0.0.1:{self.monitoring_port}"
        self.log = state / "server.log"
        self._variables = environment(EXAI_STATE_DIR=str(state), **variables)
        self._process: asyncio.subprocess.Process | None = None
        self.session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        try:
            await self.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def start(self, within: float = 20.0) -> float:
        """Start the process; returns the seconds until it was ready."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", "serve",
                "--mcp-port", str(self.mcp_port), "--monitoring-port", str(self.monitoring_port),
                cwd=ROOT, env=self._variables, stderr=log, stdout=log,
            )  # fmt: skip
        async with asyncio.timeout(within):
            while not await self.is_ready():
                assert self._process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.02)
        return loop.time() - begin

    async def is_ready(self) -> bool:
        try:
            async with self.session.get(f"{self.page_url}/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def json(self, path: str) -> Any:
        async with self.session.get(f"{self.page_url}{path}") as response:
            return await response.json()

    async def end(self, sign: int = signal.SIGTERM, within: float = 35.0) -> int:
        """Send a signal; returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(sign)
        return await asyncio.wait_for(self._process.wait(), within)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
