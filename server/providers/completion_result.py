"""How a completion ended: the answer with its history, or the failures of all that were asked."""

from __future__ import annotations

from dataclasses import dataclass

from exai_sre.errors import ExaiSreError
from exai_sre.resilience import outcome_of
from server.providers.base import ChatResult, UpstreamError

__all__ = ["CompletionFailed", "CompletionResult", "error_text", "error_type_of"]


class CompletionFailed(ExaiSreError):
    """No upstream answered.

    Attributes:
        outcome: outcome of the last upstream asked.
        error_type: kind of its error, with few values.
        retry_after: seconds after which a repetition may succeed; ``None`` where unknown.
        failures: per upstream asked its name and its error, in order.
    """

    def __init__(self, failures: tuple[tuple[str, Exception], ...]) -> None:
        last = failures[-1][1]
        self.failures = failures
        self.outcome = outcome_of(last)
        self.error_type = error_type_of(last)
        waits = [wait for _, error in failures if (wait := getattr(error, "retry_after", None)) is not None]
        self.retry_after: float | None = min(waits) if waits else None
        texts = "; ".join(error_text(provider, error) for provider, error in failures)
        remedy = f"try again in {self.retry_after:.0f} s" if self.retry_after is not None else ""
        super().__init__(texts, remedy=remedy)


@dataclass(frozen=True, slots=True)
class CompletionResult:
    """An answer and how it came about.

    Attributes:
        answer: what the upstream said.
        provider: who answered.
        model: id of the model that answered.
        requested: the model's name as the caller wrote it.
        attempts: attempts at all upstreams together.
        fallback_from: the provider that should have answered; ``None`` when it did.
        dropped: parameters left out because the model does not take them.
        adjusted: parameters lowered to the model's limits.
        notes: what the caller should know besides.
        cost: US dollars by the catalogue's prices.
        seconds: duration, retries and fallback included.
    """

    answer: ChatResult
    provider: str
    model: str
    requested: str
    attempts: int
    fallback_from: str | None
    dropped: tuple[str, ...]
    adjusted: tuple[str, ...]
    notes: tuple[str, ...]
    cost: float
    seconds: float


def error_type_of(error: BaseException) -> str:
    """Kind of an attempt's error, with few values."""
    return error.error_type if isinstance(error, UpstreamError) else type(error).__name__


def error_text(provider: str, error: BaseException) -> str:
    """One line that names ``provider`` and says what happened."""
    # The texts of our own errors are known to be free of secrets, others are not.
    text = str(error) if isinstance(error, ExaiSreError) else type(error).__name__
    return text if text.startswith(f"{provider}:") else f"{provider}: {text}"
