"""The fused run for coroutine functions."""

# ruff: noqa: SLF001 - this is the strategies' other half, and made of their parts

from __future__ import annotations

from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import Any

from exai_sre.resilience.forms import INNERMOST, Arguments, AsyncStep, Keywords
from exai_sre.resilience.fused_run import Again, Call, Run, entrance, refusal, way_out
from exai_sre.resilience.scope import Watch, keep_result, rest_within, within

__all__ = ["fuse_async"]


def fuse_async(run: Run, inner: AsyncStep, attempt: AsyncStep, nested: AsyncStep) -> AsyncStep:
    """``run`` around ``inner``.

    Args:
        run: the strategies.
        inner: what they are around.
        attempt: what the retry of the run is around: breaker, attempt timeout and ``inner``.
        nested: the same strategies one around the other, for calls that do not go straight through.
    """
    if run.watch is None:
        return _unlimited(run, inner, attempt, nested)
    return _limited(run, run.watch, inner, attempt, nested)


def _limited(run: Run, watch: Watch, inner: AsyncStep, attempt: AsyncStep, nested: AsyncStep) -> AsyncStep:
    enter, refuse, passed = entrance(run), refusal(run), way_out(run)
    direct = inner is INNERMOST.async_

    async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
        call = enter()
        if call is None:
            refuse()
            return await nested(fn, args, kwargs)
        try:
            body = (fn(*args, **kwargs) if kwargs else fn(*args)) if direct else inner(fn, args, kwargs)
            if type(body) is not CoroutineType:
                body = _awaiting(body)
            # up to where the body first suspends nothing could end it, so that until then no timer is needed
            driven = keep_result(call, body)
            for suspended_on in driven:
                call.ends = call.began + call.seconds
                await rest_within(call, watch, driven, suspended_on)
        except BaseException as error:
            again = run.failed(call, error, (fn, args, kwargs))
            if again is None:
                raise
        else:
            passed(call)
            # spelled out: see Scope.take_result
            result, call.result = call.result, None
            return result
        return await _repeated(run, call, _attempts(run, again, attempt, (fn, args, kwargs)))

    return step


def _unlimited(run: Run, inner: AsyncStep, attempt: AsyncStep, nested: AsyncStep) -> AsyncStep:
    enter, refuse, passed = entrance(run), refusal(run), way_out(run)
    direct = inner is INNERMOST.async_

    async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
        call = enter()
        if call is None:
            refuse()
            return await nested(fn, args, kwargs)
        try:
            result = await ((fn(*args, **kwargs) if kwargs else fn(*args)) if direct else inner(fn, args, kwargs))
        except BaseException as error:
            again = run.failed(call, error, (fn, args, kwargs))
            if again is None:
                raise
        else:
            passed(call)
            return result
        return await _repeated(run, call, _attempts(run, again, attempt, (fn, args, kwargs)))

    return step


async def _awaiting(awaitable: Any) -> Any:
    return await awaitable


async def _repeated(run: Run, call: Call, attempts: Coroutine[Any, Any, Any]) -> Any:
    """The result of the attempts after the first, within the limit of the whole."""
    total = run.strategies.total
    try:
        result = await (attempts if total is None else within(call, total._watch, attempts))
    except BaseException as error:
        run.finish(call, error)
        raise
    run.leave(call)
    run.ledger.passed(run.now() - call.began)
    return result


async def _attempts(
    run: Run, again: Again, attempt: AsyncStep, arguments: tuple[Callable[..., Any], Arguments, Keywords]
) -> Any:
    retry, episode, delay = again
    while True:
        await retry._clock.sleep(delay)
        try:
            with episode.resending():
                return await attempt(*arguments)
        except Exception as error:
            wait = episode.after(error, run.now())
            if wait is None:
                raise
            delay = wait
