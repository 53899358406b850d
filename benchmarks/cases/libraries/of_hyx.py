"""hyx: breaker, retry and timeout for coroutines, as decorators and context managers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hyx.circuitbreaker import consecutive_breaker
from hyx.retry import retry
from hyx.timeout import timeout

from benchmarks.cases.subject import (
    OPEN_FOR,
    AsyncCall,
    Breaker,
    BreakerOptions,
    Decorator,
    Down,
    Library,
    RetryOptions,
)
from benchmarks.cases.virtual_time import VirtualTime

__all__ = ["HYX"]

_STATES = {"working": "closed", "failing": "open", "recovering": "half_open"}


def _decorator(options: BreakerOptions) -> tuple[Any, Callable[[], str]]:
    breaker = consecutive_breaker(
        # it is told what counts, not what does not
        exceptions=Down if options.ignore else Exception,
        failure_threshold=options.threshold,
        recovery_time_secs=OPEN_FOR,
        recovery_threshold=1,
    )
    return breaker, lambda: _STATES[breaker.state.name]


def _decorated(options: BreakerOptions) -> Breaker:
    return Breaker(*_decorator(options))


def _entered(options: BreakerOptions) -> Breaker:
    breaker, state = _decorator(options)

    def guard(call: AsyncCall) -> AsyncCall:
        async def guarded() -> object:
            async with breaker:
                return await call()

        return guarded

    return Breaker(guard, state)


def _retry(options: RetryOptions) -> Decorator:
    return retry(
        on=BaseException if options.everything else Exception,
        # its attempts are those after the first
        attempts=options.attempts - 1,
        backoff=options.wait,
    )


def _retry_in_time(options: RetryOptions) -> Decorator:
    retrying = _retry(options)

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        return timeout(options.deadline or 1.0)(retrying(fn))

    return decorate


def _limit(seconds: float, call: AsyncCall, _: VirtualTime) -> AsyncCall:
    return timeout(seconds)(call)


def _limit_entered(seconds: float, _: VirtualTime) -> Decorator:
    limit = timeout(seconds)

    def decorate(call: Callable[..., Any]) -> Callable[..., Any]:
        async def limited() -> object:
            async with limit:
                return await call()

        return limited

    return decorate


HYX = Library(
    "hyx",
    ("hyx",),
    breakers={"decorator": _decorated, "async with": _entered},
    decorator=_decorator,
    retries={"decorator": _retry},
    deadlines={"timeout around retry": _retry_in_time},
    limits={"decorator": lambda seconds, _: timeout(seconds), "async with": _limit_entered},
    limit=_limit,
    outer_breaker=_decorated,
    listens=False,
)
