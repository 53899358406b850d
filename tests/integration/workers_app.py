"""A small service for the tests of many workers: it counts each call before it answers, and names its process."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from decimal import Decimal

from exai_sre.clock import SystemClock
from exai_sre.context.trace import TraceContext, current_trace
from exai_sre.metrics import OUTCOME_VALUES, Label, Matcher, NotCharted, exposition
from exai_sre.metrics.multiprocess import Workers
from exai_sre.slo import EventsIndicator, SqliteTrackerStore, make_slo
from exai_sre.slo.multiprocess import WorkersTracker

DIRECTORY = os.environ["EXAI_TEST_WORKERS_DIR"]
_SERVED = NotCharted("a test")

workers = Workers(DIRECTORY)
calls = workers.catalog.counter(
    "calls_total", "Calls.", labels=(Label("outcome", values=OUTCOME_VALUES),), chart=_SERVED
)
seconds = workers.catalog.histogram("call_seconds", "Calls.", buckets=(0.1, 1.0), chart=_SERVED)
running = workers.catalog.gauge("running_calls", "Calls.", chart=_SERVED).labels()
clients = workers.catalog.counter("clients_total", "Calls.", labels=(Label("client", bound=20),), chart=_SERVED)
calls.ensure()
duration = seconds.labels()
decided = workers.catalog.counter("decided_total", "Calls.", chart=_SERVED).labels().tick
noted = workers.catalog.histogram("noted_seconds", "Calls.", buckets=(0.1, 1.0), chart=_SERVED).labels().notes().add
slo = make_slo("calls", "shop", Decimal("0.9"), EventsIndicator("calls_total", bad=(Matcher("outcome", ("error",)),)))
tracker = WorkersTracker(
    [slo], workers, SqliteTrackerStore(f"{DIRECTORY}/slo.sqlite3"), clock=SystemClock(), replica="the service"
)


def call(number: int) -> bytes:
    """Count one call in every way that there is."""
    running.inc()
    outcome = "error" if number % 10 == 0 else "ok"
    trace = TraceContext(f"{number + 1:032x}", f"{number + 1:016x}", sampled=True)
    token = current_trace.set(trace)
    duration.observe(0.05 if number % 2 else 0.5)
    current_trace.reset(token)
    calls.labels(outcome=outcome).inc()
    clients.labels(client=f"client {number % 50}").inc()
    decided()
    noted(0.5)
    running.dec()
    return outcome.encode()


def answer(path: str) -> bytes:
    """The body of a response."""
    if path.startswith("/call/"):
        return call(int(path.rpartition("/")[2]))
    if path == "/slo":
        return json.dumps(tracker.report()).encode()
    return exposition(workers.merged, "application/openmetrics-text")[0]


async def live(receive, send) -> None:
    """The lifespan of a worker: its part in the tracker."""
    await receive()
    task = asyncio.create_task(tracker.run(interval=0.2))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await send({"type": "lifespan.shutdown.complete"})


async def app(scope, receive, send) -> None:
    """The service."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    body = answer(scope["path"])
    headers = [(b"x-pid", str(os.getpid()).encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
