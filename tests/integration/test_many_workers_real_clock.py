"""uvicorn and gunicorn with four workers that are recycled and killed: one exact set of numbers from any of them.

``make workers-proof`` runs it with more calls (EXAI_WORKERS_CALLS) and on more ways to serve
(EXAI_WORKERS_SERVERS, as many as it says).
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.integration.workers_rig import SERVERS, WITHIN, Client, counts, exemplars, samples, served
from tests.waiting import eventually

CALLS = int(os.environ.get("EXAI_WORKERS_CALLS", "1000"))
SERVED = list(SERVERS)[: int(os.environ.get("EXAI_WORKERS_SERVERS", "2"))]
KILLS = 10
FILE_BYTES = 1 << 16
"""A file of this small service: one segment."""


def kill_one(client: Client) -> None:
    """Kill the worker that answered last, which is there for certain."""
    pid = max(client.pids, key=lambda one: client.pids[one])
    del client.pids[pid]
    os.kill(pid, signal.SIGKILL)


async def kill_in_silence(client: Client, calls: int) -> None:
    """So many calls, and a kill when all are answered."""
    await client.load(calls)
    kill_one(client)


async def kill_under_load(client: Client, calls: int) -> None:
    """So many calls, and a kill in the middle of them."""
    load = asyncio.create_task(client.load(calls))
    before = len(client.answered)
    await eventually(lambda: len(client.answered) > before + calls // 3, WITHIN)
    kill_one(client)
    await load


async def check(client: Client, directory: Path, unsure: int) -> None:
    """Every worker tells the same, and what it tells is what the client knows.

    Of a call whose worker was killed before it answered the client cannot know whether it was counted.
    """
    least, most = len(client.answered), len(client.answered) + unsure
    bodies = await client.from_every_worker("/metrics")
    assert len(set(bodies.values())) == 1, bodies
    (body,) = set(bodies.values())
    for name, count in counts(body).items():
        assert least <= count <= most, (name, least, most)
    read = samples(body)
    failed = sum(answer == "error" for answer in client.answered.values())
    bad = read["calls_total", 'outcome="error"']
    assert failed <= bad <= failed + unsure
    assert sum(name == "clients_total" for name, _ in read) == 21
    assert read["running_calls", ""] == 0
    shown = exemplars(body)
    assert len(shown) == 2
    assert all(value == (0.05 if (number - 1) % 2 else 0.5) and number - 1 <= client.calls for number, value in shown)

    told = read["calls_total", 'outcome="ok"'] + bad

    async def settled() -> bool:
        return bool((await client.slo())["total"] == told)

    await eventually(settled, WITHIN)
    one = await client.slo()
    assert (one["total"], one["total"] - one["good"]) == (told, bad)
    sizes = [path.stat().st_size for path in directory.glob("*.cells")]
    assert sum(sizes) <= 2 * (4 + 2) * FILE_BYTES, sizes


async def check_from_every_worker(client: Client) -> None:
    """The report of every worker is one report, read between two ticks of whoever counts."""

    async def same() -> bool:
        return len(set((await client.from_every_worker("/slo")).values())) == 1

    await eventually(same, WITHIN)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("server", SERVED)
async def test_numbers_are_exact_through_recycling_and_ten_kills_real_clock(
    server: str, tmp_path: Path, root: Path
) -> None:
    directory = tmp_path / "cells"
    async with served(SERVERS[server], directory, root) as client:
        for _ in range(KILLS // 2):
            await kill_in_silence(client, CALLS // KILLS)
        # A worker that is recycled closes connections that wait, but none whose call it has begun.
        await check(client, directory, unsure=0)
        broken = len(client.unanswered)
        for _ in range(KILLS // 2):
            await kill_under_load(client, CALLS // KILLS)
        await check(client, directory, unsure=len(client.unanswered) - broken)
        await check_from_every_worker(client)
        assert len(client.answered) >= CALLS * 0.9
