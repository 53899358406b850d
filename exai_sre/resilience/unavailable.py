"""Which errors mean that an answer could not be had now: those for which another answer may stand in."""

from __future__ import annotations

from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import is_repeatable, outcome_of
from exai_sre.resilience.errors import Refused

__all__ = ["is_unavailable"]


def is_unavailable(error: BaseException) -> bool:
    """Whether ``error`` says that the dependency, or the way to it, is not to be had just now.

    True for faults upstream, timeouts, and refusals by breakers, limits and load shedders; false
    for a wrong request, for cancellation and for our own defects, which no other answer should hide.
    """
    return is_repeatable(error) or isinstance(error, Refused) or outcome_of(error) is Outcome.OVERLOAD
