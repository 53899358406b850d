"""Pipeline: strategies in order around a call, outermost first, with its end counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from exai_sre.clock import Clock, SystemClock, reading
from exai_sre.names import LabelName
from exai_sre.resilience.decision import Counts, Decision, OnDecision, decisions_of, no_counts
from exai_sre.resilience.forms import Forms
from exai_sre.resilience.fused import guard_calls
from exai_sre.resilience.gauges import show_gauges
from exai_sre.resilience.ledger import Ledger
from exai_sre.resilience.strategy import Guard, Strategy

if TYPE_CHECKING:
    from exai_sre.metrics.bound import BoundHistogram
    from exai_sre.metrics.families import ResilienceMetrics

__all__ = ["Pipeline"]

P = ParamSpec("P")
R = TypeVar("R")


class Pipeline(Guard):
    """Calls a function through several strategies.

    A usual order, outermost first: ``Timeout(total=True)``, ``Bulkhead``, ``Retry``,
    ``CircuitBreaker``, ``Timeout`` for one attempt. A call whose deadline has passed is not begun.

    Args:
        name: name in metrics.
        strategies: the strategies, outermost first.
        metrics: where decisions and breaker states are counted; ``None`` for nowhere.
        on_decision: told of each decision that is counted: name of the pipeline, kind of the
            strategy, decision. What it raises is logged and goes no further; it must be quick.
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
        self,
        name: str,
        *strategies: Strategy,
        metrics: ResilienceMetrics | None = None,
        on_decision: OnDecision | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.strategies = strategies
        self._now = reading(clock or SystemClock())
        self._metrics = metrics
        self._on_decision = on_decision
        if clock is not None:
            for strategy in strategies:
                strategy.use_clock(clock)
        own = decisions_of(name, self.kind, self.decisions, metrics, on_decision)
        self._forms = guard_calls(strategies, self._counts, self._now, Ledger(own, self._durations()))
        self._sync, self._async = self._forms.sync, self._forms.async_
        if metrics is not None:
            show_gauges(name, strategies, metrics)

    @property
    def forms(self) -> Forms:
        """The guarded call in its four forms."""
        return self._forms

    def call(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """See :meth:`Guard.call`."""
        result: R = self._sync(fn, args, kwargs)
        return result

    def call_async(self, fn: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        """See :meth:`Guard.call_async`."""
        return self._async(fn, args, kwargs)

    def _durations(self) -> BoundHistogram | None:
        return None if self._metrics is None else self._metrics.duration.labels(**{LabelName.PIPELINE: self.name})

    def _counts(self, strategy: Strategy | None) -> Counts:
        if strategy is None:
            return no_counts()
        return decisions_of(self.name, strategy.kind, strategy.decisions, self._metrics, self._on_decision)
