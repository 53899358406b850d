"""A pipeline that can be exchanged for another while functions are guarded by it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import aclosing
from typing import Any, ParamSpec, TypeVar

from exai_sre.resilience.forms import Arguments, Forms, Keywords, decorate
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.resilience.strategy import Guard

__all__ = ["LivePipeline"]

P = ParamSpec("P")
R = TypeVar("R")


class LivePipeline(Guard):
    """Guards calls with the pipeline of the moment; calls that run keep the one they began with.

    A direct call costs one frame more than the pipeline itself; a decorated function follows each
    exchange too.

    Args:
        pipeline: the first pipeline.

    Attributes:
        pipeline: the pipeline of the moment.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    @property
    def name(self) -> str:
        """Name of the pipeline."""
        return self.pipeline.name

    @property
    def forms(self) -> Forms:
        """See :attr:`Guard.forms`; of the pipeline of the moment."""
        return self.pipeline.forms

    def call(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """See :meth:`Guard.call`."""
        return self.pipeline.call(fn, *args, **kwargs)

    def call_async(self, fn: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        """See :meth:`Guard.call_async`."""
        return self.pipeline.call_async(fn, *args, **kwargs)

    def stream(
        self, fn: Callable[P, AsyncGenerator[R, None]], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncGenerator[R, None]:
        """See :meth:`Guard.stream`."""
        return self.pipeline.stream(fn, *args, **kwargs)

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """See :meth:`Guard.__call__`."""
        return decorate(fn, Forms(self._sync, self._async, self._items, self._stream))

    def _sync(self, fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
        return self.pipeline.forms.sync(fn, args, kwargs)

    async def _async(self, fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
        return await self.pipeline.forms.async_(fn, args, kwargs)

    def _items(self, fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
        return (yield from self.pipeline.forms.items(fn, args, kwargs))

    async def _stream(self, fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
        async with aclosing(self.pipeline.forms.stream(fn, args, kwargs)) as items:
            async for item in items:
                yield item
