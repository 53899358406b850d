"""A stage for the show in virtual time: a real tracker, a real breaker and a FAKE server that calls feed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import cache

from exai_sre.metrics import Catalog
from exai_sre.resilience import BreakerOpen, CircuitBreaker
from exai_sre.resilience.breaker_options import BreakerOptions
from exai_sre.slo import SloTracker, load_slos
from exai_sre.testing import VirtualClock
from server.demo.flow import Beat
from server.demo.stage import Rhythm, Stage, Timing
from server.metrics import ServerMetrics

SLOS = "slo"
TIMING = Timing()
BREAKER = BreakerOptions(minimum_calls=10, open_for=15.0)


@cache
def slo_named(name, catalog=None):
    return next(slo for slo in load_slos(SLOS, catalog=catalog) if slo.name == name)


class UpstreamDown(Exception):
    """What the fake upstream raises."""


class FakeServer:
    """Stands in for the server: every call is one attempt at GLM, a second one if it fails, else one at Kimi."""

    def __init__(self):
        self.clock = VirtualClock()
        catalog = Catalog()
        self.metrics = ServerMetrics.declare(catalog)
        self.tracker = SloTracker(load_slos(SLOS, catalog=catalog), catalog, clock=self.clock, replica="fake")
        self.breaker = CircuitBreaker("glm", minimum_calls=10, open_for=15.0, clock=self.clock)
        self.fault: dict[str, object] = {}
        self.faults: list[tuple[str, dict[str, object]]] = []
        self.published: list[dict[str, object]] = []

    def stage(self):
        return Stage(
            clock=self.clock,
            statuses=self.tracker.status,
            breakers=lambda: [{"name": "glm", "state": self.breaker.state.value}],
            fault=self.control,
            publish=self.published.append,
            timing=TIMING,
            breaker=BREAKER,
        )

    async def control(self, provider, **fault):
        self.faults.append((provider, fault))
        self.fault = fault

    async def tick(self):
        while True:
            await self.clock.sleep(TIMING.tick)
            self.tracker.tick()

    @asynccontextmanager
    async def ticking(self):
        task = asyncio.create_task(self.tick())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _attempt(self):
        await self.clock.sleep(TIMING.answer)
        outcome = "upstream_error" if self.fault.get("error_rate") else "ok"
        self.metrics.gen_ai.attempt_duration.labels(gen_ai_provider_name="glm", outcome=outcome).observe(0.03)
        if outcome != "ok":
            raise UpstreamDown

    async def call(self):
        first = float(self.fault.get("first_chunk", 0.03))
        for number in range(TIMING.attempts):
            try:
                await self.breaker.call_async(self._attempt)
                break
            except BreakerOpen:
                break
            except UpstreamDown:
                if number == 0:
                    await self.clock.sleep(TIMING.retry_wait)
        await self.clock.sleep(first)
        labels = {"gen_ai_provider_name": "glm", "outcome": "ok"}
        self.metrics.gen_ai.first_chunk.labels(**labels).observe(first)


class FakeLoad:
    """Calls the fake server at a steady rate."""

    def __init__(self, server, rate=10.0):
        self.rate = rate
        self.ended = False
        self._server = server

    async def run(self):
        try:
            async with asyncio.TaskGroup() as calls:
                while True:
                    calls.create_task(self._server.call())
                    await self._server.clock.sleep(1 / self.rate)
        finally:
            self.ended = True


class FakeObservers:
    """Stands in for Prometheus: scrapes and evaluates at known moments."""

    def __init__(self, clock):
        self._clock = clock

    async def rhythm(self, clock):
        assert clock is self._clock
        now = clock.monotonic()
        return Rhythm(Beat(now - 0.3, 1.0), Beat(now - 0.1, 1.0), scrape_seconds=0.05, window=4.0)
