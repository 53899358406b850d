"""aiobreaker: ``call_async`` and the decorator; ``call`` for plain functions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import aiobreaker

from benchmarks.cases.subject import OPEN_FOR, Breaker, BreakerOptions, Library

__all__ = ["AIOBREAKER", "aiobreaker_call_async"]


class _Listener(aiobreaker.CircuitBreakerListener):
    def __init__(self, told: Callable[..., object]) -> None:
        self._told = told

    def success(self, *_: object) -> None:
        self._told()

    def failure(self, *_: object) -> None:
        self._told()

    def state_change(self, *_: object) -> None:
        self._told()


def _new(options: BreakerOptions) -> tuple[aiobreaker.CircuitBreaker, Callable[[], str]]:
    breaker = aiobreaker.CircuitBreaker(
        fail_max=options.threshold,
        timeout_duration=timedelta(seconds=OPEN_FOR),
        exclude=list(options.ignore),
        listeners=[_Listener(options.listener)] if options.listener else [],
        name="upstream",
    )
    return breaker, lambda: str(breaker.current_state.name).lower()


def aiobreaker_call_async(options: BreakerOptions) -> Breaker:
    """The form that retry libraries without a breaker are combined with."""
    breaker, state = _new(options)
    return Breaker(lambda call: lambda: breaker.call_async(call), state)


def _call(options: BreakerOptions) -> Breaker:
    breaker, state = _new(options)
    return Breaker(lambda call: lambda: breaker.call(call), state)


def _decorated(options: BreakerOptions) -> Breaker:
    return Breaker(*_new(options))


AIOBREAKER = Library(
    "aiobreaker",
    ("aiobreaker",),
    breakers={"call_async": aiobreaker_call_async, "decorator": _decorated},
    plain={"call": _call, "decorator": _decorated},
    decorator=_new,
)
