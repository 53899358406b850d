"""C1, C2, C4, C5, C7, C16, C18, C31: what counts as a failure, what as a success, and what as neither."""

from __future__ import annotations

import asyncio
from abc import ABCMeta
from collections.abc import AsyncGenerator, Callable
from typing import Any

from benchmarks.cases.case import Case, Seen, outcome, outcome_of_call
from benchmarks.cases.guarded import Guarded, fails, succeeds
from benchmarks.cases.subject import BreakerOptions, Down, Library, Wrong
from benchmarks.cases.virtual_time import VirtualTime

__all__ = ["CASES"]

Make = Callable[[BreakerOptions], Any]


async def _coroutines(_: Library, make: Make, time: VirtualTime) -> Seen:
    decorate, state = make(BreakerOptions(time))
    guarded = decorate(fails)
    for _failure in range(10):
        await outcome(guarded())
    return Seen(state() == "open", f"{state()} after 10 failures")


async def _read(stream: AsyncGenerator[Any, None], items: int) -> None:
    """Take so many items and turn away, as a client does that hangs up."""
    taken = 0
    async for _ in stream:
        taken += 1
        if taken == items:
            break
    await stream.aclose()


async def _streams(_: Library, make: Make, time: VirtualTime) -> Seen:
    decorate, state = make(BreakerOptions(time))

    async def answer() -> AsyncGenerator[str, None]:
        yield "a"
        yield "b"
        raise Down

    guarded = decorate(answer)
    seen = [await outcome(_consume(guarded, items)) for items in (3, 1, 3)]
    told = type(seen[0]).__name__
    return Seen(state() == "open", f"{state()} after a failed, an abandoned and a failed stream ({told})")


async def _consume(guarded: Callable[[], AsyncGenerator[Any, None]], items: int) -> None:
    try:
        await _read(guarded(), items)
    finally:
        # a generator that its wrapper leaves open is closed by the event loop, some turns later
        for _ in range(10):
            await asyncio.sleep(0)


async def _cancelled(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    for _cancel in range(3):
        await it.cancel()
    return Seen(await it.admits() == 1, f"{it.state} after 3 cancelled calls")


async def _cancelled_between(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    await it.fail()
    await it.cancel()
    between = it.state
    await it.fail()
    return Seen(between == "closed" and it.state == "open", f"{between}, then {it.state}")


async def _ignored(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time, ignore=(Wrong,))

    async def wrong() -> None:
        raise Wrong

    await it.fail()
    await it.call(wrong)
    between = it.state
    await it.fail()
    return Seen(between == "closed" and it.state == "open", f"{between}, then {it.state}")


_ENDS: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit)


async def _interrupts(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    raised = []
    for end in _ENDS:

        async def ends(error: type[BaseException] = end) -> None:
            raise error

        raised.append(type(await it.call(ends)))
    return _judge_interrupts(raised, it.state)


def _plain_interrupts(_: Library, make: Make, time: VirtualTime) -> Seen:
    breaker = make(BreakerOptions(time))
    raised = []
    for end in _ENDS:

        def ends(error: type[BaseException] = end) -> None:
            raise error

        raised.append(type(outcome_of_call(breaker.guard(ends))))
    return _judge_interrupts(raised, breaker.state())


def _judge_interrupts(raised: list[type[object]], state: str) -> Seen:
    names = ", ".join(one.__name__ for one in raised)
    return Seen(tuple(raised) == _ENDS and state == "closed", f"raised {names}; {state}")


class _Abstract(Exception, metaclass=ABCMeta):
    """An exception whose class has a metaclass."""


async def _excluded_class(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time, ignore=(_Abstract,))
    await it.trip()
    others = it.state
    it = Guarded(make, time, ignore=(_Abstract,))

    async def abstract() -> None:
        raise _Abstract

    for _call in range(3):
        await it.call(abstract)
    return Seen(others == "open" and it.state == "closed", f"{others} after other errors, {it.state} after its own")


async def _every_second_fails(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time, threshold=10)
    for call in range(100):
        await it.call(succeeds if call % 2 else fails)
    return Seen(it.state == "open", it.state)


CASES = (
    Case("C1", "decorating `async def` counts awaited failures", {"decorator": _coroutines}),
    Case("C2", "failures while iterating an async generator count; abandoning it is neutral", {"decorator": _streams}),
    Case("C4", "a cancellation is no failure", {"breakers": _cancelled}),
    Case("C5", "and no success: fail, cancel, fail opens at threshold 2", {"breakers": _cancelled_between}),
    Case("C7", "an ignored exception is neutral while closed", {"breakers": _ignored}),
    Case(
        "C16",
        "KeyboardInterrupt and SystemExit pass unchanged and are not counted",
        {"breakers": _interrupts, "plain": _plain_interrupts},
    ),
    Case("C18", "exclusion by a class with a metaclass excludes only that class", {"breakers": _excluded_class}),
    Case("C31", "50 % alternating failures over 100 calls open the breaker", {"breakers": _every_second_fails}),
)
