"""Programs that are started beside the server, and ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from exai_sre.errors import ExaiSreError

__all__ = ["PROGRAMS", "ObservatoryError", "free_port", "missing_programs", "program_running", "until_ready"]

PROGRAMS: Final = ("prometheus", "prometheus-alertmanager")
"""Programs that are needed, by the names of Debian's packages."""

_START_TIMEOUT: Final = 20.0
_STOP_TIMEOUT: Final = 5.0


class ObservatoryError(ExaiSreError):
    """Prometheus or Alertmanager did not start, or refused a query."""


def missing_programs() -> list[str]:
    """Which of the programs are not on the PATH."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def program_running(command: Sequence[str], directory: Path) -> AsyncIterator[None]:
    """Run a program until the body ends; what it says goes to a log of its name in ``directory``."""
    log = directory / f"{command[0]}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_TIMEOUT)
            except TimeoutError:
                process.kill()
                await process.wait()


async def until_ready(
    program: str, directory: Path, holds: Callable[[], Awaitable[bool]], *, within: float = _START_TIMEOUT
) -> None:
    """Wait until ``holds``; an address that does not answer yet is no error.

    Raises:
        ObservatoryError: it did not hold ``within`` so many seconds; the text ends with the program's last line.
    """
    try:
        async with asyncio.timeout(within):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    if await holds():
                        return
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise ObservatoryError(
            f"{program} was not ready within {within:g} s; its last words: {_last_line(directory, program)}"
        ) from error


def _last_line(directory: Path, program: str) -> str:
    lines = (directory / f"{program}.log").read_text("utf-8", "replace").splitlines()
    return lines[-1] if lines else "none"
