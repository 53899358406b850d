"""Timeout: bounds the time of a call, and keeps every bound inside the total deadline."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar

from exai_sre.clock import Clock
from exai_sre.context.limits import current_limits, take_back_limits
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import DeadlineExceeded, OptionError
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.scope import Scope, new_scope, watch_by, within
from exai_sre.resilience.strategy import Strategy
from exai_sre.resilience.wheel import TICK

__all__ = ["Timeout", "TimeoutOptions"]

_END = object()


@dataclass(frozen=True, slots=True)
class TimeoutOptions:
    """Options of a :class:`Timeout`.

    Attributes:
        seconds: time that a call is given.
        total: whether everything inside shares this time as its deadline
            (:data:`exai_sre.context.current_deadline`), retries and their waits included.
    """

    seconds: float
    total: bool = False

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise OptionError("seconds", self.seconds, "a time is more than 0 seconds")


class Timeout(Strategy):
    """Ends a call that takes too long, and refuses one whose deadline has passed.

    An earlier deadline that is already set shortens the time. A coroutine is cancelled and
    :class:`DeadlineExceeded` raised; the caller's own cancellation stays a cancellation. A stream
    is bounded to its first item. A plain or generator function cannot be interrupted: it is only
    refused after the deadline, and a plain one finds the deadline in its context.

    Args:
        seconds: time that a call is given.
        total: whether everything inside shares this time as its deadline.
        clock: source of time and timers; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: ``seconds`` is not above 0.
    """

    kind: ClassVar[str] = "timeout"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.EXPIRED, Decision.TIMED_OUT)

    def __init__(self, seconds: float, *, total: bool = False, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.options = TimeoutOptions(seconds, total)

    def _set_clock(self, clock: Clock) -> None:
        super()._set_clock(clock)
        self._watch = watch_by(clock, self._now)

    def _limit(self, counts: Counts) -> Scope:
        """The limit of a call that begins now."""
        now = self._now()
        scope = new_scope(current_limits.get())
        seconds = scope.seconds = self.options.seconds
        left = math.inf if scope.deadline is None else scope.deadline - now
        if left <= 0:
            counts[Decision.EXPIRED]()
            raise DeadlineExceeded(0.0, started=False)
        if left <= seconds:
            scope.seconds = left
        scope.ends = now + scope.seconds
        if left <= seconds and scope.guarded:
            # the limit around this one ends the call; this one is for a task that outlives that limit
            scope.ends += TICK
        return scope

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            scope = self._limit(counts)
            scope.deadline, scope.guarded = min(scope.ends, scope.deadline or scope.ends), False
            token = current_limits.set(scope)
            try:
                return inner(fn, args, kwargs)
            finally:
                current_limits.reset(token)

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        total = self.options.total

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            scope = self._limit(counts)
            if total:
                scope.deadline, scope.guarded = min(scope.ends, scope.deadline or scope.ends), True
            token = current_limits.set(scope)
            try:
                return await within(scope, self._watch, inner(fn, args, kwargs))
            except BaseException as error:
                if scope.close(error):
                    counts[Decision.TIMED_OUT]()
                    raise DeadlineExceeded(scope.seconds) from error
                raise
            finally:
                take_back_limits(token)

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            self._limit(counts)
            return (yield from inner(fn, args, kwargs))

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def head(_: Callable[..., Any], args: Arguments, __: Keywords) -> Any:
            return await anext(args[0], _END)

        first_item = self._around_async(head, counts)

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            async with aclosing(inner(fn, args, kwargs)) as items:
                first = await first_item(fn, (items,), {})
                if first is _END:
                    return
                yield first
                async for item in items:
                    yield item

        return step
