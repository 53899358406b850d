"""The fused run for plain functions."""

# ruff: noqa: SLF001 - this is the strategies' other half, and made of their parts

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exai_sre.resilience.forms import Arguments, Keywords, SyncStep
from exai_sre.resilience.fused_run import Again, Call, Run, entrance, refusal, way_out

__all__ = ["fuse_sync"]


def fuse_sync(run: Run, inner: SyncStep, attempt: SyncStep, nested: SyncStep) -> SyncStep:
    """``run`` around ``inner``; see :func:`~exai_sre.resilience.fused_async.fuse_async`."""
    enter, refuse, passed, limited = entrance(run), refusal(run), way_out(run), run.watch is not None

    def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
        call = enter()
        if call is None:
            refuse()
            return nested(fn, args, kwargs)
        try:
            if limited:
                # nothing can interrupt a plain function, but it can look
                call.deadline, call.guarded = call.began + call.seconds, False
            result = inner(fn, args, kwargs)
        except BaseException as error:
            again = run.failed(call, error, (fn, args, kwargs))
            if again is None:
                raise
        else:
            passed(call)
            return result
        return _repeated(run, call, again, attempt, (fn, args, kwargs))

    return step


def _repeated(
    run: Run,
    call: Call,
    again: Again,
    attempt: SyncStep,
    arguments: tuple[Callable[..., Any], Arguments, Keywords],
) -> Any:
    """The result of the attempts after the first, within the deadline of the whole."""
    try:
        result = _attempts(run, again, attempt, arguments)
    except BaseException as error:
        run.finish(call, error)
        raise
    run.leave(call)
    run.ledger.passed(run.now() - call.began)
    return result


def _attempts(
    run: Run, again: Again, attempt: SyncStep, arguments: tuple[Callable[..., Any], Arguments, Keywords]
) -> Any:
    retry, episode, delay = again
    while True:
        retry._sleep(delay)
        try:
            with episode.resending():
                return attempt(*arguments)
        except Exception as error:
            wait = episode.after(error, run.now())
            if wait is None:
                raise
            delay = wait
