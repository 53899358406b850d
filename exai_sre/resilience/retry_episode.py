"""The retries of one call without I/O: whether to try again, and after how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from tenacity import Future, RetryCallState, Retrying, retry_base, wait_random_exponential

from exai_sre.context.attempt import resend_count
from exai_sre.context.deadline import remaining
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.classify import ErrorMatch, error_matcher, is_repeatable, retry_after_of
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import BreakerOpen, OptionError

__all__ = ["Episode", "RetryOptions", "RetryPolicy", "Stop", "Wait"]

Wait: TypeAlias = float | Callable[[RetryCallState], float]
"""Seconds to wait, or a tenacity ``wait_*`` strategy."""

Stop: TypeAlias = Callable[[RetryCallState], bool]
"""A tenacity ``stop_*`` strategy."""


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Options of a :class:`~exai_sre.resilience.Retry`; times in seconds.

    Attributes:
        attempts: how often the function is called at most; not looked at where ``stop`` is given.
        wait: time before the next attempt: a number or a tenacity ``wait_*`` strategy; ``None``
            for full jitter, ``wait_random_exponential(multiplier=0.2, max=10)``.
        stop: a tenacity ``stop_*`` strategy instead of ``attempts``.
        on: exceptions that are worth another attempt: types, outcomes, a predicate, or a tenacity
            ``retry_if_exception*`` strategy. One with ``retryable = False`` never is.
        budget: bound on the share of retries; ``None`` for no bound.
        longest_wait: a peer that asks to wait longer (``retry_after``) is not asked again.
    """

    attempts: int = 3
    wait: Wait | None = None
    stop: Stop | None = None
    on: ErrorMatch | Callable[[RetryCallState], bool] = is_repeatable
    budget: RetryBudget | None = None
    longest_wait: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise OptionError("attempts", self.attempts, "at least one attempt is needed")
        if isinstance(self.wait, (int, float)) and not self.wait >= 0:
            raise OptionError("wait", self.wait, "a time is not negative")
        if not self.longest_wait >= 0:
            raise OptionError("longest_wait", self.longest_wait, "a time is not negative")


class RetryPolicy:
    """What all calls through one retry share: its options, made ready to be asked.

    Attributes:
        budget: bound on the share of retries, or ``None``.
        longest_wait: seconds; see :class:`RetryOptions`.
        controller: what tenacity strategies find as ``retry_object``.
    """

    __slots__ = ("_attempts", "_on", "_stop", "_wait", "budget", "controller", "longest_wait")

    def __init__(self, options: RetryOptions) -> None:
        self._attempts = options.attempts
        self._stop = options.stop
        self._wait = wait_random_exponential(multiplier=0.2, max=10) if options.wait is None else options.wait
        self._on = options.on if isinstance(options.on, retry_base) else error_matcher(cast("ErrorMatch", options.on))
        self.budget = options.budget
        self.longest_wait = options.longest_wait
        self.controller = Retrying()

    def repeats(self, error: Exception, state: RetryCallState) -> bool:
        """Whether ``error`` is worth another attempt."""
        if getattr(error, "retryable", True) is False:
            return False
        return self._on(state) if isinstance(self._on, retry_base) else self._on(error)

    def stops(self, state: RetryCallState) -> bool:
        """Whether the attempts are used up."""
        return state.attempt_number >= self._attempts if self._stop is None else self._stop(state)

    def wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt."""
        return self._wait(state) if callable(self._wait) else self._wait


class Episode:
    """One call that has failed at least once.

    Args:
        policy: what all calls share.
        counts: where decisions are counted.
        call: the guarded function, its positional and its keyword arguments.
        began: monotonic time of the first attempt, seconds.
    """

    __slots__ = ("_counts", "_policy", "_state")

    def __init__(
        self,
        policy: RetryPolicy,
        counts: Counts,
        call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]],
        began: float,
    ) -> None:
        self._policy = policy
        self._counts = counts
        self._state = RetryCallState(policy.controller, *call)
        self._state.start_time = began

    @contextmanager
    def resending(self) -> Iterator[None]:
        """Run a repeated attempt; what sends in the body finds how often it was sent before."""
        token = resend_count.set(self._state.attempt_number - 1)
        try:
            yield
        finally:
            resend_count.reset(token)

    def after(self, error: Exception, now: float) -> float | None:
        """What to do after an attempt that raised ``error`` at ``now`` (monotonic seconds).

        Returns:
            Seconds to sleep before the next attempt, which is then the present one; ``None`` to
            raise ``error``.
        """
        state = self._state
        state.outcome = Future(state.attempt_number)
        state.outcome.set_exception(error)
        state.outcome_timestamp = now
        try:
            decision, delay = self._decide(error, now)
        finally:
            # the error holds its frames, which hold this object: without this, a cycle
            state.outcome = None
        self._counts[decision]()
        if decision is not Decision.RETRIED:
            return None
        state.idle_for += delay
        state.prepare_for_next_attempt()
        return delay

    def _decide(self, error: Exception, now: float) -> tuple[Decision, float]:
        policy, state = self._policy, self._state
        if not policy.repeats(error, state):
            return Decision.FAILED, 0.0
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

    def _delay(self, error: Exception) -> float | None:
        """Seconds until another attempt makes sense; ``None`` if waiting that long does not."""
        delay = self._policy.wait(self._state)
        asked = retry_after_of(error)
        if asked is None:
            return delay
        if isinstance(error, BreakerOpen):
            # an attempt before the breaker lets calls through is sure to be refused
            return asked if asked <= delay else None
        return max(delay, asked) if asked <= self._policy.longest_wait else None
