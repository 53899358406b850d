"""One call through a breaker in each form, begun, held and ended as a test says."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from typing import Any

import pytest

from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, Timeout
from exai_sre.resilience.strategy import Guard
from tests.unit.resilience.rig import Down

Seen = tuple[str, BaseException | None]
"""The result of a call or the name of its error, and that error."""

End = type[BaseException] | None
"""How a call ends: with an answer, or with an error of this type."""


def _see(call: Callable[[], Any]) -> Seen:
    try:
        return str(call()), None
    except BaseException as error:
        return type(error).__name__, error


async def _see_async(awaitable: Awaitable[Any]) -> Seen:
    try:
        return str(await awaitable), None
    except BaseException as error:
        return type(error).__name__, error


class Held(ABC):
    """A call in progress, or one that was refused.

    Attributes:
        result: ``ok`` or the name of the error that the caller got; ``None`` while it runs.
        error: the error that the caller got.
    """

    result: str | None = None
    error: BaseException | None = None

    def note(self, seen: Seen) -> str:
        """Keep how the call ended."""
        self.result, self.error = seen
        return self.result

    @abstractmethod
    async def end(self, how: End = None) -> str:
        """Let the guarded function end in this way; what the caller got."""

    @property
    def refused(self) -> bool:
        return self.result == "BreakerOpen"


class _Task(Held):
    """A call in a task of its own: every asynchronous form."""

    def __init__(self, call: Callable[[Callable[[], Coroutine[Any, Any, str]]], Coroutine[Any, Any, Any]]) -> None:
        self._gate: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._begun = False
        self._task = asyncio.ensure_future(_see_async(call(self._hold)))

    async def begin(self) -> _Task:
        while not self._begun and not self._task.done():
            await asyncio.sleep(0)
        if self._task.done():
            self.note(self._task.result())
        return self

    async def _hold(self) -> str:
        self._begun = True
        how = await self._gate
        if how is not None:
            raise how
        return "ok"

    async def end(self, how: End = None) -> str:
        if how is asyncio.CancelledError:
            self._task.cancel()
        else:
            self._gate.set_result(how)
        return self.note(await self._task)


class _Thread(Held):
    """A call in a thread of its own: the synchronous forms."""

    def __init__(self, call: Callable[[Callable[[], str]], Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._begun = asyncio.Event()
        self._gate = threading.Event()
        self._how: End = None
        self._running: asyncio.Future[Seen] = self._loop.create_future()
        threading.Thread(target=copy_context().run, args=(self._run, call)).start()

    def _run(self, call: Callable[[Callable[[], str]], Any]) -> None:
        seen = _see(partial(call, self._hold))
        self._loop.call_soon_threadsafe(self._running.set_result, seen)

    async def begin(self) -> _Thread:
        begun = asyncio.ensure_future(self._begun.wait())
        await asyncio.wait({begun, self._running}, return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        if not self._begun.is_set():
            self.note(await self._running)
        return self

    def _hold(self) -> str:
        self._loop.call_soon_threadsafe(self._begun.set)
        assert self._gate.wait(10)
        if self._how is not None:
            raise self._how
        return "ok"

    async def end(self, how: End = None) -> str:
        self._how = how
        self._gate.set()
        return self.note(await self._running)


class _Items(Held):
    """A generator that stands at its first item; it ends when it is asked for the next."""

    def __init__(self, guard: Guard) -> None:
        @guard
        def hold() -> Generator[str, End, None]:
            how = yield "first"
            if how is not None:
                raise how

        self._items = hold()
        seen = _see(lambda: next(self._items))
        if seen[0] != "first":
            self.note(seen)

    async def end(self, how: End = None) -> str:
        if how is asyncio.CancelledError:
            self._items.close()
            return self.note(("CancelledError", None))
        seen = _see(lambda: self._items.send(how))
        return self.note(("ok", None) if isinstance(seen[1], StopIteration) else seen)


class _Body(Held):
    """The body of a ``with`` block, entered and left in a context of its own."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker
        self._context: Context = copy_context()
        seen = _see(lambda: self._context.run(breaker.__enter__))
        if seen[1] is not None:
            self.note(seen)

    async def end(self, how: End = None) -> str:
        error = None if how is None else how()
        self._context.run(self._breaker.__exit__, how, error, None)
        return self.note(("ok" if how is None else how.__name__, error))


async def _collect(source: AsyncGenerator[Any, None]) -> str:
    [item] = [item async for item in source]
    return item


async def _within(breaker: CircuitBreaker, hold: Callable[[], Coroutine[Any, Any, str]]) -> str:
    async with breaker:
        return await hold()


def _within_sync(breaker: CircuitBreaker, hold: Callable[[], str]) -> str:
    with breaker:
        return hold()


async def _one(hold: Callable[[], Coroutine[Any, Any, str]]) -> AsyncGenerator[str, None]:
    yield await hold()


def _pipeline(breaker: CircuitBreaker) -> Pipeline:
    """The default order around a breaker, on its clock."""
    return Pipeline(
        "p",
        Timeout(1000.0, total=True),
        Bulkhead(100_000),
        Retry(attempts=1),
        breaker,
        Timeout(900.0),
        clock=breaker._clock,
    )


async def _at_once(held: Held) -> Held:
    return held


FORMS: dict[str, Callable[[CircuitBreaker], Coroutine[Any, Any, Held]]] = {
    "sync": lambda breaker: _Thread(breaker.call).begin(),
    "sync_decorated": lambda breaker: _Thread(lambda hold: breaker(hold)()).begin(),
    "sync_context": lambda breaker: _Thread(partial(_within_sync, breaker)).begin(),
    "sync_pipeline": lambda breaker: _Thread(_pipeline(breaker).call).begin(),
    "context": lambda breaker: _at_once(_Body(breaker)),
    "generator": lambda breaker: _at_once(_Items(breaker)),
    "generator_pipeline": lambda breaker: _at_once(_Items(_pipeline(breaker))),
    "async": lambda breaker: _Task(breaker.call_async).begin(),
    "async_decorated": lambda breaker: _Task(lambda hold: breaker(hold)()).begin(),
    "async_context": lambda breaker: _Task(partial(_within, breaker)).begin(),
    "async_pipeline": lambda breaker: _Task(_pipeline(breaker).call_async).begin(),
    "async_generator": lambda breaker: _Task(lambda hold: _collect(breaker.stream(_one, hold))).begin(),
    "async_generator_decorated": lambda breaker: _Task(lambda hold: _collect(breaker(_one)(hold))).begin(),
    "async_generator_pipeline": lambda breaker: _Task(lambda hold: _collect(_pipeline(breaker)(_one)(hold))).begin(),
}
"""Each form by name: begins a call through a breaker, which then is held or was refused."""

each_form = pytest.mark.parametrize("form", FORMS)

in_tasks = pytest.mark.parametrize("form", [form for form in FORMS if form.startswith("async")])


async def one_call(form: str, breaker: CircuitBreaker, how: End = None) -> str:
    """A call from begin to end; what the caller got."""
    held = await FORMS[form](breaker)
    return held.result or await held.end(how)


async def trip_by(form: str, breaker: CircuitBreaker) -> None:
    """Two failures, which open a small breaker."""
    for _ in range(2):
        assert await one_call(form, breaker, Down) == "Down"
    assert breaker.state == "open"
