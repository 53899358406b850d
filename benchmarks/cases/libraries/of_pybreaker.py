"""pybreaker: ``call`` and the decorator for plain functions, ``calling()`` around an ``await``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pybreaker

from benchmarks.cases.subject import OPEN_FOR, AsyncCall, Breaker, BreakerOptions, Decorator, Library

__all__ = ["PYBREAKER"]


class _Listener(pybreaker.CircuitBreakerListener):
    def __init__(self, told: Callable[..., object]) -> None:
        self._told = told

    def success(self, *_: object) -> None:
        self._told()

    def failure(self, *_: object) -> None:
        self._told()

    def state_change(self, *_: object) -> None:
        self._told()


def _new(options: BreakerOptions) -> tuple[pybreaker.CircuitBreaker, Callable[[], str]]:
    breaker = pybreaker.CircuitBreaker(
        fail_max=options.threshold,
        reset_timeout=OPEN_FOR,
        exclude=list(options.ignore),
        listeners=[_Listener(options.listener)] if options.listener else [],
        name="upstream",
    )
    return breaker, lambda: breaker.current_state.replace("-", "_")


def _calling(options: BreakerOptions) -> Breaker:
    breaker, state = _new(options)

    def guard(call: AsyncCall) -> AsyncCall:
        async def guarded() -> object:
            with breaker.calling():
                return await call()

        return guarded

    return Breaker(guard, state)


def _call(options: BreakerOptions) -> Breaker:
    breaker, state = _new(options)
    return Breaker(lambda call: lambda: breaker.call(call), state)


def _decorated(options: BreakerOptions) -> Breaker:
    return Breaker(*_new(options))


def _plain_calling(options: BreakerOptions) -> Breaker:
    breaker, state = _new(options)

    def guard(call: Callable[[], Any]) -> Callable[[], Any]:
        def guarded() -> object:
            with breaker.calling():
                return call()

        return guarded

    return Breaker(guard, state)


def _decorator(options: BreakerOptions) -> tuple[Decorator, Callable[[], str]]:
    return _new(options)


PYBREAKER = Library(
    "pybreaker",
    ("pybreaker",),
    breakers={"with calling()": _calling},
    plain={"call": _call, "decorator": _decorated, "with calling()": _plain_calling},
    decorator=_decorator,
)
