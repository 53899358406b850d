"""Existing pybreaker listeners on one of our breakers."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias

import pybreaker

from exai_sre.errors import ExaiSreError
from exai_sre.names import Event
from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_options import FAILURES, BreakerState
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.interop.courier import Courier
from exai_sre.resilience.interop.pybreaker_facade import BreakerFacade
from exai_sre.resilience.interop.pybreaker_states import PYBREAKER_STATES, state_object
from exai_sre.resilience.judged_items import JudgedItems
from exai_sre.resilience.strategy import Strategy

__all__ = ["Deliver", "FailedResult", "ListenerBridge", "inline"]

_HOOKS: Final = ("before_call", "success", "failure", "state_change")

Deliver: TypeAlias = Callable[[Callable[[], object]], object]
"""Takes a notification and carries it out, now or later, in order."""


def inline(notify: Callable[[], object]) -> None:
    """Carry out a notification at once, in the caller: for listeners known to be quick."""
    notify()


class FailedResult(ExaiSreError):
    """What listeners get for a call that returned a result which the breaker counts as a failure."""

    outcome: ClassVar[Outcome] = Outcome.UPSTREAM_ERROR

    def __init__(self) -> None:
        super().__init__("the call returned what its breaker counts as a failure")


class ListenerBridge(Strategy):
    """Tells pybreaker listeners what one of our breakers does. Put it right inside that breaker.

    ``before_call``, ``success`` and ``failure`` are called for the calls that the breaker admits, judged
    as the breaker judges them; neutral calls are neither. ``state_change`` is called for each transition
    that pybreaker has words for. Listeners see a
    :class:`~exai_sre.resilience.interop.pybreaker_facade.BreakerFacade`. What they raise is logged.
    By default a thread calls them, in order, with the context of the call (so correlation ids
    hold), so that a slow listener delays no call: a call may then have begun when ``before_call`` runs.

    Used as in ``Pipeline("upstream", breaker, ListenerBridge(breaker, MyListener()))``.

    Args:
        breaker: the breaker.
        listeners: the listeners.
        deliver: carries out notifications; a thread of its own by default, :func:`inline` for the caller's.
    """

    kind: ClassVar[str] = "pybreaker_listeners"
    decisions: ClassVar[tuple[Decision, ...]] = ()

    def __init__(
        self,
        breaker: CircuitBreaker,
        *listeners: pybreaker.CircuitBreakerListener,
        deliver: Deliver | None = None,
    ) -> None:
        super().__init__(None)
        self.breaker = breaker
        self.listeners = listeners
        self.facade = BreakerFacade(breaker, listeners)
        self.deliver: Deliver = deliver or Courier(f"listeners of {breaker.name}")
        self._hooks = {hook: tuple(_overridden(listeners, hook)) for hook in _HOOKS}
        self._failure_if = breaker.options.failure_if or _never
        breaker.on_transition(self._changed)

    def _tell(self, hook: str, /, *args: Any, **kwargs: Any) -> None:
        for told in self._hooks[hook]:
            self.deliver(partial(_notify, told, self.facade, *args, **kwargs))

    def _changed(self, _name: str, old: BreakerState, new: BreakerState) -> None:
        was, now = PYBREAKER_STATES[old], PYBREAKER_STATES[new]
        if was != now:
            self._tell("state_change", state_object(self.facade, was), state_object(self.facade, now))

    def _ended(self, error: BaseException, failed: bool = False) -> None:
        if failed:
            self._returned(failed)
        elif self.breaker.judge(error) in FAILURES:
            self._tell("failure", error)

    def _returned(self, failed: bool) -> None:
        if failed:
            self._tell("failure", FailedResult())
        else:
            self._tell("success")

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:  # noqa: ARG002 - decides nothing
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            self._tell("before_call", fn, *args, **kwargs)
            try:
                result = inner(fn, args, kwargs)
                failed = self._failure_if(result)
            except BaseException as error:
                self._ended(error)
                raise
            self._returned(failed)
            return result

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:  # noqa: ARG002 - decides nothing
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            self._tell("before_call", fn, *args, **kwargs)
            try:
                result = await inner(fn, args, kwargs)
                failed = self._failure_if(result)
            except BaseException as error:
                self._ended(error)
                raise
            self._returned(failed)
            return result

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:  # noqa: ARG002 - decides nothing
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            self._tell("before_call", fn, *args, **kwargs)
            items = JudgedItems(inner(fn, args, kwargs), self._failure_if)
            try:
                result = yield from items
            except BaseException as error:
                self._ended(error, items.failed)
                raise
            self._returned(items.failed)
            return result

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:  # noqa: ARG002 - decides nothing
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            self._tell("before_call", fn, *args, **kwargs)
            failed = False
            try:
                async with aclosing(inner(fn, args, kwargs)) as items:
                    async for item in items:
                        failed = failed or self._failure_if(item)
                        yield item
            except BaseException as error:
                self._ended(error, failed)
                raise
            self._returned(failed)

        return step


def _overridden(listeners: Iterable[pybreaker.CircuitBreakerListener], hook: str) -> Iterator[Callable[..., object]]:
    """The hooks that do something: most listeners have one or two of the four, and no call pays for the others."""
    idle = getattr(pybreaker.CircuitBreakerListener, hook)
    for listener in listeners:
        told: Callable[..., object] = getattr(listener, hook)
        if getattr(told, "__func__", None) is not idle:
            yield told


def _notify(hook: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:
    try:
        hook(*args, **kwargs)
    except Exception:
        logging.getLogger(__name__).exception(Event.UNHANDLED_ERROR)


def _never(_result: object) -> bool:
    return False
