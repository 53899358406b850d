"""What the instruments of one MCP call cost, and what they add to a FastAPI and a FastMCP application.

First all instruments of one call in one process: ids in and out, metrics, a span at 10 % sampling, one JSON log line
with redacted arguments. Then what they add to a request, beside OpenTelemetry's instrumentation at the same sampling.
CPU time, medians of interleaved rounds. A slow or busy machine slows all of them, so the figures are also given as they
would be where the goals were set, judged by bare structlog with orjson, of which one line took 8.2 us there.

Run: python -m benchmarks.bench_mcp_call [ROUNDS]
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

import orjson
import structlog
from mcp.server import Server

from benchmarks.cases.instrumented_apps import APPS, RATIO, WAYS, Discard
from exai_sre.context import inject_meta
from exai_sre.logs import shutdown_logging
from exai_sre.middleware.mcp import instrument
from exai_sre.middleware.telemetry import configure_telemetry

ROUNDS = 9
CALLS = 1000
REQUESTS = {"fastapi": 300, "fastmcp": 120}
REFERENCE = 8.2
"""Microseconds of CPU that one line of bare structlog with orjson took where the goals were set."""

BARE_LINE = "a line of bare structlog and orjson"

PARENT = f"00-{'a' * 32}-{'b' * 16}-00"


@dataclass
class Ctx:
    """A request as the SDK describes it."""

    params: dict[str, Any]
    method: str = "tools/call"
    request_id: int = 1
    request: Any = None
    protocol_version: str = "2026-07-28"


@dataclass
class Figures:
    """CPU microseconds by case, one entry for each round."""

    by_case: dict[str, list[float]] = field(default_factory=dict)

    def add(self, case: str, value: float) -> None:
        self.by_case.setdefault(case, []).append(value)

    def median(self, case: str) -> float:
        return statistics.median(self.by_case[case])

    def more(self, case: str, base: str) -> float:
        """Median over the rounds of what ``case`` takes more than ``base`` did in the same round."""
        pairs = zip(self.by_case[case], self.by_case[base], strict=True)
        return statistics.median(value - below for value, below in pairs)


def bare_structlog() -> Callable[[], None]:
    """One line of 11 fields, by structlog and orjson alone."""
    sink = structlog.BytesLogger(open(os.devnull, "wb"))  # noqa: SIM115 - open as long as the process
    steps = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    log = structlog.wrap_logger(
        sink, [*steps, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(20), cache_logger_on_first_use=True,
    ).bind()  # fmt: skip
    ids = {"correlation_id": "01a2079a-8261-77a1-9035-b378523766e3", "trace_id": "a" * 32, "span_id": "b" * 16}
    text = "the quick brown fox jumps over the lazy dog and comes back to where it was before " * 2

    def write() -> None:
        log.info("request", method="GET", route="/orders/{number}", status=200, duration_ms=1.25, detail=text, **ids)

    return write


def arguments() -> dict[str, Any]:
    return {"query": "how many orders were placed on Monday", "limit": 10, "exact": False}


async def answer(_ctx: Any) -> dict[str, Any]:
    inject_meta({})
    return {"content": [{"type": "text", "text": "42"}], "isError": False}


def timed(work: Callable[[], Any], count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - start) / count * 1e6


async def calls(middleware: Any, params: dict[str, Any]) -> float:
    start = time.process_time()
    for _ in range(CALLS):
        await middleware(Ctx(params), answer)
    return (time.process_time() - start) / CALLS * 1e6


async def one_call(rounds: int, figures: Figures, stream: TextIO) -> None:
    """All instruments of one call, with and without what the caller's own ids add."""
    line = bare_structlog()
    telemetry = configure_telemetry("bench", exporter=Discard(), sampler_ratio=RATIO, stream=stream, share=False)
    whole = telemetry.mcp(Server("bench"), tools=("search",)).middleware
    no_line = telemetry.mcp(Server("bench"), tools=("search",), logger=None).middleware
    metrics_only = instrument(Server("bench"), tools=("search",)).middleware
    params = {"name": "search", "arguments": arguments()}
    with_ids = {**params, "_meta": {"traceparent": PARENT, "progressToken": 7}}
    with_secret = {**params, "arguments": {**arguments(), "api_key": "0123456789abcdef"}}
    for _ in range(rounds):
        figures.add(BARE_LINE, timed(line, 2 * CALLS))
        figures.add("ids and metrics", await calls(metrics_only, params))
        figures.add("and spans, 10 % sampled", await calls(no_line, params))
        figures.add("and one log line: all instruments", await calls(whole, params))
        figures.add("all, under the caller's unsampled trace", await calls(whole, with_ids))
        figures.add("all, with a secret among the arguments", await calls(whole, with_secret))


@contextmanager
def worker(app: str, way: str) -> Iterator[Callable[[int], float]]:
    command = [sys.executable, "-m", "benchmarks.cases.instrumented_apps", app, way]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(count: int) -> float:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("no pipes")
            process.stdin.write(f"{count}\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        yield ask
        if process.stdin is not None:
            process.stdin.close()


def added(rounds: int, app: str) -> Figures:
    """What each way of instrumenting costs a request, in one interleaved run."""
    figures = Figures()
    with ExitStack() as stack:
        asks = {way: stack.enter_context(worker(app, way)) for way in WAYS}
        for ask in asks.values():
            ask(REQUESTS[app])
        for _ in range(rounds):
            for way, ask in asks.items():
                figures.add(way, ask(REQUESTS[app]))
    return figures


def print_call(figures: Figures) -> None:
    unit = figures.median(BARE_LINE)
    print(f"{'CPU of one call':<42}{'us here':>9}{'of a line':>12}{'us there':>10}")
    for case in figures.by_case:
        here = figures.median(case)
        print(f"{case:<42}{here:9.1f}{here / unit:12.2f}{here / unit * REFERENCE:10.1f}")


def print_added(app: str, figures: Figures) -> None:
    bare = figures.median("bare")
    theirs = figures.more("OpenTelemetry", "bare")
    print(f"\n{'CPU added to a request of ' + app:<42}{'us here':>9}{'of bare':>12}{'of OTel':>10}")
    print(f"{'(bare)':<42}{bare:9.1f}")
    for way in WAYS[1:]:
        more = figures.more(way, "bare")
        print(f"{way:<42}{more:9.1f}{more / bare:12.2f}{more / theirs:10.2f}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    figures = Figures()
    with open(os.devnull, "w", encoding="utf-8") as stream:
        asyncio.run(one_call(rounds, figures, stream))
        shutdown_logging()
    print_call(figures)
    for app in APPS:
        print_added(app, added(rounds, app))


if __name__ == "__main__":
    main()
