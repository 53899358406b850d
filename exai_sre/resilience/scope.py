"""Time limits in force: who fires them, and whether a cancellation was theirs.

A time limit cancels the task that it bounds. Everything inside sees a ``CancelledError`` and must
know whether it means that time ran out (a failure of the dependency) or that the caller gave up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Protocol, cast

from exai_sre.clock import Clock
from exai_sre.context.deadline import current_deadline, remaining
from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import outcome_of
from exai_sre.resilience.errors import UnsupportedForm

__all__ = ["Scope", "TimerClock", "TimerHandle", "outcome_in_time"]


class TimerHandle(Protocol):
    """A timer that was started."""

    def cancel(self) -> None:
        """Stop the timer; no-op once it has fired."""
        ...


class TimerClock(Protocol):
    """A clock with timers of its own, such as a virtual one."""

    def call_later(self, delay: float, callback: Callable[[], object]) -> TimerHandle:
        """Call ``callback`` once, ``delay`` seconds from now."""
        ...


class Scope:
    """One time limit around a piece of the running task, from its making to :meth:`close`.

    Args:
        clock: source of time; its own timers are used if it has any, else those of the loop.
        seconds: time until the task is cancelled.
        shared: whether everything inside has this limit as its deadline.

    Attributes:
        expired: whether the limit fired and is not closed yet. What outlives the limit, such as a
            background task that inherited it, is no longer cancelled by it.
    """

    __slots__ = ("_cancelling", "_deadline", "_handle", "_outer", "_task", "_token", "expired")

    def __init__(self, clock: Clock, seconds: float, *, shared: bool = False) -> None:
        task = _running_task()
        self.expired = False
        self._task = task
        self._cancelling = task.cancelling()
        self._outer = _innermost.get()
        timers: TimerClock | None = getattr(clock, "call_later", None) and cast("TimerClock", clock)
        self._handle: TimerHandle = (timers or task.get_loop()).call_later(seconds, self._expire)
        self._token: Token[Scope | None] = _innermost.set(self)
        self._deadline = current_deadline.set(clock.monotonic() + seconds) if shared else None

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()

    def close(self, error: BaseException | None) -> bool:
        """End the limit; ``error`` is what the body raised.

        Returns:
            Whether ``error`` is the cancellation that this limit caused, and nobody else asked
            for one; it is then to be reported as a timeout.
        """
        self._handle.cancel()
        _innermost.reset(self._token)
        if self._deadline is not None:
            current_deadline.reset(self._deadline)
        expired, self.expired = self.expired, False
        if not expired:
            return False
        alone = self._task.uncancel() <= self._cancelling
        return alone and isinstance(error, asyncio.CancelledError)

    @property
    def any_expired(self) -> bool:
        """Whether this limit or one around it fired and is not closed yet."""
        return self.expired or (self._outer is not None and self._outer.any_expired)


def _running_task() -> asyncio.Task[object]:
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is None:
        raise UnsupportedForm("a time limit on a coroutine needs a running asyncio task")
    return task


_innermost: ContextVar[Scope | None] = ContextVar("exai_sre_time_scope", default=None)


def outcome_in_time(error: BaseException, now: float) -> Outcome:
    """How a call that raised ``error`` ended, with cancellations by our own limits as timeouts.

    Args:
        error: what the call raised.
        now: monotonic seconds.
    """
    if isinstance(error, asyncio.CancelledError):
        scope = _innermost.get()
        if (scope is not None and scope.any_expired) or remaining(now) == 0:
            return Outcome.TIMEOUT
    return outcome_of(error)
