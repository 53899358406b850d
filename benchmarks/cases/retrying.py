"""C21 to C30: retries, deadlines and policies that many calls share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from benchmarks.cases.case import Case, Seen, outcome, started
from benchmarks.cases.subject import OPEN_FOR, BreakerOptions, Down, Library, RetryOptions
from benchmarks.cases.virtual_time import VirtualTime

__all__ = ["CASES"]

Make = Callable[[RetryOptions], Any]

_RESERVE = 10
"""Retries that a budget may have in hand at the start; the cases count them apart."""


class _Leaf:
    """A dependency that is down, and how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    async def call(self) -> None:
        self.calls += 1
        raise Down


async def _cancelled(_: Library, make: Make, time: VirtualTime) -> Seen:
    calls = 0

    async def hangs() -> None:
        nonlocal calls
        calls += 1
        await asyncio.sleep(3600)

    task = await started(make(RetryOptions(time, everything=True))(hangs)())
    task.cancel()
    await task
    return Seen(calls == 1, f"{calls} calls after one cancellation")


async def _generators(_: Library, make: Make, time: VirtualTime) -> Seen:
    begun = 0

    async def answer() -> AsyncGenerator[str, None]:
        nonlocal begun
        begun += 1
        yield "a"
        raise Down

    try:
        retried = make(RetryOptions(time))(answer)
    except Exception as error:
        return Seen(ok=True, what=f"{type(error).__name__} at decoration")
    items: list[str] = []
    end = await outcome(_collect(retried, items))
    return Seen(ok=False, what=f"accepted; items {items}, {begun} begun, {type(end).__name__}")


async def _collect(retried: Callable[[], AsyncGenerator[str, None]], items: list[str]) -> None:
    async for item in retried():
        items.append(item)  # noqa: PERF401 - what came before an error counts


async def _deadline(_: Library, make: Make, time: VirtualTime) -> Seen:
    leaf, began = _Leaf(), time.monotonic()
    await outcome(make(RetryOptions(time, attempts=10, wait=4.0, deadline=1.0))(leaf.call)())
    spent = time.monotonic() - began
    return Seen(spent < 0.01, f"{spent:.1f} s slept, of a deadline of 1 s and a wait of 4 s")


async def _layers(_: Library, make: Make, time: VirtualTime) -> Seen:
    leaf = _Leaf()
    call: Any = leaf.call
    for _layer in range(3):
        call = make(RetryOptions(time))(_forward(call))
    await outcome(call())
    return Seen(leaf.calls <= 3, f"{leaf.calls} leaf calls")


def _forward(call: Callable[[], Any]) -> Callable[[], Any]:
    async def forward() -> object:
        return await call()

    return forward


async def _load(_: Library, make: Make, time: VirtualTime) -> Seen:
    leaf = _Leaf()
    retried = make(RetryOptions(time, budget=True))(leaf.call)
    for _call in range(1000):
        await outcome(retried())
    return Seen(leaf.calls <= 1100 + _RESERVE, f"load factor {leaf.calls / 1000:.2f}")


async def _open_inside(library: Library, make: Make, time: VirtualTime) -> Seen:
    leaf = _Leaf()
    breaker = _breaker_of(library, time, 2)
    retried = make(RetryOptions(time, attempts=5, wait=0.01))(_forward(breaker.guard(leaf.call)))
    await outcome(retried())
    began = time.monotonic()
    for _call in range(3):
        await outcome(retried())
    slept = time.monotonic() - began
    return Seen(slept < 0.001, f"{slept * 1000:.0f} ms slept in 3 calls, of {OPEN_FOR:g} s open")


def _breaker_of(library: Library, time: VirtualTime, threshold: int) -> Any:
    assert library.outer_breaker is not None
    return library.outer_breaker(BreakerOptions(time, threshold=threshold))


async def _open_outside(library: Library, make: Make, time: VirtualTime) -> Seen:
    leaf = _Leaf()
    try:
        breaker = _breaker_of(library, time, 5)
        guarded = breaker.guard(make(RetryOptions(time, attempts=5))(leaf.call))
    except Exception as error:
        return Seen(ok=True, what=f"refused with {type(error).__name__}")
    for _call in range(10):
        await outcome(guarded())
    return Seen(leaf.calls <= 5, f"opened after {leaf.calls} failures of the dependency, threshold 5")


async def _timers(_: Library, make: Callable[[float, VirtualTime], Any], time: VirtualTime) -> Seen:
    async def hangs() -> None:
        await asyncio.sleep(100.0)

    limited = make(1.0, time)(hangs)
    spent = await _two_overlapping(limited, time, 0.5)
    right = all(one <= 1.1 for one in spent)
    return Seen(right, f"limits of 1 s ended calls after {spent[0]:.1f} s and {spent[1]:.1f} s")


async def _retry_timers(_: Library, make: Make, time: VirtualTime) -> Seen:
    retried = make(RetryOptions(time, attempts=100, wait=0.4, deadline=2.0))(_Leaf().call)
    spent = await _two_overlapping(retried, time, 1.0)
    right = abs(spent[0] - spent[1]) < 0.1
    return Seen(right, f"deadlines of 2 s ended calls after {spent[0]:.1f} s and {spent[1]:.1f} s")


async def _two_overlapping(call: Callable[[], Any], time: VirtualTime, apart: float) -> tuple[float, float]:
    """Seconds that two calls through one policy took, the second begun while the first was running."""

    async def timed() -> float:
        began = time.monotonic()
        await outcome(call())
        return time.monotonic() - began

    first = asyncio.ensure_future(timed())
    await asyncio.sleep(apart)
    second = asyncio.ensure_future(timed())
    return await first, await second


async def _not_idempotent(library: Library, make: Make, time: VirtualTime) -> Seen:
    """The connection breaks after the request was sent: whether it was carried out, nobody knows."""
    leaf, keyed = _Leaf(), _Leaf()
    await outcome(make(RetryOptions(time, idempotent=False))(leaf.call)())
    with library.keyed():
        await outcome(make(RetryOptions(time, idempotent=False))(keyed.call)())
    told = f"sent {leaf.calls} times; with an idempotency key {keyed.calls} times"
    return Seen(leaf.calls == 1 and keyed.calls == 3, told)


def _breaker_without_loop(_: Library, make: Callable[[BreakerOptions], Any], time: VirtualTime) -> Seen:
    return _in_two_loops(lambda fn: make(BreakerOptions(time)).guard(fn))


def _retry_without_loop(_: Library, make: Make, time: VirtualTime) -> Seen:
    return _in_two_loops(lambda fn: make(RetryOptions(time))(fn))


def _limit_without_loop(_: Library, make: Callable[[float, VirtualTime], Any], time: VirtualTime) -> Seen:
    return _in_two_loops(lambda fn: make(1.0, time)(fn))


def _in_two_loops(guard: Callable[[Callable[[], Any]], Callable[[], Any]]) -> Seen:
    """Guard without a loop, then make calls at the same time in one loop and in another."""

    async def call() -> str:
        await asyncio.sleep(0)
        return "ok"

    try:
        guarded = guard(call)
    except Exception as error:
        return Seen(ok=False, what=f"{type(error).__name__} at decoration")

    async def together() -> list[Any]:
        return await asyncio.gather(*(outcome(guarded()) for _ in range(5)))

    answers = [answer for _loop in range(2) for answer in asyncio.run(together())]
    failed = [type(answer).__name__ for answer in answers if answer != "ok"]
    return Seen(not failed, "made without a loop, used in two" if not failed else f"{failed[0]} in a loop")


CASES = (
    Case("C21", "a cancellation is never retried, by no predicate", {"retries": _cancelled, "predicates": _cancelled}),
    Case("C22", "retry on an async generator is refused at decoration", {"retries": _generators}),
    Case("C23", "total time <= deadline: no sleep that would pass it", {"deadlines": _deadline}),
    Case("C24", "3 layers of 3 attempts make at most 3 leaf calls", {"retries": _layers}),
    Case("C25", "dead dependency, 1000 calls, 3 attempts: load factor <= 1.1 + reserve", {"retries": _load}),
    Case("C26", "a retry outside the breaker does not sleep on an open one", {"retries": _open_inside}),
    Case("C27", "a breaker outside the retry counts attempts, or is refused", {"retries": _open_outside}),
    Case(
        "C28",
        "one policy used by concurrent calls keeps separate timers",
        {"limits": _timers, "deadlines": _retry_timers},
    ),
    Case(
        "C29",
        "every policy can be made without a loop and used from two",
        {"breakers": _breaker_without_loop, "retries": _retry_without_loop, "limits": _limit_without_loop},
    ),
    Case(
        "C30",
        "calls that are not idempotent are not repeated after bytes were sent, unless under an idempotency key",
        {"retries": _not_idempotent},
    ),
)
