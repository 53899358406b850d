"""What all calls through one retry share: its options, made ready to be asked."""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from tenacity import (
    RetryAction,
    RetryCallState,
    Retrying,
    retry_all,
    retry_any,
    retry_base,
    retry_if_exception,
    retry_if_exception_cause_type,
    retry_never,
    wait_random_exponential,
)

from exai_sre.context.attempt import idempotency_key
from exai_sre.names import Event
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.classify import ErrorMatch, error_matcher, is_repeatable
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.sent import maybe_sent

__all__ = ["BeforeSleep", "Idempotent", "RetryOptions", "RetryPolicy", "Stop", "Wait"]

Wait: TypeAlias = float | Callable[[RetryCallState], float]
"""Seconds to wait, or a tenacity ``wait_*`` strategy."""

Stop: TypeAlias = Callable[[RetryCallState], bool]
"""A tenacity ``stop_*`` strategy."""

BeforeSleep: TypeAlias = Callable[[RetryCallState], object]
"""A tenacity ``before_sleep*`` hook."""

Idempotent: TypeAlias = bool | Callable[..., bool]
"""Whether a call may be sent twice, or what tells it from the arguments of the call."""

_JITTER: Final = 0.2
"""The longest wait before the second attempt by default, seconds; it doubles with each further one."""

_BLIND_TO_RESULTS: Final = (
    retry_if_exception.__call__,
    retry_if_exception_cause_type.__call__,
    type(retry_never).__call__,
)


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Options of a :class:`~exai_sre.resilience.Retry`; times in seconds.

    Attributes:
        attempts: how often the function is called at most; not looked at where ``stop`` is given.
        wait: time before the next attempt: a number or a tenacity ``wait_*`` strategy; ``None``
            for full jitter, ``wait_random_exponential(multiplier=0.2, max=10)``.
        stop: a tenacity ``stop_*`` strategy instead of ``attempts``.
        on: exceptions that are worth another attempt: types, outcomes, a predicate, or a tenacity
            ``retry_*`` strategy, which may look at results too. One with ``retryable = False``
            never is. tenacity's asynchronous strategies are refused.
        budget: bound on the share of retries; ``None`` for no bound.
        longest_wait: a peer that asks to wait longer (``retry_after``) is not asked again.
        retry_if: results that are worth another attempt; of a generator or stream, first items.
            The last result is returned as it is.
        idempotent: whether the call may be sent twice, or a function that tells it from the
            arguments of the call. One that may not is repeated only where no byte of it was sent
            (:func:`~exai_sre.resilience.sent.maybe_sent`) or under an
            :data:`~exai_sre.context.attempt.idempotency_key`.
        before_sleep: a tenacity ``before_sleep*`` hook, called before each wait. What it raises is
            logged and goes no further.
    """

    attempts: int = 3
    wait: Wait | None = None
    stop: Stop | None = None
    on: ErrorMatch | Callable[[RetryCallState], bool] = is_repeatable
    budget: RetryBudget | None = None
    longest_wait: float = 60.0
    retry_if: Callable[[Any], bool] | None = None
    idempotent: Idempotent = True
    before_sleep: BeforeSleep | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise OptionError("attempts", self.attempts, "at least one attempt is needed")
        if isinstance(self.wait, (int, float)) and not self.wait >= 0:
            raise OptionError("wait", self.wait, "a time is not negative")
        if not self.longest_wait >= 0:
            raise OptionError("longest_wait", self.longest_wait, "a time is not negative")
        if _is_asynchronous(self.on):
            raise OptionError("on", self.on, "is asynchronous; give a strategy that answers at once")


class RetryPolicy:
    """What all calls through one retry share: its options, made ready to be asked.

    A faster path than :class:`~exai_sre.resilience.Retry` has to give the way to it where
    ``judges_results`` is true or ``attempts_left`` of the context is set.

    Attributes:
        attempts: the most attempts; 0 where a stop strategy decides.
        bears: seconds; a first attempt that a breaker refuses for longer than this is never repeated. Infinite
            where nobody knows beforehand.
        budget: bound on the share of retries, or ``None``.
        longest_wait: seconds; see :class:`RetryOptions`.
        judges_results: whether a result can be worth another attempt.
        controller: what tenacity strategies find as ``retry_object``.
    """

    __slots__ = (
        "_before_sleep",
        "_idempotent",
        "_on",
        "_retry_if",
        "_stop",
        "_wait",
        "attempts",
        "bears",
        "budget",
        "controller",
        "judges_results",
        "longest_wait",
    )

    def __init__(self, options: RetryOptions) -> None:
        self.attempts = options.attempts if options.stop is None else 0
        self._stop = options.stop
        self._wait = wait_random_exponential(multiplier=_JITTER, max=10) if options.wait is None else options.wait
        first_wait = _JITTER if options.wait is None else math.inf if callable(options.wait) else options.wait
        self.bears = first_wait if options.on is is_repeatable else math.inf
        self._on = options.on if isinstance(options.on, retry_base) else error_matcher(cast("ErrorMatch", options.on))
        self._retry_if = options.retry_if
        self._idempotent = options.idempotent
        self._before_sleep = options.before_sleep
        self.budget = options.budget
        self.longest_wait = options.longest_wait
        self.judges_results = options.retry_if is not None or _looks_at_results(options.on)
        self.controller = Retrying()

    def repeats(self, error: Exception, state: RetryCallState) -> bool:
        """Whether ``error`` is worth another attempt."""
        if getattr(error, "retryable", True) is False:
            return False
        return self._on(state) if isinstance(self._on, retry_base) else self._on(error)

    def repeats_result(self, result: Any, state: RetryCallState) -> bool:
        """Whether ``result`` is worth another attempt."""
        if self._retry_if is not None and self._retry_if(result):
            return True
        return isinstance(self._on, retry_base) and self._on(state)

    def may_send_again(self, error: Exception | None, state: RetryCallState) -> bool:
        """Whether the peer comes to no harm by another attempt after ``error``, or after a result."""
        if idempotency_key.get() is not None or (error is not None and not maybe_sent(error)):
            return True
        return self._idempotent(*state.args, **state.kwargs) if callable(self._idempotent) else self._idempotent

    def stops(self, state: RetryCallState) -> bool:
        """Whether the attempts are used up."""
        return state.attempt_number >= self.attempts if self._stop is None else self._stop(state)

    def wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt."""
        return self._wait(state) if callable(self._wait) else self._wait

    def before_sleep(self, state: RetryCallState, delay: float) -> None:
        """Tell the hook, if there is one, that the next attempt comes in ``delay`` seconds."""
        if self._before_sleep is None:
            return
        state.next_action = RetryAction(delay)
        try:
            self._before_sleep(state)
        except Exception:
            logging.getLogger(__name__).exception(Event.UNHANDLED_ERROR)


def _looks_at_results(on: object) -> bool:
    """Whether ``on`` may want another attempt after a result."""
    if isinstance(on, (retry_any, retry_all)):
        return any(_looks_at_results(part) for part in on.retries)
    return isinstance(on, retry_base) and type(on).__call__ not in _BLIND_TO_RESULTS


def _is_asynchronous(on: object) -> bool:
    if isinstance(on, (retry_any, retry_all)):
        return any(_is_asynchronous(part) for part in on.retries)
    if inspect.iscoroutinefunction(on):
        return True
    return isinstance(on, retry_base) and inspect.iscoroutinefunction(type(on).__call__)
