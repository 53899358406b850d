"""Bulkhead: bounds how many calls run at once, so that one slow dependency cannot take all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar

from exai_sre.clock import Clock
from exai_sre.context.deadline import remaining
from exai_sre.resilience.bulkhead_engine import BulkheadEngine
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import BulkheadFull, DeadlineExceeded, OptionError
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.strategy import Strategy

__all__ = ["Bulkhead", "BulkheadOptions"]


@dataclass(frozen=True, slots=True)
class BulkheadOptions:
    """Options of a :class:`Bulkhead`.

    Attributes:
        limit: calls that may run at once.
        queue: calls that may wait for a slot.
    """

    limit: int
    queue: int = 0

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise OptionError("limit", self.limit, "at least one call must be able to run")
        if self.queue < 0:
            raise OptionError("queue", self.queue, "a number of calls is not negative")


class Bulkhead(Strategy):
    """Lets a number of calls run, a number wait in order of arrival, and refuses the others.

    Threads and event loops share the slots of one bulkhead. A stream holds its slot until it is
    closed. A waiting coroutine is bounded by the time limits around it; a waiting thread by the
    deadline of its context.

    Args:
        limit: calls that may run at once.
        queue: calls that may wait for a slot.
        clock: source of time; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: an option makes no sense.
    """

    kind: ClassVar[str] = "bulkhead"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.EXPIRED, Decision.REJECTED)

    def __init__(self, limit: int, queue: int = 0, *, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.options = BulkheadOptions(limit, queue)
        self._engine = BulkheadEngine(limit, queue)

    @property
    def running(self) -> int:
        """Calls that hold a slot now."""
        return self._engine.running

    @property
    def waiting(self) -> int:
        """Calls that wait for a slot now."""
        return self._engine.waiting

    def _refuse(self, counts: Counts) -> BulkheadFull:
        counts[Decision.REJECTED]()
        return BulkheadFull(self.options.limit, self.options.queue)

    async def _wait_async(self, counts: Counts) -> None:
        loop = asyncio.get_running_loop()
        handed_over: asyncio.Future[None] = loop.create_future()
        ticket = self._engine.enqueue(lambda: loop.call_soon_threadsafe(_resolve, handed_over))
        if ticket is None:
            raise self._refuse(counts)
        if ticket.granted:
            return
        try:
            await handed_over
        except BaseException:
            self._engine.withdraw(ticket)
            raise

    def _wait(self, counts: Counts) -> None:
        handed_over = threading.Event()
        ticket = self._engine.enqueue(handed_over.set)
        if ticket is None:
            raise self._refuse(counts)
        if ticket.granted:
            return
        left = remaining(self._now())
        try:
            in_time = handed_over.wait(left)
        except BaseException:
            self._engine.withdraw(ticket)
            raise
        if not in_time:
            self._engine.withdraw(ticket)
            counts[Decision.EXPIRED]()
            raise DeadlineExceeded(left or 0.0, started=False)

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            if not self._engine.admit():
                self._wait(counts)
            try:
                return inner(fn, args, kwargs)
            finally:
                self._engine.release()

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            if not self._engine.admit():
                await self._wait_async(counts)
            try:
                return await inner(fn, args, kwargs)
            finally:
                self._engine.release()

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            if not self._engine.admit():
                self._wait(counts)
            try:
                return (yield from inner(fn, args, kwargs))
            finally:
                self._engine.release()

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            if not self._engine.admit():
                await self._wait_async(counts)
            try:
                async with aclosing(inner(fn, args, kwargs)) as items:
                    async for item in items:
                        yield item
            finally:
                self._engine.release()

        return step


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
