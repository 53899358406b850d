"""Circuit breaker: stops calling a dependency that fails, and finds out when it is well again."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import replace
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
    OpenTime,
)
from exai_sre.resilience.classify import ErrorMatch, error_matcher
from exai_sre.resilience.decision import Counts, Decision, no_counts
from exai_sre.resilience.errors import DeadlineExceeded, breaker_open
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.judged_items import JudgedItems
from exai_sre.resilience.scope import outcome_in_time
from exai_sre.resilience.sent import attempts_of
from exai_sre.resilience.strategy import Strategy

__all__ = ["CircuitBreaker"]

_OK = Outcome.OK


class CircuitBreaker(BreakerContext, Strategy):
    """Refuses calls while the share of failures (or of slow calls) in a time window is too high.

    Use it as ``breaker.call(fn, ...)``, ``await breaker.call_async(fn, ...)``, a decorator, or
    ``with breaker:`` / ``async with breaker:``; all forms drive one engine. Cancellation, an
    interrupt, an abandoned stream and a call that was not begun because its deadline had passed
    are neutral; a cancellation that our own time limit around the breaker caused is a failure.
    An error that a retry inside the breaker gave up on counts as often as it was tried.

    Args:
        name: name in errors, metrics and listeners.
        on_transition: told of each transition: name, old state, new state. What it raises is
            logged and goes no further.
        clock: source of monotonic time; that of the pipeline, or the system's, by default.
        failure_rate, slow_rate, slow_after, window, minimum_calls, open_for, half_open_calls,
            half_open_limit, failure_on, ignore, failure_if: see
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
        open_for: OpenTime = 30.0,
        half_open_calls: int = 3,
        half_open_limit: float = 60.0,
        failure_on: ErrorMatch = FAILURES,
        ignore: ErrorMatch = (),
        failure_if: Callable[[Any], bool] | None = None,
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
            failure_if=failure_if,
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

    def open(self) -> None:
        """Refuse calls for the open time, as if the window had opened the breaker; probes follow."""
        self._engine.put(BreakerState.OPEN, self._now())

    def judge(self, error: BaseException) -> Outcome:
        """How a call that raised ``error`` counts."""
        return self._judge(error, self._now())

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

    def adopt(self, options: BreakerOptions) -> None:
        """Go on with other options, as after a reload of a policy file: the state and the calls counted so far stay.

        Calls that end from now on are judged by the new options; a window of another length begins
        empty, and ``failure_if``, which no file can say, stays as it is. A pipeline reads
        ``slow_after`` when it is built: build it anew if that has changed.

        Args:
            options: the new options.
        """
        self.options = replace(options, failure_if=self.options.failure_if)
        self._fails = error_matcher(options.failure_on)
        self._ignores = error_matcher(options.ignore)
        self._engine.adopt(self.options)

    def _changed(self, old: BreakerState, new: BreakerState) -> None:
        self._since = self._clock.time()
        for listener in self._listeners:
            try:
                listener(self.name, old, new)
            except Exception:
                logging.getLogger(__name__).exception(Event.UNHANDLED_ERROR)

    def _admit(self, counts: Counts) -> Permit:
        """Leave to make a call, or ``BreakerOpen`` raised."""
        admitted = self._engine.admit(self._now())
        if isinstance(admitted, Rejection):
            counts[Decision.REJECTED]()
            raise breaker_open()(self.name, admitted.retry_after)
        return admitted

    def _settle(self, permit: Permit, error: BaseException, counts: Counts) -> None:
        """Record a call that raised ``error``."""
        now = self._now()
        outcome = self._judge(error, now)
        self._engine.record(permit, outcome, now)
        failed = outcome in FAILURES
        counts[Decision.FAILED if failed else Decision.NEUTRAL]()
        if failed:
            for _ in range(attempts_of(error) - 1):
                # void if the first of them has opened the breaker, or if the call was a probe
                self._engine.record(Permit(permit.phase, now), outcome, now)

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
        """Record a call that returned what is no failure."""
        self._engine.record(permit, _OK, self._now())

    def _fail(self, permit: Permit, counts: Counts) -> None:
        """Record a call whose result, or an item of it, is a failure."""
        self._engine.record(permit, Outcome.UPSTREAM_ERROR, self._now())
        counts[Decision.FAILED]()

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        failure_if = self.options.failure_if

        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            permit = self._admit(counts)
            try:
                result = inner(fn, args, kwargs)
                failed = failure_if is not None and failure_if(result)
            except BaseException as error:
                self._settle(permit, error, counts)
                raise
            if failed:
                self._fail(permit, counts)
            else:
                self._succeed(permit)
            return result

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        failure_if = self.options.failure_if

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            permit = self._admit(counts)
            try:
                result = await inner(fn, args, kwargs)
                failed = failure_if is not None and failure_if(result)
            except BaseException as error:
                self._settle(permit, error, counts)
                raise
            if failed:
                self._fail(permit, counts)
            else:
                self._succeed(permit)
            return result

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        failure_if = self.options.failure_if

        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            permit = self._admit(counts)
            items = inner(fn, args, kwargs)
            judged = None if failure_if is None else JudgedItems(items, failure_if)
            try:
                result = yield from judged or items
            except BaseException as error:
                self._end(permit, error, judged is not None and judged.failed, counts)
                raise
            self._end(permit, None, judged is not None and judged.failed, counts)
            return result

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        failure_if = self.options.failure_if

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            permit = self._admit(counts)
            failed = False
            try:
                async with aclosing(inner(fn, args, kwargs)) as items:
                    async for item in items:
                        if permit.answered_at is None:
                            permit.answered_at = self._now()
                        if failure_if is not None and failure_if(item):
                            failed = True
                        yield item
            except BaseException as error:
                self._end(permit, error, failed, counts)
                raise
            self._end(permit, None, failed, counts)

        return step

    def _end(self, permit: Permit, error: BaseException | None, failed: bool, counts: Counts) -> None:
        """Record a generator or stream that has ended; one that gave out a failure has failed, however it ended."""
        if failed:
            self._fail(permit, counts)
        elif error is not None:
            self._settle(permit, error, counts)
        else:
            self._succeed(permit)
