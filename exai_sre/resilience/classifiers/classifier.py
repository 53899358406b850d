"""Classifier: one judgement on foreign errors, for breaker, retry and whatever counts outcomes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

from exai_sre.clock import Clock, SystemClock
from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker_options import FAILURES
from exai_sre.resilience.classifiers.grpc_status import read_grpc_error
from exai_sre.resilience.classifiers.http_clients import read_http_client_error, read_http_status
from exai_sre.resilience.classifiers.llm_vendors import GLM, KIMI, OPENAI, VendorReader
from exai_sre.resilience.classifiers.mcp_errors import read_mcp_error
from exai_sre.resilience.classifiers.verdict import Verdict
from exai_sre.resilience.errors import OptionError

__all__ = ["CLASSIFIERS", "Classifier", "Reader", "classifier"]

Reader: TypeAlias = Callable[[BaseException, float], Verdict | None]
"""Judges an error at a moment (seconds since the Unix epoch); ``None`` for one that it does not know."""

CLASSIFIERS: Final[dict[str, tuple[Reader, ...]]] = {
    "glm": (VendorReader(GLM), read_http_client_error),
    "grpc": (read_grpc_error,),
    "http": (read_http_client_error, read_http_status),
    "kimi": (VendorReader(KIMI), read_http_client_error),
    "mcp": (read_mcp_error, read_http_client_error),
    "openai": (VendorReader(OPENAI), read_http_client_error),
}
"""Readers by the name under which configuration finds them."""


class Classifier:
    """Judges errors of clients that know nothing of outcomes.

    It is a callable from an error to its outcome. :attr:`fails` and :attr:`repeats` are predicates
    for ``CircuitBreaker(failure_on=...)`` and ``Retry(on=...)``; in a pipeline,
    :class:`~exai_sre.resilience.classifiers.Classify` judges once for all strategies.

    Args:
        readers: asked in turn; the first that knows the error decides.
        clock: tells the time of day, for dates in ``Retry-After``.
    """

    __slots__ = ("_clock", "_readers")

    def __init__(self, *readers: Reader, clock: Clock | None = None) -> None:
        self._readers = readers
        self._clock = clock or SystemClock()

    def verdict(self, error: BaseException) -> Verdict | None:
        """What ``error`` means; ``None`` where no reader knows it.

        An ``outcome`` of its own decides. What is no ``Exception`` (cancellation, an interrupt) is
        judged by nobody.
        """
        own = getattr(error, "outcome", None)
        if isinstance(own, Outcome):
            retryable = getattr(error, "retryable", own in (Outcome.UPSTREAM_ERROR, Outcome.TIMEOUT))
            return Verdict(own, bool(retryable), getattr(error, "sent", None), getattr(error, "retry_after", None))
        if not isinstance(error, Exception):
            return None
        now = self._clock.time()
        return next((found for read in self._readers if (found := read(error, now)) is not None), None)

    def __call__(self, error: BaseException) -> Outcome | None:
        """How the operation that raised ``error`` ended; ``None`` where no reader knows it."""
        verdict = self.verdict(error)
        return None if verdict is None else verdict.outcome

    def fails(self, error: BaseException) -> bool:
        """Whether a breaker counts ``error`` as a failure; one that no reader knows counts."""
        outcome = self(error)
        return outcome is None or outcome in FAILURES

    def repeats(self, error: BaseException) -> bool:
        """Whether another attempt may help; not where no reader knows the error."""
        verdict = self.verdict(error)
        return verdict is not None and verdict.retryable

    def mark(self, error: BaseException) -> None:
        """Write the verdict onto ``error``, where every strategy looks for it.

        ``outcome``, ``retryable``, ``sent`` and ``retry_after`` are set where the error has none.
        """
        verdict = self.verdict(error)
        if verdict is None:
            return
        for name in ("outcome", "retryable", "sent", "retry_after"):
            if getattr(error, name, None) is None:
                # an error that takes no attributes keeps its own meaning
                with suppress(AttributeError, TypeError):
                    setattr(error, name, getattr(verdict, name))


def classifier(*names: str, clock: Clock | None = None) -> Classifier:
    """A classifier of these kinds of error, asked in turn.

    Args:
        names: names from :data:`CLASSIFIERS`: ``glm``, ``grpc``, ``http``, ``kimi``, ``mcp``, ``openai``.
        clock: tells the time of day, for dates in ``Retry-After``.

    Raises:
        OptionError: there is no classifier of that name.
    """
    for name in names:
        if name not in CLASSIFIERS:
            raise OptionError("classifier", name, f"there are {', '.join(CLASSIFIERS)}")
    return Classifier(*(reader for name in names for reader in CLASSIFIERS[name]), clock=clock)
