"""What strategies did with calls, and the counters that hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from exai_sre.names import LabelName

if TYPE_CHECKING:
    from exai_sre.metrics.families import ResilienceMetrics

__all__ = ["Counts", "Decision", "counts_for", "no_counts"]


class Decision(StrEnum):
    """What a strategy did with a call.

    A pipeline counts the end of each call, so its decisions add up to the calls made. A strategy
    counts only where it stepped in, so that a call that passes costs one counter and not five.
    """

    ADMITTED = "admitted"
    BUDGET_EMPTY = "budget_empty"
    EXPIRED = "expired"
    FAILED = "failed"
    GAVE_UP = "gave_up"
    NEUTRAL = "neutral"
    REJECTED = "rejected"
    RETRIED = "retried"
    SUCCEEDED = "succeeded"
    TIMED_OUT = "timed_out"


Counts: TypeAlias = Mapping[Decision, Callable[[], object]]
"""One ready-made call per decision; each counts it once."""


def _nothing() -> None:
    """Counts nowhere."""


def no_counts() -> Counts:
    """Counts for a strategy that stands alone: nothing is counted."""
    return dict.fromkeys(Decision, _nothing)


def counts_for(metrics: ResilienceMetrics, pipeline: str, kind: str, decisions: tuple[Decision, ...]) -> Counts:
    """Counts bound to the series of one strategy in one pipeline, created at zero.

    Args:
        metrics: where decisions are counted.
        pipeline: name of the pipeline.
        kind: kind of the strategy.
        decisions: the decisions that this kind can make.
    """
    return {
        decision: metrics.decisions.labels(
            **{LabelName.PIPELINE: pipeline, LabelName.STRATEGY: kind, LabelName.DECISION: decision.value}
        ).inc
        for decision in decisions
    }
