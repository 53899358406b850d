"""What the tests of the strategies share: a breaker with small numbers, and calls that end on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from exai_sre.resilience import CircuitBreaker
from exai_sre.testing import VirtualClock


class Down(ConnectionError):
    """The dependency failed."""


class Wrong(Exception):
    """The caller's fault."""


def small_breaker(clock: VirtualClock, **options: Any) -> CircuitBreaker:
    """Opens at half of two calls, for 30 s, and lets one probe through."""
    settings: dict[str, Any] = {"minimum_calls": 2, "open_for": 30.0, "half_open_calls": 1, "half_open_limit": 60.0}
    return CircuitBreaker("upstream", clock=clock, **{**settings, **options})


def answer() -> str:
    return "ok"


def fail(error: type[BaseException] = Down) -> Any:
    raise error


async def answer_async() -> str:
    await asyncio.sleep(0)
    return "ok"


async def fail_async(error: type[BaseException] = Down) -> Any:
    await asyncio.sleep(0)
    raise error


async def hang() -> None:
    await asyncio.get_running_loop().create_future()


def trip(breaker: CircuitBreaker) -> None:
    """Two failures, which open a small breaker."""
    for _ in range(2):
        outcome_of_call(lambda: breaker.call(fail))
    assert breaker.state == "open"


def outcome_of_call(call: Callable[[], Any]) -> str:
    """The result of ``call``, or the name of what it raised."""
    try:
        return str(call())
    except BaseException as error:
        return type(error).__name__


async def outcome_of_await(awaitable: Any) -> str:
    """The result of an awaitable, or the name of what it raised."""
    try:
        return str(await awaitable)
    except BaseException as error:
        return type(error).__name__


def items(*values: object) -> Generator[Any, None, str]:
    """Yields the values, raising those that are exception types."""
    for value in values:
        if isinstance(value, type):
            raise value
        yield value
    return "end"


async def stream(*values: object) -> AsyncGenerator[Any, None]:
    """Like :func:`items`, asynchronously."""
    for value in values:
        await asyncio.sleep(0)
        if isinstance(value, type):
            raise value
        yield value


async def collect(source: AsyncGenerator[Any, None]) -> list[Any]:
    return [item async for item in source]
