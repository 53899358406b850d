"""``python -m server demo`` as its users start it: the whole show, once, with real Prometheus and Alertmanager."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
import time

import pytest
import websockets

from tests.e2e.server_process import ROOT, environment

pytestmark = [pytest.mark.needs_prometheus, pytest.mark.needs_alertmanager, pytest.mark.timeout(150)]

LONGEST = 90.0
"""Seconds that the show may take, start and stop included."""

ROW = re.compile(r"^│ *(.+?) *│ *(outage|slow-down) *│ *([\d.]+) *│ *([\d.]+) *│", re.MULTILINE)


async def first_of_the_page(address: str) -> dict[str, object]:
    """The first message of the live page that holds a timeline with a fault."""
    async with websockets.connect(address) as socket:
        async for message in socket:
            demo = json.loads(message)["demo"]
            if demo and any(entry["kind"] == "fault" for entry in demo["timeline"]) and demo["predictions"]:
                return demo
    raise AssertionError("the page was closed before the fault")


async def test_the_demo_detects_what_it_predicts_within_ninety_seconds_on_the_real_clock():
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "demo", "--mcp-port", "0", "--monitoring-port", "0",
        cwd=ROOT, env=environment(COLUMNS="100"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        opening = (await process.stdout.readline()).decode()
        address = re.search(r"http://(\S+?)/", opening)
        assert address, opening
        page = asyncio.create_task(first_of_the_page(f"ws://{address[1]}/events"))
        out, err = (each.decode() for each in await process.communicate())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    seconds = time.monotonic() - began
    assert (process.returncode, err) == (0, ""), out
    assert seconds <= LONGEST, out

    assert "its windows hold this demo only" in out
    for told in (
        "GLM answers every request with 503",
        "upstream-glm burns above 14.4x (page)",
        "breaker of glm: closed -> open",
        "breaker of glm: half_open -> closed",
        "Alertmanager paged: UpstreamMostAttemptsFail firing (glm)",
        "first-token burns above 3x (ticket)",
        "Seconds from fault to detection",
    ):
        assert told in out
    rows = {name: (float(predicted), float(measured)) for name, _, predicted, measured in ROW.findall(out)}
    assert {"upstream-glm 14.4x", "breaker of glm opens", "UpstreamMostAttemptsFail page", "first-token 3x"} <= set(
        rows
    )
    # The machine may be busy with other tests: single rows may be late, the middle one not by much.
    assert statistics.median(abs(measured - predicted) for predicted, measured in rows.values()) <= 1.5, rows

    shown = page.result()
    assert shown["phase"] == "outage"
    assert shown["timeline"][0]["text"].startswith("Steady load")
    assert {"name", "predicted_seconds", "measured_seconds"} <= set(shown["predictions"][0])
