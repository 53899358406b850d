"""purgatory: ``async with`` and the decorator of the factory; the synchronous factory for plain functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from purgatory import AsyncCircuitBreakerFactory, SyncCircuitBreakerFactory

from benchmarks.cases.subject import OPEN_FOR, AsyncCall, Breaker, BreakerOptions, Decorator, Library

__all__ = ["PURGATORY"]

_STATES = {"closed": "closed", "opened": "open", "half-opened": "half_open"}


def _factory(kind: type[Any], options: BreakerOptions) -> Any:
    factory = kind(default_threshold=options.threshold, default_ttl=OPEN_FOR, exclude=list(options.ignore))
    if options.listener is not None:
        factory.add_listener(options.listener)
    return factory


class _Entered:
    """The breaker behind a factory, which only a call can ask for; closed until there was one."""

    def __init__(self, factory: Any) -> None:
        self.factory = factory
        self._seen: Any = None

    def state(self) -> str:
        return "closed" if self._seen is None else _STATES[self._seen.context.state]

    def note(self, breaker: Any) -> Any:
        self._seen = breaker
        return breaker


def _entered(options: BreakerOptions) -> Breaker:
    entered = _Entered(_factory(AsyncCircuitBreakerFactory, options))

    def guard(call: AsyncCall) -> AsyncCall:
        async def guarded() -> object:
            async with entered.note(await entered.factory.get_breaker("upstream")):
                return await call()

        return guarded

    return Breaker(guard, entered.state)


def _decorator(options: BreakerOptions) -> tuple[Decorator, Callable[[], str]]:
    entered = _Entered(_factory(AsyncCircuitBreakerFactory, options))

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        guarded = entered.factory("upstream")(fn)

        async def noting() -> object:
            entered.note(await entered.factory.get_breaker("upstream"))
            return await guarded()

        return noting

    return decorate, entered.state


def _decorated(options: BreakerOptions) -> Breaker:
    return Breaker(*_decorator(options))


def _plain_entered(options: BreakerOptions) -> Breaker:
    entered = _Entered(_factory(SyncCircuitBreakerFactory, options))

    def guard(call: Callable[[], Any]) -> Callable[[], Any]:
        def guarded() -> object:
            with entered.note(entered.factory.get_breaker("upstream")):
                return call()

        return guarded

    return Breaker(guard, entered.state)


PURGATORY = Library(
    "purgatory",
    ("purgatory",),
    breakers={"async with": _entered, "decorator": _decorated},
    plain={"with": _plain_entered},
    decorator=_decorator,
)
