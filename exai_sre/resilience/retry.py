"""Retry: tries again where that can help, within the deadline and within a budget.

tenacity's stop, wait and retry strategies decide; the loop is our own, so that a call that
succeeds pays nothing for them.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import Any, ClassVar, Never, ParamSpec, TypeVar, overload

from tenacity import RetryCallState

from exai_sre.clock import Clock
from exai_sre.context.attempt import attempts_left
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.classify import ErrorMatch, is_repeatable
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import UnsupportedForm
from exai_sre.resilience.first_item import END, Head, Resumed, head_of_items, head_of_stream, shown
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep, form_of
from exai_sre.resilience.retry_episode import Attempt, Episode
from exai_sre.resilience.retry_policy import BeforeSleep, Idempotent, RetryOptions, RetryPolicy, Stop, Wait
from exai_sre.resilience.strategy import Strategy

__all__ = ["Retry"]

P = ParamSpec("P")
R = TypeVar("R")


class _OnlyAny:
    """Nothing returns this, so that for a type checker only functions that return ``Any`` fit it."""


class Retry(Strategy):
    """Calls a function again after an error or a result that may pass.

    The last error is raised, and the last result returned, as it is. Nothing sleeps past the
    deadline of the context, or on an open breaker that would still refuse; cancellation is never
    retried. A stream is retried only before its first item, and only in a pipeline. Of retries
    within retries only the outermost repeats, whatever lies between them: the others see
    :data:`~exai_sre.context.attempt.attempts_left` set and make one attempt.

    Args:
        attempts, wait, stop, on, budget, longest_wait, retry_if, idempotent, before_sleep: see
            :class:`~exai_sre.resilience.retry_policy.RetryOptions`.
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
        retry_if: Callable[[Any], bool] | None = None,
        idempotent: Idempotent = True,
        before_sleep: BeforeSleep | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.options = RetryOptions(
            attempts=attempts,
            wait=wait,
            stop=stop,
            on=on,
            budget=budget,
            longest_wait=longest_wait,
            retry_if=retry_if,
            idempotent=idempotent,
            before_sleep=before_sleep,
        )
        self._policy = RetryPolicy(self.options)
        self._sleep = sleep

    @overload
    def __call__(self, fn: Callable[P, _OnlyAny]) -> Callable[P, Any]: ...

    @overload
    def __call__(self, fn: Callable[P, AsyncIterator[Any]]) -> Never: ...

    @overload
    def __call__(self, fn: Callable[P, Generator[Any, Any, Any]]) -> Never: ...

    @overload
    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]: ...

    def __call__(self, fn: Callable[P, Any]) -> Callable[P, Any]:
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

    def _begin(self, nested: bool) -> float:
        if self._policy.budget is not None and not nested:
            self._policy.budget.earn()
        return self._now()

    def _attempt(self, episode: Episode | None, nested: bool) -> AbstractContextManager[None]:
        if nested:
            return nullcontext()
        return Attempt(1, self._policy.attempts) if episode is None else episode.resending()

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        policy = self._policy

        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            nested, episode = attempts_left.get() is not None, None
            began = self._begin(nested)
            while True:
                try:
                    with self._attempt(episode, nested):
                        result = inner(fn, args, kwargs)
                except Exception as error:
                    episode = episode or Episode(policy, counts, (fn, args, kwargs), began, nested)
                    delay = episode.after(error, self._now())
                    if delay is None:
                        raise
                else:
                    if not policy.judges_results or shown(result) is END:
                        return result
                    episode = episode or Episode(policy, counts, (fn, args, kwargs), began, nested)
                    delay = episode.after_result(shown(result), self._now())
                    if delay is None:
                        return result
                    if type(result) is Head:
                        result.rest.close()
                self._sleep(delay)

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        policy = self._policy

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            nested, episode = attempts_left.get() is not None, None
            began = self._begin(nested)
            while True:
                try:
                    with self._attempt(episode, nested):
                        result = await inner(fn, args, kwargs)
                except Exception as error:
                    episode = episode or Episode(policy, counts, (fn, args, kwargs), began, nested)
                    delay = episode.after(error, self._now())
                    if delay is None:
                        raise
                else:
                    if not policy.judges_results or shown(result) is END:
                        return result
                    episode = episode or Episode(policy, counts, (fn, args, kwargs), began, nested)
                    delay = episode.after_result(shown(result), self._now())
                    if delay is None:
                        return result
                    if type(result) is Head:
                        await result.rest.aclose()
                await self._clock.sleep(delay)

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        begin = self._around_sync(lambda fn, args, kwargs: head_of_items(inner(fn, args, kwargs)), counts)

        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            head: Head = begin(fn, args, kwargs)
            if head.first is END:
                return head.rest
            return (yield from Resumed(head))

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        begin = self._around_async(lambda fn, args, kwargs: head_of_stream(inner(fn, args, kwargs)), counts)

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            head: Head = await begin(fn, args, kwargs)
            if head.first is END:
                return
            async with aclosing(head.rest) as items:
                yield head.first
                async for item in items:
                    yield item

        return step
