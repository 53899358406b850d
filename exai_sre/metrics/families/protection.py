"""Metric families of the resilience strategies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.families.buckets import GUARDED_DURATION
from exai_sre.metrics.family import Counter, Gauge, Histogram
from exai_sre.metrics.instrument import Across, Chart, Label
from exai_sre.names import LabelName, Metric

__all__ = ["BREAKER_STATES", "DECISIONS", "STRATEGIES", "Readings", "ResilienceMetrics"]

BREAKER_STATES: Final = ("closed", "open", "half_open", "forced_open", "disabled", "metrics_only")
"""States of a circuit breaker; the gauge holds the index."""

STRATEGIES: Final = (
    "adaptive_limit",
    "breaker",
    "bulkhead",
    "cache",
    "chaos_behaviour",
    "chaos_clock_jump",
    "chaos_fault",
    "chaos_latency",
    "chaos_outcome",
    "fallback",
    "hedge",
    "load_shedder",
    "pipeline",
    "rate_limit",
    "retry",
    "timeout",
)
"""Kinds of strategy that report decisions."""

DECISIONS: Final = (
    "admitted",
    "budget_empty",
    "cached",
    "coalesced",
    "expired",
    "failed",
    "fell_back",
    "gave_up",
    "hedged",
    "hedge_won",
    "injected",
    "neutral",
    "rejected",
    "retried",
    "shed",
    "succeeded",
    "timed_out",
)
"""What a strategy did with a call."""

_BOUND: Final = 50
_DASHBOARD: Final = "upstreams"


class Readings:
    """Gauges that are read when somebody looks, and never on the path of a call: one reading for each key."""

    __slots__ = ("_readings",)

    def __init__(self) -> None:
        self._readings: dict[str, tuple[object, Callable[[], None]]] = {}

    def put(self, key: str, source: object, read: Callable[[], None]) -> bool:
        """Read by ``read`` from now on; a reading under the same key is replaced.

        Args:
            key: what is read, such as ``breaker glm``.
            source: the object that is read.
            read: updates the gauges.

        Returns:
            Whether ``source`` is another object than the one read under this key so far.
        """
        known = self._readings.get(key)
        self._readings[key] = (source, read)
        return known is None or known[0] is not source

    def refresh(self) -> None:
        """Bring every gauge up to date."""
        for _, read in tuple(self._readings.values()):
            read()


@dataclass(frozen=True, slots=True)
class ResilienceMetrics:
    """Bound to one catalog: decisions of strategies, durations of guarded calls, and what strategies hold.

    Attributes:
        decisions: what strategies did with calls.
        duration: from the begin of a guarded call to its end, retries and waits included, seconds.
        breaker_state: index of the state in :data:`BREAKER_STATES`.
        breaker_calls: calls in the window of a breaker.
        breaker_failure_rate: share of failed calls among them.
        breaker_slow_rate: share of slow calls among them.
        bulkhead_running: calls that hold a slot.
        bulkhead_waiting: calls that wait for a slot.
        adaptive_limit: calls that an adaptive limit lets run at once.
        retry_budget: retries that could be made now.
        readings: the gauges that are read before each exposition.
    """

    decisions: Counter
    duration: Histogram
    breaker_state: Gauge
    breaker_calls: Gauge
    breaker_failure_rate: Gauge
    breaker_slow_rate: Gauge
    bulkhead_running: Gauge
    bulkhead_waiting: Gauge
    adaptive_limit: Gauge
    retry_budget: Gauge
    readings: Readings

    @classmethod
    def declare(cls, catalog: Catalog) -> ResilienceMetrics:
        """Declare the families in ``catalog``."""
        readings = Readings()
        catalog.before_collect(readings.refresh)
        pipeline, breaker = Label(LabelName.PIPELINE, bound=_BOUND), Label(LabelName.BREAKER, bound=_BOUND)

        def gauge(name: str, help: str, label: Label, title: str, unit: str = "") -> Gauge:
            chart = Chart(_DASHBOARD, title, "value", by=(label.name,))
            # Calls of all processes add up; of shares, the worst is what an operator wants to see.
            across: Across = "max" if unit else "sum"
            return catalog.gauge(name, help, labels=(label,), unit=unit, chart=chart, across=across)

        return cls(
            decisions=_decisions(catalog, pipeline),
            duration=catalog.histogram(
                Metric.RESILIENCE_DURATION,
                "Duration of guarded calls, retries and waits included.",
                labels=(pipeline,),
                buckets=GUARDED_DURATION,
                chart=Chart(_DASHBOARD, "Guarded calls", "rate", by=(LabelName.PIPELINE,)),
            ),
            breaker_state=_breaker_state(catalog, breaker),
            breaker_calls=gauge(Metric.BREAKER_CALLS, "Calls in the window of a breaker.", breaker, "Breaker window"),
            breaker_failure_rate=gauge(
                Metric.BREAKER_FAILURE_RATE,
                "Share of failed calls in the window of a breaker.",
                breaker,
                "Breaker failure rate",
                "ratio",
            ),
            breaker_slow_rate=gauge(
                Metric.BREAKER_SLOW_RATE,
                "Share of slow calls in the window of a breaker.",
                breaker,
                "Breaker slow rate",
                "ratio",
            ),
            bulkhead_running=gauge(
                Metric.BULKHEAD_RUNNING, "Calls that hold a slot of a bulkhead.", pipeline, "Bulkhead: running"
            ),
            bulkhead_waiting=gauge(
                Metric.BULKHEAD_WAITING, "Calls that wait for a slot of a bulkhead.", pipeline, "Bulkhead: waiting"
            ),
            adaptive_limit=gauge(
                Metric.ADAPTIVE_LIMIT, "Calls that an adaptive limit lets run at once.", pipeline, "Adaptive limit"
            ),
            retry_budget=gauge(
                Metric.RETRY_BUDGET, "Retries that a retry budget has in hand.", pipeline, "Retry budget"
            ),
            readings=readings,
        )


def _decisions(catalog: Catalog, pipeline: Label) -> Counter:
    return catalog.counter(
        Metric.RESILIENCE_DECISIONS,
        "Decisions of resilience strategies, by pipeline.",
        labels=(
            pipeline,
            Label(LabelName.STRATEGY, values=STRATEGIES),
            Label(LabelName.DECISION, values=DECISIONS),
        ),
        chart=Chart(
            _DASHBOARD,
            "Decisions",
            "rate",
            by=(LabelName.PIPELINE, LabelName.STRATEGY, LabelName.DECISION),
        ),
    )


def _breaker_state(catalog: Catalog, breaker: Label) -> Gauge:
    return catalog.gauge(
        Metric.BREAKER_STATE,
        "State of a circuit breaker: " + ", ".join(f"{at} {name}" for at, name in enumerate(BREAKER_STATES)),
        labels=(breaker,),
        across="max",
        chart=Chart(_DASHBOARD, "Circuit breakers", "states", by=(LabelName.BREAKER,), states=BREAKER_STATES),
    )
