"""Metric families of the resilience strategies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.family import Counter, Gauge
from exai_sre.metrics.instrument import Chart, Label
from exai_sre.names import LabelName, Metric

__all__ = ["BREAKER_STATES", "DECISIONS", "STRATEGIES", "ResilienceMetrics"]

BREAKER_STATES: Final = ("closed", "open", "half_open", "forced_open", "disabled", "metrics_only")
"""States of a circuit breaker; the gauge holds the index."""

STRATEGIES: Final = ("breaker", "bulkhead", "pipeline", "retry", "timeout")
"""Kinds of strategy that report decisions."""

DECISIONS: Final = (
    "admitted",
    "budget_empty",
    "expired",
    "failed",
    "gave_up",
    "neutral",
    "rejected",
    "retried",
    "succeeded",
    "timed_out",
)
"""What a strategy did with a call."""


@dataclass(frozen=True, slots=True)
class ResilienceMetrics:
    """Bound to one catalog: decisions of strategies and states of breakers.

    Attributes:
        decisions: what strategies did with calls.
        breaker_state: index of the state in :data:`BREAKER_STATES`.
    """

    decisions: Counter
    breaker_state: Gauge

    @classmethod
    def declare(cls, catalog: Catalog) -> ResilienceMetrics:
        """Declare the families in ``catalog``."""
        return cls(
            catalog.counter(
                Metric.RESILIENCE_DECISIONS,
                "Decisions of resilience strategies, by pipeline.",
                labels=(
                    Label(LabelName.PIPELINE, bound=50),
                    Label(LabelName.STRATEGY, values=STRATEGIES),
                    Label(LabelName.DECISION, values=DECISIONS),
                ),
                chart=Chart("upstreams", "Decisions", "rate", by=(LabelName.PIPELINE, LabelName.DECISION)),
            ),
            catalog.gauge(
                Metric.BREAKER_STATE,
                "State of a circuit breaker: " + ", ".join(f"{at} {name}" for at, name in enumerate(BREAKER_STATES)),
                labels=(Label(LabelName.BREAKER, bound=50),),
                chart=Chart("upstreams", "Circuit breakers", "states", by=(LabelName.BREAKER,), states=BREAKER_STATES),
            ),
        )
