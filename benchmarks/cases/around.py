"""C13 to C15, C17, C19, C20: the breaker among clocks, threads, listeners and time limits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benchmarks.cases.case import Case, Seen, outcome, outcome_of_call
from benchmarks.cases.guarded import Guarded, fails, succeeds
from benchmarks.cases.subject import OPEN_FOR, BreakerOptions, Down, Inapplicable, Library, Wrong
from benchmarks.cases.virtual_time import VirtualTime

__all__ = ["CASES"]

Make = Callable[[BreakerOptions], Any]

_HOUR = 3600.0


async def _same_traces(library: Library, make: Make, time: VirtualTime) -> Seen:
    """Compare each form with the first: one script of outcomes, the state after each call."""
    first = next(iter(library.breakers.values()))
    if len(library.breakers) == 1:
        raise Inapplicable("has one form only")
    mine, its = await _trace(make, time), await _trace(first, time)
    return Seen(mine == its, "as the first form" if mine == its else f"{' '.join(mine)}, not {' '.join(its)}")


async def _trace(make: Make, time: VirtualTime) -> list[str]:
    it = Guarded(make, time, ignore=(Wrong,))

    async def wrong() -> None:
        raise Wrong

    states = []
    for act in ("fail", "ignored", "fail", "ok", "cool", "ignored", "ok", "fail", "ok", "fail", "ignored", "fail"):
        if act == "cool":
            time.advance(OPEN_FOR + 0.5)
        else:
            await it.call({"ok": succeeds, "fail": fails, "ignored": wrong}[act])
        states.append(it.state)
    return states


def _same_plain_traces(library: Library, make: Make, time: VirtualTime) -> Seen:
    first = next(iter(library.plain.values()))
    if len(library.plain) == 1:
        raise Inapplicable("has one form only")
    mine, its = _plain_trace(make, time), _plain_trace(first, time)
    return Seen(mine == its, "as the first form" if mine == its else f"{' '.join(mine)}, not {' '.join(its)}")


def _plain_trace(make: Make, time: VirtualTime) -> list[str]:
    breaker = make(BreakerOptions(time, ignore=(Wrong,)))
    states = []
    for error in (Down, Wrong, Down, None, OPEN_FOR + 0.5, Wrong, None, Down, None, Down, Wrong, Down):
        if isinstance(error, float):
            time.advance(error)
        else:
            outcome_of_call(breaker.guard(_raising(error)))
        states.append(breaker.state())
    return states


def _raising(error: type[Exception] | None) -> Callable[[], None]:
    def call() -> None:
        if error is not None:
            raise error

    return call


async def _wall_clock(_: Library, make: Make, time: VirtualTime) -> Seen:
    back, ahead = Guarded(make, time), Guarded(make, time)
    await back.trip()
    time.jump(-_HOUR)
    time.advance(OPEN_FOR + 0.5)
    admitted = await back.admits()
    await ahead.trip()
    time.jump(_HOUR)
    time.advance(1.0)
    early = await ahead.admits()
    told = (
        f"-1 h: {'admits in time' if admitted else 'still refuses'}; +1 h: {'admits too early' if early else 'refuses'}"
    )
    return Seen(admitted == 1 and early == 0, told)


def _overlap(_: Library, make: Make, time: VirtualTime) -> Seen:
    breaker = make(BreakerOptions(time))
    together = threading.Barrier(8)
    guarded = breaker.guard(lambda: together.wait(0.2))
    threads = [threading.Thread(target=outcome_of_call, args=(guarded,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if together.broken:
        return Seen(ok=False, what="8 threads run one after another")
    return _loop_goes_on(breaker)


def _loop_goes_on(breaker: Any) -> Seen:
    """Whether another caller, which stands for the event loop, gets through while a thread is inside."""
    inside, leave, answered = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        inside.set()
        leave.wait(5)

    def quick() -> None:
        answered.set()

    threads = [
        threading.Thread(target=outcome_of_call, args=(breaker.guard(slow),)),
        threading.Thread(target=outcome_of_call, args=(breaker.guard(quick),)),
    ]
    threads[0].start()
    inside.wait(1)
    threads[1].start()
    free = answered.wait(0.2)
    leave.set()
    for thread in threads:
        thread.join()
    return Seen(free, "threads overlap, and no caller waits for another" if free else "a caller waits for another")


async def _listener(library: Library, make: Make, time: VirtualTime) -> Seen:
    if not library.listens:
        raise Inapplicable("has no listeners")
    told = 0

    def broken(*_: object) -> None:
        nonlocal told
        told += 1
        raise RuntimeError("listener")

    it = Guarded(make, time, listener=broken)
    seen = [await it.call(succeeds), await it.call(fails), await it.call(fails)]
    right = seen[0] == "ok" and all(not isinstance(one, RuntimeError) for one in seen)
    names = ", ".join("ok" if one == "ok" else type(one).__name__ for one in seen)
    return Seen(right and told > 0, f"{names} with a listener that raises")


async def _open_error(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    await it.trip()
    error = await it.call(succeeds)
    public = {
        name: value for name in dir(error) if not name.startswith("_") and (value := getattr(error, name)) is not None
    }
    named = [name for name, value in public.items() if value == "upstream"]
    times = [name for name, value in public.items() if _is_wait(value)]
    told = f"{type(error).__name__}: name {named or 'missing'}, time left {times or 'missing'}"
    return Seen(bool(named and times), told)


def _is_wait(value: object) -> bool:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return isinstance(seconds, (int, float)) and 0 < seconds <= OPEN_FOR


async def _limit_outside(library: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)

    async def hangs() -> None:
        await asyncio.sleep(_HOUR)

    for _call in range(2):
        await outcome(library.limit(1.0, it.breaker.guard(hangs), time)())
    timed_out = it.state
    it = Guarded(make, time)
    for _call in range(3):
        await it.cancel()
    right = timed_out == "open" and it.state == "closed"
    return Seen(right, f"{timed_out} after 2 timeouts, {it.state} after 3 cancellations by the caller")


CASES = (
    Case(
        "C13",
        "decorator, context manager and direct call give identical state traces",
        {"breakers": _same_traces, "plain": _same_plain_traces},
    ),
    Case("C14", "wall clock -1 h and +1 h: open time unchanged", {"breakers": _wall_clock}),
    Case("C15", "n threads overlap; a thread inside stalls no other caller", {"plain": _overlap}),
    Case("C17", "a listener that raises never changes a call's result", {"breakers": _listener}),
    Case("C19", "the open error carries the breaker's name and the time left", {"breakers": _open_error}),
    Case(
        "C20",
        "time limits outside the breaker are seen as failures, a caller's cancellation is not",
        {"breakers": _limit_outside},
    ),
)
