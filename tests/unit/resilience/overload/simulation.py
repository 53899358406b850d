"""A service under an open load, event by event in virtual time, behind the real strategies.

Calls arrive whether or not earlier ones were answered. The service has workers and a queue in
front of them; a call takes longer the more workers are busy. Clients stop waiting after a time
limit, which the service does not notice: it works on for nobody, which is what makes an overloaded
service collapse. Only answers in time are goodput.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from exai_sre.context.priority import current_priority
from exai_sre.resilience import BulkheadFull, LimitReached, Pipeline, Shed

REFUSED = (BulkheadFull, LimitReached, Shed)

PRIORITIES = {0: 0.10, 1: 0.10, 3: 0.50, 5: 0.20, 7: 0.10}
"""Shares of the arriving calls."""


class Now:
    """The clock of a simulation."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing in these pipelines sleeps")


class Answer:
    """What a simulated call waits for: suspends its coroutine once."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass(frozen=True)
class Service:
    """The service.

    Attributes:
        workers: calls that are worked on at once.
        draw: seconds of work for the next call, mean 1.
        mean: mean seconds of work for a call that is alone.
        contention: by how much a call takes longer when all workers are busy.
        patience: seconds after which clients stop waiting.
    """

    workers: int = 50
    draw: Callable[[random.Random], float] = lambda rng: rng.expovariate(1.0)
    mean: float = 0.1
    contention: float = 0.15
    patience: float = 1.0

    @property
    def capacity(self) -> float:
        """Calls per second with all workers busy: no control can serve more."""
        return self.workers / (self.mean * (1.0 + self.contention))


@dataclass
class Record:
    """What became of the calls, by second of their arrival.

    Attributes:
        offered, refused, answered: number of calls by (second, priority).
        latencies: seconds from arrival to answer, for answers in time, by (second, priority).
    """

    offered: dict[tuple[int, int], int] = field(default_factory=dict)
    refused: dict[tuple[int, int], int] = field(default_factory=dict)
    latencies: dict[tuple[int, int], list[float]] = field(default_factory=dict)

    def answers(self, begin: int, end: int) -> int:
        """Answers in time to calls that arrived in these seconds."""
        return sum(len(found) for (second, _), found in self.latencies.items() if begin <= second < end)

    def share_answered(self, begin: int, end: int, priority: int | None = None) -> float:
        """Share of the calls that were answered in time."""
        keys = [key for key in self.offered if begin <= key[0] < end and priority in (None, key[1])]
        return sum(len(self.latencies.get(key, ())) for key in keys) / sum(self.offered[key] for key in keys)

    def p99(self, begin: int, end: int, priority: int) -> float:
        """99th percentile of the latencies of the answers in time."""
        keys = [key for key in self.latencies if begin <= key[0] < end and priority == key[1]]
        found = sorted(latency for key in keys for latency in self.latencies[key])
        return found[int(0.99 * len(found))]


class Simulation:
    """One run.

    Args:
        service: the service.
        load: offered load at a time, as a multiple of the capacity.
        make: makes the pipeline from the clock of the run.
        seed: of arrivals, priorities and work.
    """

    def __init__(
        self, service: Service, load: Callable[[float], float], make: Callable[[Now], Pipeline], seed: int
    ) -> None:
        self.service = service
        self.record = Record()
        self._load = load
        self._random = random.Random(seed)
        self._clock = Now()
        self._pipeline = make(self._clock)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._waiting: deque[Callable[[], None]] = deque()
        self._busy = 0
        self._levels = list(PRIORITIES)
        self._weights = list(PRIORITIES.values())

    def run(self, seconds: int) -> Record:
        """Let calls arrive for so many seconds; return what became of them."""
        self._arrive_next(seconds)
        while self._events:
            self._clock.now, _, event = heapq.heappop(self._events)
            event()
        return self.record

    def _at(self, time: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._order), event))

    def _arrive_next(self, seconds: int) -> None:
        now = self._clock.now
        highest = 4.0
        while now < seconds:
            now += self._random.expovariate(highest * self.service.capacity)
            if self._random.random() * highest < self._load(now):
                break
        if now < seconds:
            self._at(now, lambda: self._arrive(seconds))

    def _arrive(self, seconds: int) -> None:
        arrived = self._clock.now
        level = self._random.choices(self._levels, self._weights)[0]
        key = (int(arrived), level)
        self.record.offered[key] = self.record.offered.get(key, 0) + 1
        current_priority.set(level)
        call = self._pipeline.call_async(self._work)
        try:
            call.send(None)
        except REFUSED:
            self.record.refused[key] = self.record.refused.get(key, 0) + 1
        else:
            self._begin(lambda: self._answer(call, arrived, key))
        self._arrive_next(seconds)

    async def _work(self) -> None:
        await Answer()

    def _begin(self, answer: Callable[[], None]) -> None:
        if self._busy == self.service.workers:
            self._waiting.append(answer)
            return
        self._busy += 1
        slower = 1.0 + self.service.contention * self._busy / self.service.workers
        work = self.service.mean * self.service.draw(self._random) * slower
        self._at(self._clock.now + work, answer)

    def _answer(self, call: Coroutine[Any, Any, None], arrived: float, key: tuple[int, int]) -> None:
        self._busy -= 1
        latency = self._clock.now - arrived
        if latency <= self.service.patience:
            self.record.latencies.setdefault(key, []).append(latency)
        with suppress(StopIteration):
            call.send(None)
        if self._waiting:
            self._begin(self._waiting.popleft())
