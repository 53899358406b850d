"""Time limits in force: who fires them, and whether a cancellation was theirs.

A time limit cancels the task that it bounds. Everything inside sees a ``CancelledError`` and must
know whether it means that time ran out (a failure of the dependency) or that the caller gave up.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Generator
from threading import RLock
from types import coroutine
from typing import Any, Final, cast
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

from exai_sre.clock import Clock, SystemClock
from exai_sre.context.limits import Limits, current_limits
from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import outcome_of
from exai_sre.resilience.errors import UnsupportedForm
from exai_sre.resilience.wheel import Entry, Timers, Wheel

__all__ = ["Scope", "Watch", "keep_result", "new_scope", "outcome_in_time", "rest_within", "watch_by", "within"]

_EXACT_BELOW: Final = 0.1
"""A limit of fewer seconds gets a timer of its own: a tick would be too coarse for it."""


class Scope(Limits):
    """One time limit around a piece of the running task.

    It is made without arguments, and its maker sets what differs. It fires only once it is
    watched, which is when the code in it first suspends: until then no timer could run anyway.

    Attributes:
        seconds: the time that it gives.
        ends: monotonic time at which it fires, seconds.
        task: the task that it cancels while it is watched, else ``None``.
        cancelling: how many cancellations of the task were asked for when the watch began.
        entry: its entry in the wheel.
        result: what the body returned, until it is taken.
    """

    seconds: float = math.inf
    ends: float = math.inf
    task: asyncio.Task[object] | None = None
    cancelling: int | None = None
    entry: Entry
    result: Any = None

    def take_result(self) -> Any:
        """What the body returned; kept no longer, since background tasks that inherit these limits may live long."""
        result, self.result = self.result, None
        return result

    def expire(self) -> None:
        """Fire."""
        self.expired = True
        cast("asyncio.Task[object]", self.task).cancel()

    def close(self, error: BaseException | None) -> bool:
        """End the limit; ``error`` is what the body raised.

        Returns:
            Whether ``error`` is the cancellation that this limit caused, and nobody else asked
            for one; it is then to be reported as a timeout.
        """
        task, self.task = self.task, None
        if task is None:
            return False
        self.entry.scope = None
        if not self.expired:
            return False
        self.expired = False
        alone = task.uncancel() <= (self.cancelling or 0)
        return alone and isinstance(error, asyncio.CancelledError)


def new_scope(outer: Limits | None) -> Scope:
    """A scope without times of its own, within ``outer``."""
    scope = Scope()
    scope.lie_within(outer)
    return scope


class Watch:
    """What fires scopes: one wheel per event loop. See :func:`watch_by`.

    Args:
        clock: source of time; its own timers are used if it has any, else those of the loop.
        now: its monotonic seconds.
    """

    __slots__ = ("__weakref__", "_clock", "_last", "_now", "_own", "_wheels")

    def __init__(self, clock: Clock, now: Callable[[], float]) -> None:
        self._clock = clock
        self._now = now
        self._own = cast("Timers", clock) if hasattr(clock, "call_later") else None
        self._wheels: WeakKeyDictionary[asyncio.AbstractEventLoop, Wheel] = WeakKeyDictionary()
        self._last: tuple[Callable[[], asyncio.AbstractEventLoop | None], Wheel] = _no_loop, Wheel(now)

    def add(self, scope: Scope, suspended_on: Any) -> None:
        """Watch ``scope`` on behalf of the running task.

        Args:
            scope: the limit.
            suspended_on: what the task is about to wait for.

        Raises:
            UnsupportedForm: no task is running.
        """
        try:
            # asking a future for its loop spares the system call that asking for the running loop is on Python 3.11
            loop = suspended_on.get_loop()
        except AttributeError:
            loop = _running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise _no_task()
        if scope.task is not None:
            scope.entry.scope = None
        scope.task = task
        if scope.cancelling is None:
            scope.cancelling = task.cancelling()
        scope.entry = entry = Entry()
        entry.scope = scope
        of, wheel = self._last
        if of() is not loop:
            wheel = self._wheel_of(loop)
        if scope.seconds < _EXACT_BELOW:
            (self._own or loop).call_later(max(0.0, scope.ends - self._now()), entry.fire)
        elif scope.ends >= wheel.horizon:
            wheel.far.append(entry)
        else:
            wheel.add(entry, scope.ends, self._own or loop)

    def _wheel_of(self, loop: asyncio.AbstractEventLoop) -> Wheel:
        wheel = self._wheels.get(loop)
        if wheel is None:
            self._drop_closed()
            wheel = self._wheels.setdefault(loop, Wheel(self._now))
        self._last = ref(loop), wheel
        return wheel

    def _drop_closed(self) -> None:
        """Forget the loops that are closed: by the tasks that still hung in them their wheels keep them alive."""
        for kept in self._wheels.keyrefs():
            loop = kept()
            if loop is not None and loop.is_closed():
                self._wheels.pop(loop, None)


class _Watches:
    """The watches in use, by their clock's identity, which a watch keeps from being given to another clock."""

    def __init__(self) -> None:
        self._made: WeakValueDictionary[int, Watch] = WeakValueDictionary()
        self._lock = RLock()

    def by(self, clock: Clock, now: Callable[[], float]) -> Watch:
        # every system clock is the same one
        with self._lock:
            return self._made.setdefault(id(now if type(clock) is SystemClock else clock), Watch(clock, now))


_WATCHES: Final = _Watches()


def watch_by(clock: Clock, now: Callable[[], float]) -> Watch:
    """The watch that all limits by ``clock`` share, so that one timer serves every pipeline of an event loop.

    Args:
        clock: source of time.
        now: how it is read.
    """
    return _WATCHES.by(clock, now)


def _no_loop() -> None:
    """Stands in for the weak reference to the last loop."""


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise _no_task() from None


def _no_task() -> UnsupportedForm:
    return UnsupportedForm("a time limit on a coroutine needs a running asyncio task")


async def within(scope: Scope, watch: Watch, body: Coroutine[Any, Any, Any]) -> Any:
    """The result of ``body``, which ``scope`` bounds from its first suspension on."""
    driven = keep_result(scope, body)
    for suspended_on in driven:
        await rest_within(scope, watch, driven, suspended_on)
    return scope.take_result()


def _keep_result(scope: Scope, body: Any) -> Generator[Any, Any, None]:
    scope.result = yield from body


keep_result: Final = cast(
    "Callable[[Scope, Coroutine[Any, Any, Any]], Generator[Any, Any, None]]", coroutine(_keep_result)
)
"""Drives a coroutine and keeps its result in the scope.

A ``for`` loop over what it gives sees the first suspension of the coroutine, or its end. Driving the coroutine
itself by hand shows that too, but then one that never suspends ends in an exception, which costs more.
"""


def rest_within(scope: Scope, watch: Watch, driven: Generator[Any, Any, None], suspended_on: Any) -> Awaitable[None]:
    """Go on with what was driven by hand to its first suspension; to be awaited.

    Args:
        scope: the limit that is watched from now on; it is closed if the body returns.
        watch: what fires it.
        driven: see :func:`keep_result`.
        suspended_on: what it gave when it suspended.

    Returns:
        What ends when the body does.
    """
    # who yields nothing is run again before any timer could be: only what it waits for after that needs one
    watched = suspended_on is not None
    if watched:
        try:
            watch.add(scope, suspended_on)
        except UnsupportedForm:
            driven.close()
            raise
    return _rest(scope, watch, driven, suspended_on, watched)


@coroutine
def _rest(
    scope: Scope, watch: Watch, driven: Generator[Any, Any, None], suspended_on: Any, watched: bool
) -> Generator[Any, Any, None]:
    try:
        while True:
            try:
                yield suspended_on
            except BaseException as error:
                suspended_on = driven.throw(error)
            else:
                if watched:
                    # event loops send nothing, and from here on the interpreter does the driving
                    yield from driven
                    break
                suspended_on = driven.send(None)
            if not watched:
                watched = True
                watch.add(scope, suspended_on)
    except StopIteration:
        pass
    except (GeneratorExit, UnsupportedForm):
        driven.close()
        raise
    scope.close(None)


def outcome_in_time(error: BaseException, now: float) -> Outcome:
    """How a call that raised ``error`` ended, with cancellations by our own limits as timeouts.

    Args:
        error: what the call raised.
        now: monotonic seconds.
    """
    limits = current_limits.get() if isinstance(error, asyncio.CancelledError) else None
    if limits is not None and (limits.any_expired or (limits.deadline is not None and now >= limits.deadline)):
        return Outcome.TIMEOUT
    return outcome_of(error)
