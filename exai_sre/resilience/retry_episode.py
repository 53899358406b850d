"""The retries of one call without I/O: whether to try again, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Token
from typing import Any

from tenacity import Future, RetryCallState

from exai_sre.context.attempt import attempts_left, resend_count
from exai_sre.context.deadline import remaining
from exai_sre.resilience.classify import retry_after_of
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import OpenCircuit
from exai_sre.resilience.retry_policy import RetryOptions, RetryPolicy, Stop, Wait
from exai_sre.resilience.sent import note_attempts

__all__ = ["Attempt", "Episode", "RetryOptions", "RetryPolicy", "Stop", "Wait"]


class Attempt:
    """``with`` block around one attempt of the outermost retry: what runs in it finds which one it is.

    Args:
        number: number of the attempt, from 1.
        attempts: the most attempts; 0 where nobody knows.
    """

    __slots__ = ("_attempts", "_left", "_number", "_resent")

    def __init__(self, number: int, attempts: int) -> None:
        self._number = number
        self._attempts = attempts

    def __enter__(self) -> None:
        """Set :data:`attempts_left` and, if the request was sent before, :data:`resend_count`."""
        self._left = attempts_left.set(self._attempts and self._attempts - self._number + 1)
        self._resent: Token[int] | None = resend_count.set(self._number - 1) if self._number > 1 else None

    def __exit__(self, *_: object) -> None:
        """Take both back."""
        attempts_left.reset(self._left)
        if self._resent is not None:
            resend_count.reset(self._resent)


class Episode:
    """One call that has failed at least once, or returned what may be worth another attempt.

    Args:
        policy: what all calls share.
        counts: where decisions are counted.
        call: the guarded function, its positional and its keyword arguments.
        began: monotonic time of the first attempt, seconds.
        nested: whether a retry around this one repeats, so that this one must not.
    """

    __slots__ = ("_counts", "_nested", "_policy", "_state")

    def __init__(
        self,
        policy: RetryPolicy,
        counts: Counts,
        call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]],
        began: float,
        nested: bool = False,
    ) -> None:
        self._policy = policy
        self._counts = counts
        self._nested = nested
        self._state = RetryCallState(policy.controller, *call)
        self._state.start_time = began

    def resending(self) -> Attempt:
        """``with`` block around the present attempt."""
        return Attempt(self._state.attempt_number, self._policy.attempts)

    def after(self, error: Exception, now: float) -> float | None:
        """What to do after an attempt that raised ``error`` at ``now`` (monotonic seconds).

        Returns:
            Seconds to sleep before the next attempt, which is then the present one; ``None`` to
            raise ``error``.
        """
        self._attempt_ended(now).set_exception(error)
        try:
            delay = self._act(*self._after_error(error, now))
            if delay is None and not self._nested:
                note_attempts(error, self._state.attempt_number)
        finally:
            # the error holds its frames, which hold this object: without this, a cycle
            self._state.outcome = None
        return delay

    def after_result(self, result: Any, now: float) -> float | None:
        """What to do after an attempt that returned ``result`` at ``now`` (monotonic seconds).

        Returns:
            Seconds to sleep before the next attempt, which is then the present one; ``None`` to
            return ``result``.
        """
        self._attempt_ended(now).set_result(result)
        try:
            if not self._policy.repeats_result(result, self._state):
                return None
            return self._act(*self._decide(None, now))
        finally:
            self._state.outcome = None

    def _attempt_ended(self, now: float) -> Future:
        outcome = Future(self._state.attempt_number)
        self._state.outcome = outcome
        self._state.outcome_timestamp = now
        return outcome

    def _act(self, decision: Decision, delay: float) -> float | None:
        """Count ``decision`` and, if it is for another attempt, make that the present one."""
        self._counts[decision]()
        if decision is not Decision.RETRIED:
            return None
        self._state.idle_for += delay
        self._policy.before_sleep(self._state, delay)
        self._state.prepare_for_next_attempt()
        return delay

    def _after_error(self, error: Exception, now: float) -> tuple[Decision, float]:
        if not self._policy.repeats(error, self._state):
            return Decision.FAILED, 0.0
        return self._decide(error, now)

    def _decide(self, error: Exception | None, now: float) -> tuple[Decision, float]:
        """Whether to make the attempt that ``error``, or a result, is worth."""
        policy, state = self._policy, self._state
        if self._nested or not policy.may_send_again(error, state):
            return Decision.GAVE_UP, 0.0
        delay = self._delay(error)
        state.upcoming_sleep = delay or 0.0
        if delay is None or policy.stops(state):
            return Decision.GAVE_UP, 0.0
        left = remaining(now)
        if left is not None and delay >= left:
            return Decision.GAVE_UP, 0.0
        if policy.budget is not None and not policy.budget.spend():
            return Decision.BUDGET_EMPTY, 0.0
        return Decision.RETRIED, delay

    def _delay(self, error: Exception | None) -> float | None:
        """Seconds until another attempt makes sense; ``None`` if waiting that long does not."""
        delay = self._policy.wait(self._state)
        asked = None if error is None else retry_after_of(error)
        if asked is None:
            return delay
        if isinstance(error, OpenCircuit):
            # an attempt before the breaker lets calls through is sure to be refused
            return asked if asked <= delay else None
        return max(delay, asked) if asked <= self._policy.longest_wait else None
