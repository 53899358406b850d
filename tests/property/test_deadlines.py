"""Deadlines: whatever a pipeline is made of, nothing begins after its time and nothing ends more than a tick late.

``make resilience-proof`` runs 100 000 pipelines; here a sample is drawn anew each time.
"""

from __future__ import annotations

import asyncio
import os
import random

from exai_sre.context import deadline_at, remaining
from exai_sre.resilience import Bulkhead, CircuitBreaker, DeadlineExceeded, Pipeline, Retry, Timeout
from exai_sre.resilience.errors import Refused
from exai_sre.resilience.wheel import TICK
from exai_sre.testing import VirtualClock

PIPELINES = int(os.environ.get("EXAI_SRE_PROOF_PIPELINES", "2000"))
BATCH = 100
ROUNDING = 1e-6


class Guarded:
    """One random pipeline, and one call through it that is slow, fails and is slow to give up."""

    def __init__(self, chance, clock):
        self.chance, self.clock = chance, clock
        self.total = chance.choice([0.03, 0.15, 0.5, 1.3, 4.0]) * chance.uniform(0.5, 1.5)
        self.late = self.overdue = 0.0
        parts = [
            Timeout(self.total, total=True),
            Bulkhead(chance.randint(1, 3), chance.randint(0, 2)),
            Retry(chance.randint(1, 4), wait=chance.choice([0.0, 0.05, 0.4])),
            CircuitBreaker("b", minimum_calls=chance.randint(1, 5), open_for=chance.choice([0.05, 1.0])),
            Timeout(chance.uniform(0.05, 2.0)),
        ]
        kept = [part for part in parts if chance.random() < 0.75]
        if chance.random() < 0.25:
            chance.shuffle(kept)
        # a total timeout inside others bounds each of its calls; the whole is then bounded from outside
        self.outer = not kept or kept[0] is not parts[0] or chance.random() < 0.3
        if self.outer:
            kept.insert(0, Timeout(10.0))
        self.pipeline = Pipeline("p", *kept, clock=clock)

    async def work(self):
        left = remaining(self.clock.monotonic())
        if left is not None and left <= 0:
            self.overdue += 1
        await self.clock.sleep(self.chance.choice([0.0, 0.01, 0.2, 1.0, 9.0]) * self.chance.random())
        if self.chance.random() < 0.5:
            raise ConnectionError

    async def call(self):
        ends = self.clock.monotonic() + self.total
        try:
            if self.outer:
                with deadline_at(ends):
                    await self.pipeline.call_async(self.work)
            else:
                await self.pipeline.call_async(self.work)
        except (ConnectionError, DeadlineExceeded, Refused):
            pass
        self.late = self.clock.monotonic() - ends


async def batch(seed):
    chance, clock = random.Random(seed), VirtualClock(monotonic=1000.0 + seed / 7)
    guarded = [Guarded(chance, clock) for _ in range(BATCH)]
    await clock.run(asyncio.gather(*(each.call() for each in guarded)))
    return guarded


def test_nothing_begins_after_its_time_nor_ends_more_than_a_tick_late():
    first = random.SystemRandom().randrange(10**9)
    for number in range(PIPELINES // BATCH):
        for each in asyncio.run(batch(first + number)):
            assert each.overdue == 0, first + number
            assert each.late <= TICK + ROUNDING, first + number
