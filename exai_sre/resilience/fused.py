"""From strategies in order to one guarded call: runs in the default order are fused, the rest is nested."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import aclosing
from typing import Any

from exai_sre.resilience.decision import Counts
from exai_sre.resilience.forms import INNERMOST, Arguments, AsyncStep, Forms, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.fused_async import fuse_async
from exai_sre.resilience.fused_run import Run, strategies_of
from exai_sre.resilience.fused_sync import fuse_sync
from exai_sre.resilience.ledger import Ledger, no_ledger
from exai_sre.resilience.strategy import Strategy

__all__ = ["guard_calls", "nest_calls"]

CountsOf = Callable[[Strategy | None], Counts]


def guard_calls(strategies: Sequence[Strategy], counts: CountsOf, now: Callable[[], float], ledger: Ledger) -> Forms:
    """Calls through ``strategies``, outermost first, whose ends are written down in ``ledger``."""
    parts, length = strategies_of(strategies, now)
    if not length:
        return _written(_around(strategies, counts, now), ledger, now)
    inner = _around(strategies[length:], counts, now)
    nested = _written(nest_calls(strategies[:length], counts, inner), ledger, now)
    return _fused(Run(parts, counts, ledger, now), strategies[:length], counts, inner, nested)


def nest_calls(strategies: Sequence[Strategy], counts: CountsOf, inner: Forms) -> Forms:
    """Each strategy around the one after it, the last around ``inner``."""
    for strategy in reversed(strategies):
        inner = strategy.around(inner, counts(strategy))
    return inner


def _around(strategies: Sequence[Strategy], counts: CountsOf, now: Callable[[], float]) -> Forms:
    if not strategies:
        return INNERMOST
    parts, length = strategies_of(strategies, now)
    inner = _around(strategies[max(1, length) :], counts, now)
    nested = nest_calls(strategies[: max(1, length)], counts, inner)
    # one strategy alone has nothing to be fused with
    return (
        nested
        if length < 2
        else _fused(Run(parts, counts, no_ledger(), now), strategies[:length], counts, inner, nested)
    )


def _fused(run: Run, strategies: Sequence[Strategy], counts: CountsOf, inner: Forms, nested: Forms) -> Forms:
    retry = run.strategies.retry
    attempt = inner if retry is None else nest_calls(strategies[strategies.index(retry) + 1 :], counts, inner)
    return Forms(
        fuse_sync(run, inner.sync, attempt.sync, nested.sync),
        fuse_async(run, inner.async_, attempt.async_, nested.async_),
        nested.items,
        nested.stream,
    )


def _written(inner: Forms, ledger: Ledger, now: Callable[[], float]) -> Forms:
    """``inner`` with the ends of its calls written down, and not begun after the deadline."""
    return Forms(
        _written_sync(inner.sync, ledger, now),
        _written_async(inner.async_, ledger, now),
        _written_items(inner.items, ledger, now),
        _written_stream(inner.stream, ledger, now),
    )


def _written_sync(inner: SyncStep, ledger: Ledger, now: Callable[[], float]) -> SyncStep:
    def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
        began = ledger.open(now())
        try:
            result = inner(fn, args, kwargs)
        except BaseException as error:
            ledger.failed(error, began, now())
            raise
        ledger.passed(now() - began)
        return result

    return step


def _written_async(inner: AsyncStep, ledger: Ledger, now: Callable[[], float]) -> AsyncStep:
    async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
        began = ledger.open(now())
        try:
            result = await inner(fn, args, kwargs)
        except BaseException as error:
            ledger.failed(error, began, now())
            raise
        ledger.passed(now() - began)
        return result

    return step


def _written_items(inner: ItemsStep, ledger: Ledger, now: Callable[[], float]) -> ItemsStep:
    def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
        began = ledger.open(now())
        try:
            result = yield from inner(fn, args, kwargs)
        except BaseException as error:
            ledger.failed(error, began, now())
            raise
        ledger.passed(now() - began)
        return result

    return step


def _written_stream(inner: StreamStep, ledger: Ledger, now: Callable[[], float]) -> StreamStep:
    async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
        began = ledger.open(now())
        try:
            async with aclosing(inner(fn, args, kwargs)) as items:
                async for item in items:
                    yield item
        except BaseException as error:
            ledger.failed(error, began, now())
            raise
        ledger.passed(now() - began)

    return step
