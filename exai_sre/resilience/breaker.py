"""Circuit breaker: stops calling a dependency that fails, and finds out when it is well again."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import Any, ClassVar

from exai_sre.clock import Clock
from exai_sre.names import Event
from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker_context import BreakerContext
from exai_sre.resilience.breaker_engine import BreakerEngine, Permit, Rejection
from exai_sre.resilience.breaker_options import (
    FAILURES,
    BreakerOptions,
    BreakerSnapshot,
    BreakerState,
    OnTransition,
)
from exai_sre.resilience.classify import ErrorMatch, error_matcher
from exai_sre.resilience.decision import Counts, Decision, no_counts
from exai_sre.resilience.errors import BreakerOpen, DeadlineExceeded
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.scope import outcome_in_time
from exai_sre.resilience.strategy import Strategy

__all__ = ["CircuitBreaker"]

_OK = Outcome.OK


class CircuitBreaker(BreakerContext, Strategy):
    """Refuses calls while the share of failures (or of slow calls) in a time window is too high.

    Use it as ``breaker.call(fn, ...)``, ``await breaker.call_async(fn, ...)``, a decorator, or
    ``with breaker:`` / ``async with breaker:``; all forms drive one engine. Cancellation, an
    interrupt, an abandoned stream and a call that was not begun because its deadline had passed
    are neutral; a cancellation that our own time limit around the breaker caused is a failure.

    Args:
        name: name in errors, metrics and listeners.
        on_transition: told of each transition: name, old state, new state. What it raises is
            logged and goes no further.
        clock: source of monotonic time; that of the pipeline, or the system's, by default.
        failure_rate, slow_rate, slow_after, window, minimum_calls, open_for, half_open_calls,
            half_open_limit, failure_on, ignore: see
            :class:`~exai_sre.resilience.breaker_options.BreakerOptions`.

    Raises:
        OptionError: an option makes no sense.
    """

    kind: ClassVar[str] = "breaker"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.FAILED, Decision.NEUTRAL, Decision.REJECTED)

    def __init__(
        self,
        name: str,
        *,
        failure_rate: float = 0.5,
        slow_rate: float = 1.0,
        slow_after: float | None = None,
        window: float = 10.0,
        minimum_calls: int = 20,
        open_for: float = 30.0,
        half_open_calls: int = 3,
        half_open_limit: float = 60.0,
        failure_on: ErrorMatch = FAILURES,
        ignore: ErrorMatch = (),
        on_transition: OnTransition | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.name = name
        self.options = BreakerOptions(
            failure_rate=failure_rate,
            slow_rate=slow_rate,
            slow_after=slow_after,
            window=window,
            minimum_calls=minimum_calls,
            open_for=open_for,
            half_open_calls=half_open_calls,
            half_open_limit=half_open_limit,
            failure_on=failure_on,
            ignore=ignore,
        )
        self._engine = BreakerEngine(self.options, self._changed)
        self._fails = error_matcher(failure_on)
        self._ignores = error_matcher(ignore)
        self._listeners: tuple[OnTransition, ...] = () if on_transition is None else (on_transition,)
        self._since = self._clock.time()
        self._uncounted = no_counts()

    @property
    def state(self) -> BreakerState:
        """The state now; an open breaker whose open time is over is ``half_open``."""
        return self._engine.state(self._now())

    @property
    def snapshot(self) -> BreakerSnapshot:
        """State, time of the last transition and counts of the window, as of now."""
        now = self._now()
        state = self._engine.state(now)
        calls, failures, slow = self._engine.counts(now)
        return BreakerSnapshot(self.name, state, self._since, self._engine.retry_after(now), calls, failures, slow)

    def on_transition(self, listener: OnTransition) -> None:
        """Tell ``listener`` of each transition from now on."""
        self._listeners += (listener,)

    def force_open(self) -> None:
        """Refuse all calls until :meth:`reset`."""
        self._engine.put(BreakerState.FORCED_OPEN, self._now())

    def disable(self) -> None:
        """Admit all calls and count none until :meth:`reset`."""
        self._engine.put(BreakerState.DISABLED, self._now())

    def metrics_only(self) -> None:
        """Admit and count all calls but never open, until :meth:`reset`."""
        self._engine.put(BreakerState.METRICS_ONLY, self._now())

    def reset(self) -> None:
        """Close the breaker and forget the calls in its window."""
        self._engine.put(BreakerState.CLOSED, self._now())

    def _changed(self, old: BreakerState, new: BreakerState) -> None:
        self._since = self._clock.time()
        for listener in self._listeners:
            try:
                listener(self.name, old, new)
            except Exception:
                logging.getLogger(__name__).exception(Event.UNHANDLED_ERROR)

    def _admit(self, counts: Counts) -> Permit:
        """Leave to make a call, or :class:`BreakerOpen` raised."""
        admitted = self._engine.admit(self._now())
        if isinstance(admitted, Rejection):
            counts[Decision.REJECTED]()
            raise BreakerOpen(self.name, admitted.retry_after)
        return admitted

    def _settle(self, permit: Permit, error: BaseException, counts: Counts) -> None:
        """Record a call that raised ``error``."""
        now = self._now()
        outcome = self._judge(error, now)
        self._engine.record(permit, outcome, now)
        counts[Decision.FAILED if outcome in FAILURES else Decision.NEUTRAL]()

    def _judge(self, error: BaseException, now: float) -> Outcome:
        outcome = outcome_in_time(error, now)
        if not isinstance(error, Exception):
            return outcome
        if isinstance(error, DeadlineExceeded) and not error.started:
            # the dependency was not touched, so this says nothing about it
            return Outcome.CANCELLED
        if self._ignores(error):
            return Outcome.CLIENT_ERROR
        if not self._fails(error):
            return outcome if outcome not in FAILURES else Outcome.CLIENT_ERROR
        return outcome if outcome in FAILURES else Outcome.UPSTREAM_ERROR

    def _succeed(self, permit: Permit) -> None:
        self._engine.record(permit, _OK, self._now())

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            permit = self._admit(counts)
            try:
                result = inner(fn, args, kwargs)
            except BaseException as error:
                self._settle(permit, error, counts)
                raise
            self._succeed(permit)
            return result

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            permit = self._admit(counts)
            try:
                result = await inner(fn, args, kwargs)
            except BaseException as error:
                self._settle(permit, error, counts)
                raise
            self._succeed(permit)
            return result

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            permit = self._admit(counts)
            try:
                result = yield from inner(fn, args, kwargs)
            except BaseException as error:
                self._settle(permit, error, counts)
                raise
            self._succeed(permit)
            return result

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            permit = self._admit(counts)
            try:
                async with aclosing(inner(fn, args, kwargs)) as items:
                    async for item in items:
                        if permit.answered_at is None:
                            permit.answered_at = self._now()
                        yield item
            except BaseException as error:
                self._settle(permit, error, counts)
                raise
            self._succeed(permit)

        return step
