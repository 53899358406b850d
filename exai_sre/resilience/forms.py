"""The four forms of a guarded call, and how a function shows which one it needs."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial, wraps
from types import CoroutineType
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

from exai_sre.resilience.errors import UnsupportedForm

__all__ = ["INNERMOST", "AsyncStep", "Forms", "ItemsStep", "StreamStep", "SyncStep", "decorate", "form_of"]

P = ParamSpec("P")
R = TypeVar("R")

Arguments: TypeAlias = tuple[Any, ...]
Keywords: TypeAlias = dict[str, Any]

SyncStep: TypeAlias = Callable[[Callable[..., Any], Arguments, Keywords], Any]
"""Calls a function with these arguments and returns its result."""

AsyncStep: TypeAlias = Callable[[Callable[..., Any], Arguments, Keywords], Coroutine[Any, Any, Any]]
"""Calls a function with these arguments and awaits its result."""

ItemsStep: TypeAlias = Callable[[Callable[..., Any], Arguments, Keywords], Generator[Any, Any, Any]]
"""Runs a generator function with these arguments."""

StreamStep: TypeAlias = Callable[[Callable[..., Any], Arguments, Keywords], AsyncGenerator[Any, None]]
"""Runs an async generator function with these arguments."""


@dataclass(frozen=True, slots=True)
class Forms:
    """One step of a guarded call, in its four forms.

    Attributes:
        sync: for plain functions.
        async_: for coroutine functions.
        items: for generator functions.
        stream: for async generator functions.
    """

    sync: SyncStep
    async_: AsyncStep
    items: ItemsStep
    stream: StreamStep


def _sync(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
    result = fn(*args, **kwargs)
    if type(result) is CoroutineType:
        result.close()
        raise UnsupportedForm(
            "a coroutine function was called in the synchronous form, which would guard nothing",
            remedy="use call_async or the decorator",
        )
    return result


async def _async(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
    return await fn(*args, **kwargs)


def _items(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
    return (yield from fn(*args, **kwargs))


async def _stream(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
    async with aclosing(fn(*args, **kwargs)) as items:
        async for item in items:
            yield item


INNERMOST = Forms(_sync, _async, _items, _stream)
"""The step that calls the guarded function itself."""


def form_of(fn: Callable[..., Any]) -> str:
    """Which attribute of :class:`Forms` guards ``fn``: ``sync``, ``async_``, ``items`` or ``stream``."""
    target: Any = fn
    while isinstance(target, partial):
        target = target.func
    candidates = (target, getattr(target, "__call__", None))  # noqa: B004 - an instance's own __call__ may be async
    if any(inspect.iscoroutinefunction(candidate) for candidate in candidates):
        return "async_"
    if any(inspect.isasyncgenfunction(candidate) for candidate in candidates):
        return "stream"
    if any(inspect.isgeneratorfunction(candidate) for candidate in candidates):
        return "items"
    return "sync"


def decorate(fn: Callable[P, R], forms: Forms) -> Callable[P, R]:
    """``fn`` behind the form that suits it; the result is a function of the same kind."""
    form = form_of(fn)
    makers: dict[str, Callable[[], Callable[..., Any]]] = {
        "sync": lambda: _guard_sync(fn, forms.sync),
        "async_": lambda: _guard_async(fn, forms.async_),
        "items": lambda: _guard_items(fn, forms.items),
        "stream": lambda: _guard_stream(fn, forms.stream),
    }
    return cast("Callable[P, R]", wraps(fn)(makers[form]()))


def _guard_sync(fn: Callable[..., Any], step: SyncStep) -> Callable[..., Any]:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return step(fn, args, kwargs)

    return guarded


def _guard_async(fn: Callable[..., Any], step: AsyncStep) -> Callable[..., Any]:
    async def guarded(*args: Any, **kwargs: Any) -> Any:
        return await step(fn, args, kwargs)

    return guarded


def _guard_items(fn: Callable[..., Any], step: ItemsStep) -> Callable[..., Any]:
    def guarded(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        return (yield from step(fn, args, kwargs))

    return guarded


def _guard_stream(fn: Callable[..., Any], step: StreamStep) -> Callable[..., Any]:
    async def guarded(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        async with aclosing(step(fn, args, kwargs)) as items:
            async for item in items:
                yield item

    return guarded
