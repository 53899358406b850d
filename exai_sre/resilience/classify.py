"""From an exception to an outcome: the one judgement that breakers, retries and pipelines share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

from exai_sre.outcome import Outcome

__all__ = ["Classified", "ErrorMatch", "error_matcher", "is_repeatable", "outcome_of", "retry_after_of"]

ErrorMatch: TypeAlias = (
    "type[BaseException] | tuple[type[BaseException], ...] | frozenset[Outcome] | Callable[[BaseException], bool]"
)
"""Which exceptions are meant: types, outcomes, or a predicate."""

_REPEATED = frozenset({Outcome.UPSTREAM_ERROR, Outcome.TIMEOUT})

_LOCAL = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)


@runtime_checkable
class Classified(Protocol):
    """An exception that knows its own outcome.

    Attributes:
        outcome: how the operation that raised it ended.
        retry_after: seconds that the peer asked to wait, or ``None``.
    """

    outcome: Outcome
    retry_after: float | None


def outcome_of(error: BaseException) -> Outcome:
    """How an operation that raised ``error`` ended.

    An ``outcome`` attribute decides. Without one, whatever is no ``Exception`` (cancellation, the
    end of a generator, an interrupt) is ``CANCELLED``, ``TimeoutError`` is ``TIMEOUT``,
    ``ConnectionError`` is ``UPSTREAM_ERROR``, and the rest is ``ERROR``: our own fault.
    """
    outcome = getattr(error, "outcome", None)
    if isinstance(outcome, Outcome):
        return outcome
    if not isinstance(error, Exception):
        return Outcome.CANCELLED
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT
    return Outcome.UPSTREAM_ERROR if isinstance(error, ConnectionError) else Outcome.ERROR


def retry_after_of(error: BaseException) -> float | None:
    """Seconds that the peer asked to wait before another attempt; ``None`` where it did not say."""
    value = getattr(error, "retry_after", None)
    return float(value) if isinstance(value, (int, float)) and value >= 0 else None


def is_repeatable(error: BaseException) -> bool:
    """Whether a second attempt may help: the fault lies upstream.

    An ``OSError`` without an outcome of its own counts as upstream: it is how most clients report
    a peer that they cannot reach. Not so one about a file or a permission (``FileExistsError``,
    ``FileNotFoundError``, ``IsADirectoryError``, ``NotADirectoryError``, ``PermissionError``):
    that fault is local, and no repetition mends it.
    """
    outcome = outcome_of(error)
    if outcome is not Outcome.ERROR:
        return outcome in _REPEATED
    return isinstance(error, OSError) and not isinstance(error, _LOCAL)


def error_matcher(match: ErrorMatch) -> Callable[[BaseException], bool]:
    """A predicate for exceptions of these types, with these outcomes, or that satisfy ``match``."""
    if isinstance(match, frozenset):
        return lambda error: outcome_of(error) in match
    if isinstance(match, (type, tuple)):
        return lambda error: isinstance(error, match)
    return match
