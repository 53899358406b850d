"""Virtual time for libraries that were not made for it: an event loop that jumps, and clocks that obey.

A library is run unchanged. Only the names ``time`` and ``datetime`` that its modules imported are
replaced while a case runs, so that thirty seconds of open time take none, and the wall clock can jump.
"""

from __future__ import annotations

import asyncio
import datetime as real_datetime
import selectors
import sys
import time as real_time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

__all__ = ["Stuck", "VirtualTime", "clocks_of", "run_virtually"]

T = TypeVar("T")


class Stuck(Exception):
    """Every task waits for something that no passing of time brings about."""


class VirtualTime:
    """Time that passes when the event loop has nothing else to do, or when a case says so.

    It is also the clock that is handed to our own strategies.
    """

    def __init__(self) -> None:
        self._now = 1000.0
        self._wall = 1_700_000_000.0

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return self._wall + self._now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as an administrator does; monotonic time stays."""
        self._wall += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Lets virtual time pass instead of waiting."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise Stuck
            self._time.advance(max(0.0, timeout))
        return ready


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self, time: VirtualTime) -> None:
        super().__init__(_JumpingSelector(time))
        self._virtual_time = time

    def time(self) -> float:
        return self._virtual_time.monotonic()


def run_virtually(time: VirtualTime, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``main`` in an event loop of its own in virtual time.

    Raises:
        Stuck: it would have waited for ever.
    """
    with asyncio.Runner(loop_factory=lambda: _JumpingLoop(time)) as runner:
        return runner.run(main())


class _Module(ModuleType):
    """A module with some names replaced."""

    def __init__(self, real: ModuleType, **replaced: object) -> None:
        super().__init__(real.__name__)
        self.__dict__.update({**vars(real), **replaced})


def _replacements(time: VirtualTime) -> dict[int, object]:
    """What stands for each real clock, by the identity of the real one."""

    class Datetime(real_datetime.datetime):
        @classmethod
        def now(cls, tz: real_datetime.tzinfo | None = None) -> Datetime:
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls) -> Datetime:
            return cls.fromtimestamp(time.time(), real_datetime.UTC).replace(tzinfo=None)

    return {
        id(real_time): _Module(real_time, time=time.time, monotonic=time.monotonic, perf_counter=time.monotonic),
        id(real_time.time): time.time,
        id(real_time.monotonic): time.monotonic,
        id(real_time.perf_counter): time.monotonic,
        id(real_datetime): _Module(real_datetime, datetime=Datetime),
        id(real_datetime.datetime): Datetime,
    }


@contextmanager
def clocks_of(packages: tuple[str, ...], time: VirtualTime) -> Iterator[None]:
    """While the body runs, the modules of ``packages`` read ``time``."""
    fakes = _replacements(time)
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in packages]
    saved = [
        (module, name, value) for module in modules for name, value in list(vars(module).items()) if id(value) in fakes
    ]
    try:
        for module, name, value in saved:
            setattr(module, name, fakes[id(value)])
        yield
    finally:
        for module, name, value in saved:
            setattr(module, name, value)
