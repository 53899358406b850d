"""The shape that all strategies share: one engine, four forms, one way to be composed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from functools import cached_property
from typing import Any, ClassVar, ParamSpec, TypeVar

from exai_sre.clock import Clock, SystemClock, reading
from exai_sre.resilience.decision import Counts, Decision, no_counts
from exai_sre.resilience.forms import INNERMOST, AsyncStep, Forms, ItemsStep, StreamStep, SyncStep, decorate

__all__ = ["Guard", "Strategy"]

P = ParamSpec("P")
R = TypeVar("R")


class Guard(ABC):
    """Something that calls a function under protection: a strategy or a pipeline of them."""

    @property
    @abstractmethod
    def forms(self) -> Forms:
        """The guarded call in its four forms."""

    def call(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a plain function and return its result.

        Raises:
            UnsupportedForm: ``fn`` is a coroutine function.
        """
        result: R = self.forms.sync(fn, args, kwargs)
        return result

    def call_async(self, fn: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        """Call a coroutine function; await the result."""
        return self.forms.async_(fn, args, kwargs)

    def stream(
        self, fn: Callable[P, AsyncGenerator[R, None]], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncGenerator[R, None]:
        """Run an async generator function; iterate over the result.

        Admission happens when iteration starts. Values can be received, not sent in.
        """
        return self.forms.stream(fn, args, kwargs)

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """Guard every call of ``fn``: a plain, coroutine, generator or async generator function."""
        return decorate(fn, self.forms)


class Strategy(Guard):
    """One resilience primitive.

    A strategy keeps no state of a single call, so that one object serves any number of concurrent
    calls, threads and event loops; it can be made at import time, without a running loop.

    Attributes:
        kind: kind of the strategy, as metrics name it.
        decisions: the decisions that this kind can make.
    """

    kind: ClassVar[str]
    decisions: ClassVar[tuple[Decision, ...]]

    def __init__(self, clock: Clock | None) -> None:
        self._own_clock = clock is not None
        self._set_clock(clock or SystemClock())

    def use_clock(self, clock: Clock) -> None:
        """Take over the clock of a pipeline, unless this strategy was given one of its own."""
        if not self._own_clock:
            self._own_clock = True
            self._set_clock(clock)

    def _set_clock(self, clock: Clock) -> None:
        self._clock = clock
        self._now = reading(clock)

    @property
    def forms(self) -> Forms:
        """This strategy alone around a function, with nothing counted."""
        return self._standalone

    @cached_property
    def _standalone(self) -> Forms:
        return self.around(INNERMOST, no_counts())

    def around(self, inner: Forms, counts: Counts) -> Forms:
        """This strategy around ``inner``, reporting its decisions to ``counts``."""
        return Forms(
            self._around_sync(inner.sync, counts),
            self._around_async(inner.async_, counts),
            self._around_items(inner.items, counts),
            self._around_stream(inner.stream, counts),
        )

    @abstractmethod
    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep: ...

    @abstractmethod
    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep: ...

    @abstractmethod
    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep: ...

    @abstractmethod
    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep: ...
