"""Counts of decisions that a test can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.forms import INNERMOST, Forms
from exai_sre.resilience.strategy import Strategy


def tallied(strategy: Strategy) -> tuple[Forms, Counter[str]]:
    """The forms of ``strategy`` alone, and how often it made each decision, by name.

    Only the decisions that its kind declares can be counted: any other is a ``KeyError``.
    """
    tally: Counter[str] = Counter()

    def counter(decision: Decision) -> Callable[[], object]:
        return lambda: tally.update([decision.value])

    counts = Counts({decision: counter(decision) for decision in strategy.decisions})
    return strategy.around(INNERMOST, counts), tally
