"""The small service under a real server with many workers, and a client that knows what was answered."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.waiting import eventually

APP = "tests.integration.workers_app:app"
_GUNICORN = ("gunicorn", "--workers", "4", "--max-requests", "200", "--bind", "127.0.0.1:0", "--worker-class")
SERVERS = {
    "gunicorn": (*_GUNICORN, "uvicorn.workers.UvicornWorker", APP),
    "uvicorn": ("uvicorn", "--workers", "4", "--port", "0", "--no-access-log", APP),
    "gunicorn with its own worker": (*_GUNICORN, "asgi", APP),
    "gunicorn that imports first and forks then": (*_GUNICORN, "uvicorn.workers.UvicornWorker", "--preload", APP),
}
WITHIN = 60.0
"""Seconds in which anything is waited for: many times what it takes."""

_SAMPLE = re.compile(r"(\w+)(?:\{([^}]*)\})? (\S+)(?: # \{trace_id=\"(\w+)\"\} (\S+))?")


@dataclass
class Client:
    """Calls the service, a connection per call.

    Attributes:
        port: where it listens.
        answered: numbers of the calls that were answered, by answer.
        unanswered: numbers of the calls whose connection broke.
        pids: when each process answered last, counted in answers.
    """

    port: int
    answered: dict[int, str] = field(default_factory=dict)
    unanswered: list[int] = field(default_factory=list)
    pids: dict[int, int] = field(default_factory=dict)
    calls: int = 0

    async def get(self, path: str) -> tuple[int, bytes] | None:
        """The process that answered and the body; ``None`` where the connection broke."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            finally:
                writer.close()
        except ConnectionError:
            return None
        length = re.search(rb"content-length: (\d+)", head)
        if length is None or len(body) != int(length[1]):
            return None
        pid = int(re.search(rb"x-pid: (\d+)", head)[1])
        self.pids[pid] = len(self.answered)
        return pid, body

    async def call(self) -> None:
        """One call with a number of its own."""
        self.calls += 1
        number = self.calls
        reply = await self.get(f"/call/{number}")
        if reply is None:
            self.unanswered.append(number)
        else:
            self.answered[number] = reply[1].decode()

    async def load(self, calls: int, at_once: int = 12) -> None:
        """So many calls, some of them at once."""
        left = iter(range(calls))

        async def caller() -> None:
            for _ in left:
                await self.call()

        await asyncio.gather(*(caller() for _ in range(at_once)))

    async def from_every_worker(self, path: str, workers: int = 4) -> dict[int, bytes]:
        """The bodies of that path from so many processes, asked one after the other."""
        bodies: dict[int, bytes] = {}

        async def enough() -> bool:
            reply = await self.get(path)
            if reply is not None:
                bodies[reply[0]] = reply[1]
            return len(bodies) >= workers

        await eventually(enough, WITHIN)
        return bodies

    async def slo(self) -> dict[str, Any]:
        """The first SLO of the report."""
        reply = await self.get("/slo")
        return json.loads(reply[1])["slos"][0] if reply and json.loads(reply[1])["slos"] else {"total": -1.0}


def samples(body: bytes) -> dict[tuple[str, str], float]:
    """The values of an exposition by name and labels."""
    return {(m[1], m[2] or ""): float(m[3]) for m in map(_SAMPLE.match, body.decode().splitlines()) if m}


def exemplars(body: bytes) -> list[tuple[int, float]]:
    """Trace id and value of each exemplar of an exposition."""
    found = map(_SAMPLE.match, body.decode().splitlines())
    return [(int(m[4], 16), float(m[5])) for m in found if m and m[4]]


def counts(body: bytes) -> Counter[str]:
    """The totals of everything that the service counts once per call."""
    return Counter(
        {
            name: int(sum(value for (sample, _), value in samples(body).items() if sample == name))
            for name in ("calls_total", "clients_total", "decided_total", "call_seconds_count", "noted_seconds_count")
        }
    )


@asynccontextmanager
async def served(command: tuple[str, ...], directory: Path, root: Path) -> AsyncIterator[Client]:
    """The service, run by ``command`` in a process group of its own."""
    log = directory.with_suffix(".log")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *command),
            cwd=root,
            env={**os.environ, "EXAI_TEST_WORKERS_DIR": str(directory)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        found = await eventually(lambda: re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()), WITHIN)
        client = Client(int(found[1]))
        await client.from_every_worker("/metrics")
        yield client
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), WITHIN)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
