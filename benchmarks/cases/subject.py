"""What a case is put to: a library with the forms in which it guards a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from benchmarks.cases.virtual_time import VirtualTime

__all__ = [
    "OPEN_FOR",
    "AsyncCall",
    "Breaker",
    "BreakerOptions",
    "Decorator",
    "Down",
    "Inapplicable",
    "Library",
    "RetryOptions",
    "Wrong",
    "asyncio_limit",
]

AsyncCall = Callable[[], Awaitable[Any]]

OPEN_FOR = 30.0
"""Seconds for which every breaker under test stays open."""


class Down(ConnectionError):
    """The dependency failed."""


class Wrong(Exception):
    """The caller's own mistake, which says nothing about the dependency."""


class Inapplicable(Exception):
    """The case does not apply to this library; the text says why."""


@dataclass(frozen=True)
class BreakerOptions:
    """A breaker that opens at the second failure in a row, for :data:`OPEN_FOR`, and lets one probe through.

    Attributes:
        time: for libraries that take a clock.
        threshold: failures in a row that open it.
        ignore: exceptions that it shall not count.
        listener: called on whatever the library tells listeners; ``None`` for no listener.
    """

    time: VirtualTime
    threshold: int = 2
    ignore: tuple[type[Exception], ...] = ()
    listener: Callable[..., object] | None = None


@dataclass(frozen=True)
class Breaker:
    """One breaker in one form.

    Attributes:
        guard: the guarded version of a function without parameters: a coroutine function or a plain
            one, as the form is for.
        state: ``closed``, ``open`` or ``half_open`` as the library tells it.
    """

    guard: Callable[[Callable[[], Any]], Callable[[], Any]]
    state: Callable[[], str]


@dataclass(frozen=True)
class RetryOptions:
    """Retries of a coroutine function.

    Attributes:
        time: for libraries that take a clock.
        attempts: calls at most, the first included.
        wait: seconds between two.
        deadline: seconds for all of it; ``None`` for no bound.
        everything: ask for whatever the broadest predicate of the library takes.
        budget: whether the library's bound on the share of retries is in use, if it has one.
        idempotent: whether the call may be made twice, for libraries that can be told.
    """

    time: VirtualTime
    attempts: int = 3
    wait: float = 0.0
    deadline: float | None = None
    everything: bool = False
    budget: bool = False
    idempotent: bool = True


def asyncio_limit(seconds: float, call: AsyncCall, _: VirtualTime) -> AsyncCall:
    """A time limit by the standard library, for libraries that have none."""

    async def limited() -> object:
        async with asyncio.timeout(seconds):
            return await call()

    return limited


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Library:
    """One library.

    Attributes:
        name: its name, as on PyPI.
        packages: top-level packages whose clocks are made virtual.
        breakers: forms in which it guards coroutines, each a maker of a breaker.
        plain: forms in which it guards plain functions.
        decorator: its decorator for functions of any kind, with the state of the breaker behind it.
        retries: ways in which it retries a coroutine function, each a maker of a decorator.
        predicates: further ways in which its retries can be told what to repeat.
        deadlines: ways in which its retries can be given a deadline.
        limits: ways in which it bounds the time of a call, each a maker of a decorator.
        limit: the time limit to put around its breaker.
        outer_breaker: the breaker that its retries are combined with; its own where it has one.
        keyed: runs calls under an idempotency key, if it knows of such.
        listens: whether its breaker has listeners.
    """

    name: str
    packages: tuple[str, ...]
    breakers: Mapping[str, Callable[[BreakerOptions], Breaker]] = field(default_factory=dict)
    plain: Mapping[str, Callable[[BreakerOptions], Breaker]] = field(default_factory=dict)
    decorator: Callable[[BreakerOptions], tuple[Decorator, Callable[[], str]]] | None = None
    retries: Mapping[str, Callable[[RetryOptions], Decorator]] = field(default_factory=dict)
    predicates: Mapping[str, Callable[[RetryOptions], Decorator]] = field(default_factory=dict)
    deadlines: Mapping[str, Callable[[RetryOptions], Decorator]] = field(default_factory=dict)
    limits: Mapping[str, Callable[[float, VirtualTime], Decorator]] = field(default_factory=dict)
    limit: Callable[[float, AsyncCall, VirtualTime], AsyncCall] = asyncio_limit
    outer_breaker: Callable[[BreakerOptions], Breaker] | None = None
    keyed: Callable[[], AbstractContextManager[object]] = nullcontext
    listens: bool = True
