"""Classify: the innermost step of a pipeline, which writes onto an error what it means."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import Any, ClassVar

from exai_sre.clock import Clock
from exai_sre.resilience.classifiers.classifier import Classifier, classifier
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.strategy import Strategy

__all__ = ["Classify"]


class Classify(Strategy):
    """Judges each error once, next to the call, so that all strategies around it agree on it.

    Breaker, retry, fallback and the SLI then find ``outcome``, ``retryable``, ``sent`` and
    ``retry_after`` on the error itself. It decides nothing, so it counts nothing.

    Args:
        names: names of classifiers, such as ``http`` or ``glm``.
        judge: a classifier of your own instead.
        clock: source of time; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: there is no classifier of that name.
    """

    kind: ClassVar[str] = "classify"
    decisions: ClassVar[tuple[Decision, ...]] = ()

    def __init__(self, *names: str, judge: Classifier | None = None, clock: Clock | None = None) -> None:
        self._names = names
        self._own = judge
        super().__init__(clock)

    def _set_clock(self, clock: Clock) -> None:
        super()._set_clock(clock)
        self.judge = self._own or classifier(*self._names, clock=clock)

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:  # noqa: ARG002
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            try:
                return inner(fn, args, kwargs)
            except Exception as error:
                self.judge.mark(error)
                raise

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:  # noqa: ARG002
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            try:
                return await inner(fn, args, kwargs)
            except Exception as error:
                self.judge.mark(error)
                raise

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:  # noqa: ARG002
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            try:
                return (yield from inner(fn, args, kwargs))
            except Exception as error:
                self.judge.mark(error)
                raise

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:  # noqa: ARG002
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            try:
                async with aclosing(inner(fn, args, kwargs)) as items:
                    async for item in items:
                        yield item
            except Exception as error:
                self.judge.mark(error)
                raise

        return step
