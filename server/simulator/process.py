"""The simulator as a child process that never outlives its parent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from exai_sre.errors import ExaiSreError
from exai_sre.extras import require

if TYPE_CHECKING:
    import aiohttp

__all__ = ["SimulatorError", "SimulatorProcess"]

_ROOT: Final = Path(__file__).resolve().parents[2]


class SimulatorError(ExaiSreError):
    """The simulator did not start, or refused a control message."""


class SimulatorProcess:
    """Starts ``python -m server.simulator`` on a free port; ends it on exit.

    Its stdin is a pipe from us, so that it ends with us even when we are killed.

    Args:
        seed: seed of latencies and faults.
        latency: median seconds of an answer.
        sigma: spread of the log-normal latencies.
        start_timeout: seconds until it must be ready.
        stop_timeout: seconds that it may take to end before it is killed.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        latency: float = 0.15,
        sigma: float = 0.35,
        start_timeout: float = 20.0,
        stop_timeout: float = 2.0,
    ) -> None:
        self._arguments = ("--port", "0", "--seed", str(seed), "--latency", str(latency), "--sigma", str(sigma))
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._base_url = ""
        self._aiohttp = require("aiohttp", package="aiohttp", extra="aiohttp")

    @property
    def base_url(self) -> str:
        """Root of the simulator; a provider's base URL is ``{base_url}/{provider}``."""
        return self._base_url

    @property
    def pid(self) -> int:
        """Process id; 0 while not running."""
        return self._process.pid if self._process is not None else 0

    @property
    def running(self) -> bool:
        """Whether the process is up."""
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.simulator", *self._arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=_ROOT,
            # Ctrl-C in the terminal is for the server, which drains its calls before it lets go of us.
            start_new_session=True,
        )  # fmt: skip
        try:
            self._base_url = await self._ready(self._process)
        except BaseException:
            await self._end()
            raise
        self._session = self._aiohttp.ClientSession(timeout=self._aiohttp.ClientTimeout(total=10.0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        await self._end()

    async def control(self, provider: str, **fault: Any) -> dict[str, Any]:
        """Set the fault of ``provider`` (fields of :class:`server.simulator.faults.Fault`); none clears it.

        Returns:
            The provider's state.

        Raises:
            SimulatorError: unknown provider or field, or the simulator is gone.
        """
        return await self._request("POST", {"provider": provider, **fault})

    async def clear(self) -> dict[str, Any]:
        """Clear all faults; returns the whole state.

        Raises:
            SimulatorError: the simulator is gone.
        """
        return await self._request("DELETE", None)

    async def state(self) -> dict[str, Any]:
        """Seed, and per provider its counts, fault and last request.

        Raises:
            SimulatorError: the simulator is gone.
        """
        return await self._request("GET", None)

    async def _request(self, method: str, body: dict[str, Any] | None) -> dict[str, Any]:
        if self._session is None:
            raise SimulatorError("the simulator is not running", remedy="use it inside `async with`")
        url = f"{self._base_url}/control"
        try:
            async with self._session.request(method, url, json=body) as response:
                answer: dict[str, Any] = await response.json()
        except (self._aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SimulatorError(f"no answer from the simulator ({type(error).__name__})") from error
        if response.status != 200:
            raise SimulatorError(str(answer.get("error", answer)))
        return answer

    async def _ready(self, process: asyncio.subprocess.Process) -> str:
        stdout = process.stdout
        try:
            line = await asyncio.wait_for(stdout.readline(), self._start_timeout) if stdout is not None else b""
            ready = json.loads(line)
            return f"http://{ready['host']}:{ready['port']}"
        except (TimeoutError, ValueError, KeyError) as error:
            raise SimulatorError(
                "the simulator did not start", remedy="run `python -m server.simulator` to see why"
            ) from error

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), self._stop_timeout)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
