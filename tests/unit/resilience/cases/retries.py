"""A scripted dependency, retried in each form in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exai_sre.resilience.strategy import Guard
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import outcome_of_await, outcome_of_call


class Script:
    """A dependency that raises the given errors or returns the given results in turn, and then answers.

    Attributes:
        calls: how often it was called.
        on_call: run at each call, before it ends.
    """

    def __init__(self, *ends: Any, answer: Any = "ok", on_call: Callable[[], object] = lambda: None) -> None:
        self.ends = list(ends)
        self.answer = answer
        self.calls = 0
        self.on_call = on_call

    def sync(self, *_: Any, **__: Any) -> Any:
        self.calls += 1
        self.on_call()
        end = self.ends.pop(0) if self.ends else self.answer
        if isinstance(end, BaseException):
            raise end
        return end

    async def wait(self, *_: Any, **__: Any) -> Any:
        return self.sync()

    def items(self, *_: Any, **__: Any) -> Any:
        yield self.sync()

    async def stream(self, *_: Any, **__: Any) -> Any:
        yield self.sync()


async def _stream(guard: Guard, script: Script, *args: Any, **kwargs: Any) -> Any:
    [item] = [item async for item in guard.stream(script.stream, *args, **kwargs)]
    return item


def _items(guard: Guard, script: Script, *args: Any, **kwargs: Any) -> Any:
    [item] = guard(script.items)(*args, **kwargs)
    return item


RETRIED: dict[str, Callable[..., Any]] = {
    "sync": lambda guard, script, *args, **kwargs: guard.call(script.sync, *args, **kwargs),
    "sync_decorated": lambda guard, script, *args, **kwargs: guard(script.sync)(*args, **kwargs),
    "generator": _items,
    "async": lambda guard, script, *args, **kwargs: guard.call_async(script.wait, *args, **kwargs),
    "async_decorated": lambda guard, script, *args, **kwargs: guard(script.wait)(*args, **kwargs),
    "async_generator": _stream,
}
"""Each form in which a pipeline can retry: calls a script through a guard, with these arguments."""

each_retried_form = pytest.mark.parametrize("form", RETRIED)


async def retried(form: str, clock: VirtualClock, guard: Guard, script: Script, *args: Any, **kwargs: Any) -> str:
    """Result of a call in this form, or the name of its error; time passes as the call wants."""
    if form.startswith("async"):
        return await clock.run(retried_at_once(form, guard, script, *args, **kwargs))
    return await retried_at_once(form, guard, script, *args, **kwargs)


async def retried_at_once(form: str, guard: Guard, script: Script, *args: Any, **kwargs: Any) -> str:
    """As :func:`retried`, for calls that wait for nothing."""
    if form.startswith("async"):
        return await outcome_of_await(RETRIED[form](guard, script, *args, **kwargs))
    return outcome_of_call(lambda: RETRIED[form](guard, script, *args, **kwargs))
