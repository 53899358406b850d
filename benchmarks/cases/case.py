"""A case, what one run of it saw, and the verdict over all forms of a library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.cases.subject import Inapplicable, Library
from benchmarks.cases.virtual_time import Stuck, VirtualTime, clocks_of, run_virtually

__all__ = ["Case", "Cell", "Part", "Seen", "outcome", "outcome_of_call", "started", "verdict"]


@dataclass(frozen=True)
class Seen:
    """What one run saw.

    Attributes:
        ok: whether the statement holds.
        what: what was seen, in a few words.
    """

    ok: bool
    what: str


Part: TypeAlias = Callable[[Library, Any, VirtualTime], "Seen | Coroutine[Any, Any, Seen]"]
"""Puts one form (a maker out of a field of :class:`Library`) to a case; a coroutine runs in virtual time."""


@dataclass(frozen=True)
class Case:
    """One statement.

    Attributes:
        name: ``C1`` to ``C31``.
        statement: what a right library does.
        parts: by field of :class:`Library`, what is done with each form in it.
    """

    name: str
    statement: str
    parts: Mapping[str, Part]


@dataclass(frozen=True)
class Cell:
    """The verdict over one case and one library.

    Attributes:
        verdict: ``pass``, ``FAIL`` or ``-``.
        details: what was seen, by form; why it does not apply, under the empty form.
    """

    verdict: str
    details: Mapping[str, str]


_WORDS = {
    "breakers": "no circuit breaker",
    "plain": "no circuit breaker for plain functions",
    "decorator": "no circuit breaker as a decorator",
    "retries": "no retries",
    "deadlines": "no retries",
    "predicates": "no retries",
    "limits": "no time limits",
}


def verdict(case: Case, library: Library) -> Cell:
    """Run ``case`` on each form of ``library``: it passes if all forms do that it applies to."""
    seen: dict[str, Seen] = {}
    absent: dict[str, str] = {}
    for field, part in case.parts.items():
        makers = _makers(library, field)
        if not makers:
            absent.setdefault("", _WORDS[field])
        for form, maker in makers.items():
            try:
                seen[f"{form}, plain function" if field == "plain" else form] = _run(part, library, maker)
            except Inapplicable as why:
                absent[""] = str(why)
    if not seen:
        return Cell("-", absent)
    details = {form: f"{'pass' if one.ok else 'FAIL'}: {one.what}" for form, one in seen.items()}
    return Cell("pass" if all(one.ok for one in seen.values()) else "FAIL", details)


def _makers(library: Library, field: str) -> Mapping[str, Any]:
    found = getattr(library, field)
    if found is None:
        return {}
    return found if isinstance(found, Mapping) else {field: found}


def _run(part: Part, library: Library, maker: Any) -> Seen:
    time = VirtualTime()
    with clocks_of(library.packages, time):
        try:
            if not asyncio.iscoroutinefunction(part):
                return part(library, maker, time)  # type: ignore[return-value]
            return run_virtually(time, lambda: part(library, maker, time))
        except Stuck:
            return Seen(ok=False, what="waits for ever")


async def outcome(awaitable: Awaitable[Any]) -> Any:
    """What ``awaitable`` returned or raised."""
    try:
        return await awaitable
    except BaseException as error:
        return error


def outcome_of_call(call: Callable[[], Any]) -> Any:
    """What ``call`` returned or raised."""
    try:
        return call()
    except BaseException as error:
        return error


async def started(awaitable: Awaitable[Any]) -> asyncio.Task[Any]:
    """A task that runs ``awaitable`` and has come to where it waits."""
    task = asyncio.ensure_future(outcome(awaitable))
    for _ in range(10):
        await asyncio.sleep(0)
    return task
