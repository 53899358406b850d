"""A breaker under test with the calls that cases make through it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from benchmarks.cases.case import outcome, started
from benchmarks.cases.subject import OPEN_FOR, Breaker, BreakerOptions, Down
from benchmarks.cases.virtual_time import VirtualTime

__all__ = ["Guarded", "fails", "succeeds"]


async def succeeds() -> str:
    return "ok"


async def fails() -> str:
    raise Down


class Guarded:
    """One breaker for coroutines.

    Args:
        make: makes the breaker.
        time: the time it lives in.
        options: more of :class:`BreakerOptions`.
    """

    def __init__(self, make: Callable[[BreakerOptions], Breaker], time: VirtualTime, **options: Any) -> None:
        self.breaker = make(BreakerOptions(time, **options))
        self.time = time

    async def call(self, fn: Callable[[], Any]) -> Any:
        """What the guarded ``fn`` returned or raised."""
        return await outcome(self.breaker.guard(fn)())

    async def fail(self, times: int = 1) -> None:
        for _ in range(times):
            await self.call(fails)

    async def trip(self) -> None:
        """As many failures as open it."""
        await self.fail(2)

    async def half_open(self) -> None:
        """Open it and let the open time pass."""
        await self.trip()
        self.time.advance(OPEN_FOR + 0.5)

    async def admits(self, times: int = 1) -> int:
        """How many of so many healthy calls, one after another, are let through."""
        ran = 0

        async def healthy() -> None:
            nonlocal ran
            ran += 1

        for _ in range(times):
            await self.call(healthy)
        return ran

    async def begin(self, ends: Callable[[], Any]) -> tuple[asyncio.Event, asyncio.Task[Any]]:
        """A call that waits until the event is set and then does what ``ends`` does."""
        release = asyncio.Event()

        async def waits() -> object:
            await release.wait()
            return await ends()

        return release, await started(self.breaker.guard(waits)())

    async def cancel(self) -> None:
        """A call that its caller gives up."""
        _, task = await self.begin(succeeds)
        task.cancel()
        await task

    @property
    def state(self) -> str:
        return self.breaker.state()
