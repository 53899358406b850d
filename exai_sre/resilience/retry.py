"""Retry: tries again where that can help, within the deadline and within a budget.

tenacity's stop, wait and retry strategies decide; the loop is our own, so that a call that
succeeds pays nothing for them.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import Any, ClassVar, ParamSpec, TypeVar

from tenacity import RetryCallState

from exai_sre.clock import Clock
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.classify import ErrorMatch, is_repeatable
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import UnsupportedForm
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep, form_of
from exai_sre.resilience.retry_episode import Episode, RetryOptions, RetryPolicy, Stop, Wait
from exai_sre.resilience.strategy import Strategy

__all__ = ["Retry"]

P = ParamSpec("P")
R = TypeVar("R")

_END = object()


class Retry(Strategy):
    """Calls a function again after an error that may pass.

    The last error is raised as it is. Nothing sleeps past the deadline of the context, or on an
    open breaker that would still refuse; cancellation is never retried. A stream is retried only
    before its first item, and only in a pipeline.

    Args:
        attempts, wait, stop, on, budget, longest_wait: see
            :class:`~exai_sre.resilience.retry_episode.RetryOptions`.
        sleep: blocks for that many seconds in the synchronous forms.
        clock: source of time and of the asynchronous sleep; that of the pipeline, or the
            system's, by default.

    Raises:
        OptionError: an option makes no sense.
    """

    kind: ClassVar[str] = "retry"
    decisions: ClassVar[tuple[Decision, ...]] = (
        Decision.BUDGET_EMPTY,
        Decision.FAILED,
        Decision.GAVE_UP,
        Decision.RETRIED,
    )

    def __init__(
        self,
        attempts: int = 3,
        *,
        wait: Wait | None = None,
        stop: Stop | None = None,
        on: ErrorMatch | Callable[[RetryCallState], bool] = is_repeatable,
        budget: RetryBudget | None = None,
        longest_wait: float = 60.0,
        sleep: Callable[[float], object] = time.sleep,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.options = RetryOptions(attempts, wait, stop, on, budget, longest_wait)
        self._policy = RetryPolicy(self.options)
        self._sleep = sleep

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """Retry every call of ``fn``, a plain or coroutine function.

        Raises:
            UnsupportedForm: ``fn`` is a generator function: items that were given out cannot be
                taken back.
        """
        if form_of(fn) in ("items", "stream"):
            raise UnsupportedForm(
                f"{getattr(fn, '__qualname__', fn)!s} is a generator function, which cannot be called again midway",
                remedy="put the retry in a Pipeline, which retries a stream before its first item only",
            )
        return super().__call__(fn)

    def _begin(self) -> float:
        if self._policy.budget is not None:
            self._policy.budget.earn()
        return self._now()

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            began, episode = self._begin(), None
            while True:
                try:
                    if episode is None:
                        return inner(fn, args, kwargs)
                    with episode.resending():
                        return inner(fn, args, kwargs)
                except Exception as error:
                    episode = episode or Episode(self._policy, counts, (fn, args, kwargs), began)
                    delay = episode.after(error, self._now())
                    if delay is None:
                        raise
                self._sleep(delay)

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            began, episode = self._begin(), None
            while True:
                try:
                    if episode is None:
                        return await inner(fn, args, kwargs)
                    with episode.resending():
                        return await inner(fn, args, kwargs)
                except Exception as error:
                    episode = episode or Episode(self._policy, counts, (fn, args, kwargs), began)
                    delay = episode.after(error, self._now())
                    if delay is None:
                        raise
                await self._clock.sleep(delay)

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        begin = self._around_sync(_first_item, counts)

        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            first, items = begin(inner, (fn, args, kwargs), {})
            if first is _END:
                return items
            return (yield from _Resumed(first, items))

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        begin = self._around_async(_first_of_stream, counts)

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            first, items = await begin(inner, (fn, args, kwargs), {})
            if first is _END:
                return
            async with aclosing(items):
                yield first
                async for item in items:
                    yield item

        return step


class _Resumed(Generator[Any, Any, Any]):
    """A generator whose first item was taken: gives it out again, then hands everything on."""

    __slots__ = ("_first", "_items")

    def __init__(self, first: Any, items: Generator[Any, Any, Any]) -> None:
        self._first = first
        self._items = items

    def send(self, value: Any) -> Any:
        if self._first is _END:
            return self._items.send(value)
        first, self._first = self._first, _END
        return first

    def throw(self, *error: Any) -> Any:
        return self._items.throw(*error)

    def close(self) -> None:
        self._items.close()


def _first_item(inner: Callable[..., Any], call: Arguments, _: Keywords) -> tuple[Any, Any]:
    """The first item and the generator behind it; at its end a mark and what it returned."""
    items = inner(*call)
    try:
        return next(items), items
    except StopIteration as end:
        return _END, end.value


async def _first_of_stream(inner: Callable[..., Any], call: Arguments, _: Keywords) -> tuple[Any, Any]:
    """The first item and the generator behind it; at its end a mark."""
    items = inner(*call)
    return await anext(items, _END), items
