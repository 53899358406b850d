"""How the calls of a pipeline end: one decision and one duration per call."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import TYPE_CHECKING, Final

from exai_sre.context.deadline import remaining
from exai_sre.outcome import Outcome
from exai_sre.resilience.decision import Counts, Decision, no_counts
from exai_sre.resilience.errors import DeadlineExceeded, Refused
from exai_sre.resilience.scope import outcome_in_time

if TYPE_CHECKING:
    from exai_sre.metrics.bound import BoundHistogram

__all__ = ["NOTED_AT_MOST", "Ledger", "no_ledger"]

NOTED_AT_MOST: Final = 1024
"""Durations that may wait to be settled."""

_DECISION_OF: Final = {Outcome.TIMEOUT: Decision.TIMED_OUT, Outcome.OVERLOAD: Decision.REJECTED}


class Ledger:
    """Where a pipeline writes down the ends of its calls.

    Args:
        counts: where they are counted.
        durations: the histogram of how long calls took; ``None`` for nowhere.

    Attributes:
        succeeded: counts a call that returned.
        rejected: counts a call that was refused.
        observe: takes the duration of a call in seconds.
        note: the same at less cost and without an exemplar; whoever calls it settles when :attr:`noted` is long.
        noted: what was noted and is not settled.
        settle: sorts what was noted.
    """

    __slots__ = ("_counts", "note", "noted", "observe", "rejected", "settle", "succeeded")

    def __init__(self, counts: Counts, durations: BoundHistogram | None = None) -> None:
        self._counts = counts
        self.succeeded = counts[Decision.SUCCEEDED]
        self.rejected = counts[Decision.REJECTED]
        self.observe: Callable[[float], object] = bool if durations is None else durations.observe
        self.note: Callable[[float], object] = bool if durations is None else durations.notes.add
        self.noted: Sized = () if durations is None else durations.notes.values
        self.settle: Callable[[], object] = bool if durations is None else durations.settle

    def open(self, now: float) -> float:
        """Begin a call at ``now``, which is returned, unless its deadline has passed.

        Raises:
            DeadlineExceeded: it has.
        """
        if remaining(now) == 0:
            self._counts[Decision.EXPIRED]()
            self.observe(0.0)
            raise DeadlineExceeded(0.0, started=False)
        return now

    def passed(self, seconds: float) -> None:
        """Count a call that returned after ``seconds``."""
        self.succeeded()
        self.observe(seconds)

    def failed(self, error: BaseException, began: float, now: float) -> None:
        """Count a call that raised ``error``."""
        self._counts[decision_on(error, now)]()
        self.observe(now - began)


def no_ledger() -> Ledger:
    """A ledger that nobody reads, for a run inside other strategies."""
    return Ledger(no_counts())


def decision_on(error: BaseException, now: float) -> Decision:
    """What a pipeline counts a call as that raised ``error`` at ``now``: every refusal is a rejection."""
    if isinstance(error, Refused):
        return Decision.REJECTED
    outcome = outcome_in_time(error, now)
    return Decision.NEUTRAL if outcome.excluded else _DECISION_OF.get(outcome, Decision.FAILED)
