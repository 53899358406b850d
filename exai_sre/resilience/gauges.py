"""What strategies hold, as gauges: read before each exposition, never on the path of a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeVar

from exai_sre.names import LabelName
from exai_sre.resilience.adaptive_limit import AdaptiveLimit
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_options import BreakerState
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.bulkhead import Bulkhead
from exai_sre.resilience.strategy import Strategy

if TYPE_CHECKING:
    from exai_sre.metrics.families import ResilienceMetrics
    from exai_sre.metrics.family import Gauge

__all__ = ["show_gauges"]

S = TypeVar("S", bound=Strategy)

_STATES: Final = tuple(BreakerState)


def show_gauges(pipeline: str, strategies: Iterable[Strategy], metrics: ResilienceMetrics) -> None:
    """Show the states, windows, slots, limits and budgets of a pipeline's strategies from now on.

    The state of a breaker shows at once as well, so that no scrape misses a transition for long.
    A pipeline that takes the place of another of its name takes its gauges over.

    Args:
        pipeline: name of the pipeline.
        strategies: its strategies.
        metrics: where the gauges are.
    """
    strategies = tuple(strategies)
    for breaker in _of(strategies, CircuitBreaker):
        _show_breaker(breaker, metrics)
    reads: list[Callable[[], None]] = []
    bulkheads = _of(strategies, Bulkhead)
    if bulkheads:
        reads.append(_reader(metrics.bulkhead_running, pipeline, lambda: sum(each.running for each in bulkheads)))
        reads.append(_reader(metrics.bulkhead_waiting, pipeline, lambda: sum(each.waiting for each in bulkheads)))
    limits = _of(strategies, AdaptiveLimit)
    if limits:
        reads.append(_reader(metrics.adaptive_limit, pipeline, lambda: min(each.limit for each in limits)))
    budgets = [budget for each in strategies if (budget := _budget(each)) is not None]
    if budgets:
        reads.append(_reader(metrics.retry_budget, pipeline, lambda: min(each.balance for each in budgets)))

    def read() -> None:
        for refresh in reads:
            refresh()

    metrics.readings.put(f"pipeline {pipeline}", strategies, read)


def _of(strategies: Iterable[Strategy], kind: type[S]) -> list[S]:
    return [each for each in strategies if isinstance(each, kind)]


def _budget(strategy: Strategy) -> RetryBudget | None:
    """The budget of a retry or a hedge, where it has one."""
    own = getattr(strategy, "budget", None) or getattr(getattr(strategy, "options", None), "budget", None)
    return own if isinstance(own, RetryBudget) else None


def _reader(gauge: Gauge, pipeline: str, value: Callable[[], float]) -> Callable[[], None]:
    series = gauge.labels(**{LabelName.PIPELINE: pipeline})
    return lambda: series.set(value())


def _show_breaker(breaker: CircuitBreaker, metrics: ResilienceMetrics) -> None:
    label = {LabelName.BREAKER: breaker.name}
    state = metrics.breaker_state.labels(**label)
    calls = metrics.breaker_calls.labels(**label)
    failure_rate = metrics.breaker_failure_rate.labels(**label)
    slow_rate = metrics.breaker_slow_rate.labels(**label)

    def read() -> None:
        shot = breaker.snapshot
        state.set(_STATES.index(shot.state))
        calls.set(shot.calls)
        failure_rate.set(shot.failures / max(1, shot.calls))
        slow_rate.set(shot.slow / max(1, shot.calls))

    new = metrics.readings.put(f"breaker {breaker.name}", breaker, read)
    read()
    if new:
        breaker.on_transition(lambda _name, _old, state_now: state.set(_STATES.index(state_now)))
