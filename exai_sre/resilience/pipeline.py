"""Pipeline: strategies in order around a call, outermost first, with its end counted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.context.deadline import current_deadline, remaining
from exai_sre.names import LabelName
from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_options import BreakerState
from exai_sre.resilience.decision import Counts, Decision, counts_for, no_counts
from exai_sre.resilience.errors import BreakerOpen, BulkheadFull, DeadlineExceeded
from exai_sre.resilience.forms import INNERMOST, Arguments, AsyncStep, Forms, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.scope import outcome_in_time
from exai_sre.resilience.strategy import Guard, Strategy, reading

if TYPE_CHECKING:
    from exai_sre.metrics.families import ResilienceMetrics

__all__ = ["Pipeline"]

_STATES: Final = tuple(BreakerState)

_DECISION_OF: Final = {Outcome.TIMEOUT: Decision.TIMED_OUT, Outcome.OVERLOAD: Decision.REJECTED}


class Pipeline(Guard):
    """Calls a function through several strategies.

    A usual order, outermost first: ``Timeout(total=True)``, ``Bulkhead``, ``Retry``,
    ``CircuitBreaker``, ``Timeout`` for one attempt. A call whose deadline has passed is not begun.

    Args:
        name: name in metrics.
        strategies: the strategies, outermost first.
        metrics: where decisions and breaker states are counted; ``None`` for nowhere.
        clock: taken over by every strategy that was given none.
    """

    kind: ClassVar[str] = "pipeline"
    decisions: ClassVar[tuple[Decision, ...]] = (
        Decision.EXPIRED,
        Decision.FAILED,
        Decision.NEUTRAL,
        Decision.REJECTED,
        Decision.SUCCEEDED,
        Decision.TIMED_OUT,
    )

    def __init__(
        self, name: str, *strategies: Strategy, metrics: ResilienceMetrics | None = None, clock: Clock | None = None
    ) -> None:
        self.name = name
        self.strategies = strategies
        self._now = reading(clock or SystemClock())
        forms = INNERMOST
        for strategy in reversed(strategies):
            if clock is not None:
                strategy.use_clock(clock)
            if metrics is not None and isinstance(strategy, CircuitBreaker):
                _show_state(strategy, metrics)
            forms = strategy.around(forms, self._counts(strategy.kind, strategy.decisions, metrics))
        counts = self._counts(self.kind, self.decisions, metrics)
        self._forms = Forms(
            self._around_sync(forms.sync, counts),
            self._around_async(forms.async_, counts),
            self._around_items(forms.items, counts),
            self._around_stream(forms.stream, counts),
        )

    @property
    def forms(self) -> Forms:
        """The guarded call in its four forms."""
        return self._forms

    def _counts(self, kind: str, decisions: tuple[Decision, ...], metrics: ResilienceMetrics | None) -> Counts:
        return no_counts() if metrics is None else counts_for(metrics, self.name, kind, decisions)

    def _begin(self, counts: Counts) -> None:
        if remaining(self._now()) == 0:
            counts[Decision.EXPIRED]()
            raise DeadlineExceeded(0.0, started=False)

    def _count(self, error: BaseException, counts: Counts) -> None:
        """Count a call that raised ``error``."""
        counts[self._decide(error)]()

    def _decide(self, error: BaseException) -> Decision:
        if isinstance(error, (BreakerOpen, BulkheadFull)):
            return Decision.REJECTED
        outcome = outcome_in_time(error, self._now())
        return Decision.NEUTRAL if outcome.excluded else _DECISION_OF.get(outcome, Decision.FAILED)

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        succeeded = counts[Decision.SUCCEEDED]

        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            if current_deadline.get() is not None:
                self._begin(counts)
            try:
                result = inner(fn, args, kwargs)
            except BaseException as error:
                self._count(error, counts)
                raise
            succeeded()
            return result

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        succeeded = counts[Decision.SUCCEEDED]

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            if current_deadline.get() is not None:
                self._begin(counts)
            try:
                result = await inner(fn, args, kwargs)
            except BaseException as error:
                self._count(error, counts)
                raise
            succeeded()
            return result

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            if current_deadline.get() is not None:
                self._begin(counts)
            try:
                result = yield from inner(fn, args, kwargs)
            except BaseException as error:
                self._count(error, counts)
                raise
            counts[Decision.SUCCEEDED]()
            return result

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            if current_deadline.get() is not None:
                self._begin(counts)
            try:
                async with aclosing(inner(fn, args, kwargs)) as items:
                    async for item in items:
                        yield item
            except BaseException as error:
                self._count(error, counts)
                raise
            counts[Decision.SUCCEEDED]()

        return step


def _show_state(breaker: CircuitBreaker, metrics: ResilienceMetrics) -> None:
    """Keep the state gauge of ``breaker`` up to date from now on."""
    gauge = metrics.breaker_state.labels(**{LabelName.BREAKER: breaker.name})
    gauge.set(_STATES.index(breaker.state))
    breaker.on_transition(lambda _name, _old, new: gauge.set(_STATES.index(new)))
