"""What strategies did with calls, and the counters that hold it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from exai_sre.names import Event, LabelName

if TYPE_CHECKING:
    from exai_sre.metrics.bound import BoundCounter
    from exai_sre.metrics.families import ResilienceMetrics

__all__ = ["Counts", "Decision", "OnDecision", "counts_for", "decisions_of", "no_counts"]


class Decision(StrEnum):
    """What a strategy did with a call.

    A pipeline counts the end of each call, so its decisions add up to the calls made. A strategy
    counts only where it stepped in, so that a call that passes costs one counter and not five.
    """

    ADMITTED = "admitted"
    BUDGET_EMPTY = "budget_empty"
    CACHED = "cached"
    COALESCED = "coalesced"
    EXPIRED = "expired"
    FAILED = "failed"
    FELL_BACK = "fell_back"
    GAVE_UP = "gave_up"
    HEDGED = "hedged"
    HEDGE_WON = "hedge_won"
    INJECTED = "injected"
    NEUTRAL = "neutral"
    REJECTED = "rejected"
    RETRIED = "retried"
    SHED = "shed"
    SUCCEEDED = "succeeded"
    TIMED_OUT = "timed_out"


class Counts(dict[Decision, Callable[[], object]]):
    """One ready-made call per decision; each counts it once.

    Attributes:
        series: what a call adds to, where it does nothing else.
    """

    __slots__ = ("series",)

    def __init__(
        self, calls: Mapping[Decision, Callable[[], object]], series: Mapping[Decision, BoundCounter] | None = None
    ) -> None:
        super().__init__(calls)
        self.series = series or {}


OnDecision: TypeAlias = Callable[[str, str, Decision], object]
"""Told of each decision that is counted: name of the pipeline, kind of the strategy, decision."""


def no_counts() -> Counts:
    """Counts for a strategy that stands alone: nothing is counted."""
    # bool() does nothing and costs less than a function of our own
    return Counts(dict.fromkeys(Decision, bool))


def counts_for(metrics: ResilienceMetrics, pipeline: str, kind: str, decisions: tuple[Decision, ...]) -> Counts:
    """Counts bound to the series of one strategy in one pipeline, created at zero.

    Args:
        metrics: where decisions are counted.
        pipeline: name of the pipeline.
        kind: kind of the strategy.
        decisions: the decisions that this kind can make.
    """
    series = {
        decision: metrics.decisions.labels(
            **{LabelName.PIPELINE: pipeline, LabelName.STRATEGY: kind, LabelName.DECISION: decision.value}
        )
        for decision in decisions
    }
    return Counts({decision: counter.tick for decision, counter in series.items()}, series)


def decisions_of(
    pipeline: str,
    kind: str,
    decisions: tuple[Decision, ...],
    metrics: ResilienceMetrics | None,
    on_decision: OnDecision | None,
) -> Counts:
    """Counts for one strategy of one pipeline, which tell ``on_decision`` as well, if there is such a hook."""
    counts = no_counts() if metrics is None else counts_for(metrics, pipeline, kind, decisions)
    if on_decision is None:
        return counts
    told = {decision: _telling(count, on_decision, pipeline, kind, decision) for decision, count in counts.items()}
    return Counts(told)


def _telling(
    count: Callable[[], object], on_decision: OnDecision, pipeline: str, kind: str, decision: Decision
) -> Callable[[], object]:
    def count_and_tell() -> None:
        count()
        try:
            on_decision(pipeline, kind, decision)
        except Exception:
            logging.getLogger(__name__).exception(Event.UNHANDLED_ERROR)

    return count_and_tell
