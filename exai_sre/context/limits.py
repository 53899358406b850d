"""What a call hands down to everything that runs inside it: its deadline, its time limit, its attempts.

One context variable holds all three, so that a guarded call sets one variable and not three.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar, Token
from typing import Final

__all__ = ["AttemptsLeft", "CurrentDeadline", "Limits", "current_limits", "limits_within", "take_back_limits"]


class Limits:
    """The limits in force around a piece of running work.

    It is made without arguments, and its maker sets what differs: that is on every call's path.

    Attributes:
        outer: the limits around these; ``None`` for the outermost.
        deadline: monotonic time, in seconds, after which no work may start; ``None`` for no deadline.
        guarded: whether a time limit around this piece of the task ends it at the deadline.
        attempts: see :data:`~exai_sre.context.attempt.attempts_left`.
        expired: whether a time limit of this piece fired and is not closed yet. What outlives the
            limit, such as a background task that inherited it, is no longer cancelled by it.
    """

    outer: Limits | None = None
    deadline: float | None = None
    guarded: bool = False
    attempts: int | None = None
    expired: bool = False

    def lie_within(self, outer: Limits | None) -> None:
        """Hand on what ``outer`` hands down."""
        if outer is not None:
            self.outer, self.deadline, self.attempts = outer, outer.deadline, outer.attempts
            self.guarded = outer.guarded

    @property
    def any_expired(self) -> bool:
        """Whether this limit or one around it fired and is not closed yet."""
        limits: Limits | None = self
        while limits is not None:
            if limits.expired:
                return True
            limits = limits.outer
        return False


current_limits: Final[ContextVar[Limits | None]] = ContextVar("exai_sre_limits", default=None)
"""The innermost limits of the running code; ``None`` outside all of them."""


def take_back_limits(token: Token[Limits | None]) -> None:
    """Take back what setting :data:`current_limits` gave ``token`` for.

    A call that is closed from outside, as the garbage collector does with what hung in a loop that is gone, ends in
    a context that never had its limits: there is nothing to take back, and what follows must not be left out.
    """
    with suppress(ValueError):
        current_limits.reset(token)


def limits_within(outer: Limits | None) -> Limits:
    """New limits that hand on what those around them hand down."""
    limits = Limits()
    limits.lie_within(outer)
    return limits


class CurrentDeadline:
    """The deadline of the running code, to be read like a context variable."""

    __slots__ = ()

    def get(self) -> float | None:
        """Monotonic time, in seconds, after which no work may start; ``None`` for no deadline."""
        limits = current_limits.get()
        return None if limits is None else limits.deadline


class AttemptsLeft:
    """The attempts that the running code has left, to be read and set like a context variable."""

    __slots__ = ()

    def get(self) -> int | None:
        """Attempts left, the running one included; ``None`` outside retries."""
        limits = current_limits.get()
        return None if limits is None else limits.attempts

    def set(self, attempts: int | None) -> Token[Limits | None]:
        """Set it from now on; returns what :meth:`reset` takes back."""
        limits = limits_within(current_limits.get())
        limits.attempts = attempts
        return current_limits.set(limits)

    def reset(self, token: Token[Limits | None]) -> None:
        """Take back what :meth:`set` did."""
        take_back_limits(token)
