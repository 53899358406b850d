"""How the calls of a pipeline end: one decision and one duration per call."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from typing import TYPE_CHECKING, Final, NamedTuple

from exai_sre.context.deadline import remaining
from exai_sre.outcome import Outcome
from exai_sre.resilience.decision import Counts, Decision, no_counts
from exai_sre.resilience.errors import DeadlineExceeded, Refused
from exai_sre.resilience.scope import outcome_in_time

if TYPE_CHECKING:
    from exai_sre.metrics.bound import BoundHistogram

__all__ = ["NOTED_AT_MOST", "Ledger", "Noting", "no_ledger"]

NOTED_AT_MOST: Final = 1024
"""Calls of one kind of end that may wait to be settled."""

_DECISION_OF: Final = {Outcome.TIMEOUT: Decision.TIMED_OUT, Outcome.OVERLOAD: Decision.REJECTED}


class Noting(NamedTuple):
    """How calls that end in one way are written down on the hottest paths.

    Attributes:
        add: takes the duration of a call in seconds, and counts all that is decided on such a call.
        waiting: what was added and is not settled; whoever adds settles when it is long.
        settle: brings the metrics up to date.
    """

    add: Callable[[float], object]
    waiting: Sized
    settle: Callable[[], object]


class Ledger:
    """Where a pipeline writes down the ends of its calls.

    Args:
        counts: where they are counted.
        durations: the histogram of how long calls took; ``None`` for nowhere.

    Attributes:
        succeeded: counts a call that returned.
        observe: takes the duration of a call in seconds.
    """

    __slots__ = ("_counts", "_durations", "observe", "succeeded")

    def __init__(self, counts: Counts, durations: BoundHistogram | None = None) -> None:
        self._counts = counts
        self._durations = durations
        self.succeeded = counts[Decision.SUCCEEDED]
        self.observe: Callable[[float], object] = bool if durations is None else durations.observe

    def noting(self, decision: Decision, *others: tuple[Counts, Decision]) -> Noting:
        """How calls are written down on which the pipeline always decides the same, and strategies too.

        Without exemplars: one note stands for the duration and for all the counts.

        Args:
            decision: how such a call ends for the pipeline.
            others: what strategies decide on it before that, each with where it is counted.
        """
        decided = (*others, (self._counts, decision))
        calls = [counts[each] for counts, each in decided if counts[each] is not bool]
        series = [counts.series[each] for counts, each in decided if each in counts.series]
        durations = self._durations
        if durations is None:
            return Noting(_each(calls, bool), (), bool)
        if len(series) == len(calls):
            notes = durations.notes(*series)
            return Noting(notes.add, notes.values, durations.settle)
        # whoever is told of decisions is told of each at once
        notes = durations.notes()
        return Noting(_each(calls, notes.add), notes.values, durations.settle)

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


def _each(calls: Sequence[Callable[[], object]], note: Callable[[float], object]) -> Callable[[float], object]:
    """``note`` and all ``calls`` in one."""
    if not calls:
        return note

    def add(seconds: float) -> None:
        for call in calls:
            call()
        note(seconds)

    return add


def no_ledger() -> Ledger:
    """A ledger that nobody reads, for a run inside other strategies."""
    return Ledger(no_counts())


def decision_on(error: BaseException, now: float) -> Decision:
    """What a pipeline counts a call as that raised ``error`` at ``now``: every refusal is a rejection."""
    if isinstance(error, Refused):
        return Decision.REJECTED
    outcome = outcome_in_time(error, now)
    return Decision.NEUTRAL if outcome.excluded else _DECISION_OF.get(outcome, Decision.FAILED)
