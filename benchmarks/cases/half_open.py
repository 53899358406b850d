"""C3, C6, C8 to C12: probes, and calls that end after the breaker they asked has moved on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from benchmarks.cases.case import Case, Seen, outcome_of_call, started
from benchmarks.cases.guarded import Guarded, fails, succeeds
from benchmarks.cases.subject import OPEN_FOR, BreakerOptions, Down, Inapplicable, Library, Wrong
from benchmarks.cases.virtual_time import VirtualTime

__all__ = ["CASES"]

Make = Callable[[BreakerOptions], Any]


async def _wrong() -> None:
    raise Wrong


async def _permits(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    await it.half_open()
    ran = await _let_through(it, 20)
    return Seen(ran == 1, f"{ran} of 20 calls ran")


async def _let_through(it: Guarded, calls: int) -> int:
    """How many of so many calls at the same time run; they hang."""
    ran = 0

    async def hangs() -> None:
        nonlocal ran
        ran += 1
        await it.time.sleep(3600)

    tasks = [await started(it.breaker.guard(hangs)()) for _ in range(calls)]
    for task in tasks:
        task.cancel()
    return ran


async def _cancelled_probe(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    await it.half_open()
    await it.cancel()
    after = it.state
    admitted = await it.admits()
    return Seen(after not in ("closed", "open") and admitted == 1, f"{after}, then {admitted} of 1 admitted")


async def _ignored_probe(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time, ignore=(Wrong,))
    await it.half_open()
    await it.call(_wrong)
    after = it.state
    admitted = await it.admits()
    return Seen(after != "closed" and admitted == 1, f"{after}, then {admitted} of 1 admitted")


async def _late_success(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    first, task = await it.begin(succeeds)
    second, other = await it.begin(succeeds)
    await it.trip()
    first.set()
    await task
    while_open = it.state
    time.advance(OPEN_FOR + 0.5)
    probe, running = await it.begin(succeeds)
    second.set()
    await other
    while_probing = it.state
    probe.set()
    await running
    return Seen(while_open == "open" and while_probing != "closed", f"{while_open}; while probing {while_probing}")


async def _late_failures(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    early = [await it.begin(fails) for _ in range(3)]
    late = [await it.begin(fails) for _ in range(3)]
    await it.trip()
    time.advance(OPEN_FOR - 10)
    for release, task in early:
        release.set()
        await task
    time.advance(10.5)
    admitted, running = await it.begin(succeeds)
    in_time = not running.done()
    before = it.state
    for release, task in late:
        release.set()
        await task
    after = it.state
    admitted.set()
    await running
    open_time = "open time kept" if in_time else "open time extended"
    right = in_time and before == after and it.state == "closed"
    return Seen(right, f"{open_time}; while probing {before}, then {after}; at the end {it.state}")


async def _late_ignored(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time, ignore=(Wrong,))
    release, task = await it.begin(_wrong)
    await it.half_open()
    probe, running = await it.begin(succeeds)
    if await it.admits() == 1:
        raise Inapplicable("has no half-open permits to add to")
    release.set()
    await task
    added, probing = await it.admits(5), not running.done()
    probe.set()
    await running
    return Seen(probing and added == 0, f"{added} more calls admitted{'' if probing else ', not even the probe'}")


async def _hanging_probe(_: Library, make: Make, time: VirtualTime) -> Seen:
    it = Guarded(make, time)
    await it.half_open()
    _probe, running = await it.begin(succeeds)
    for minute in range(1, 61):
        time.advance(60)
        if await it.admits() == 1:
            running.cancel()
            return Seen(ok=True, what=f"admits again within {minute} min")
    running.cancel()
    return Seen(ok=False, what="refuses for an hour and more")


def _hanging_probe_in_a_thread(_: Library, make: Make, time: VirtualTime) -> Seen:
    breaker, hold, held = make(BreakerOptions(time)), threading.Event(), threading.Event()
    for _failure in range(2):
        outcome_of_call(breaker.guard(_raise))
    time.advance(OPEN_FOR + 0.5)

    def hang() -> None:
        held.set()
        hold.wait(5)

    answered = threading.Event()

    def answer() -> None:
        answered.set()

    def calls() -> None:
        for _minute in range(60):
            time.advance(60)
            outcome_of_call(breaker.guard(answer))

    threads = [threading.Thread(target=outcome_of_call, args=(breaker.guard(hang),)), threading.Thread(target=calls)]
    threads[0].start()
    held.wait(1)
    threads[1].start()
    threads[1].join(0.2)
    seen = Seen(answered.is_set(), "admits again" if answered.is_set() else "every other caller waits for its lock")
    hold.set()
    for thread in threads:
        thread.join()
    return seen


def _raise() -> None:
    raise Down


CASES = (
    Case("C3", "of 20 concurrent calls at half-open exactly k run (k = 1)", {"breakers": _permits}),
    Case("C6", "a cancelled probe neither closes nor opens, and gives its permit back", {"breakers": _cancelled_probe}),
    Case("C8", "an ignored exception in half-open neither closes nor wedges", {"breakers": _ignored_probe}),
    Case("C9", "a late success from before the trip does not close", {"breakers": _late_success}),
    Case(
        "C10",
        "late failures from before the trip neither end a probe nor extend the open time",
        {"breakers": _late_failures},
    ),
    Case("C11", "a late ignored call of an old state adds no half-open permits", {"breakers": _late_ignored}),
    Case(
        "C12",
        "a probe that hangs holds half-open for a bounded time only",
        {"breakers": _hanging_probe, "plain": _hanging_probe_in_a_thread},
    ),
)
