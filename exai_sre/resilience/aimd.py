"""AIMD: a limit that grows by one and falls by a share, as TCP's window does."""

from __future__ import annotations

from dataclasses import dataclass

from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.limit_window import LimitAlgorithm, LimitWindow

__all__ = ["Aimd", "AimdEngine"]


@dataclass(frozen=True, slots=True)
class Aimd:
    """Options of the algorithm AIMD (additive increase, multiplicative decrease).

    Defaults as in Netflix concurrency-limits (78a74b9), which counts per call where this counts
    per window: a burst of losses is one sign of overload and not many.

    Attributes:
        backoff: factor by which the limit falls after a window with losses, 0.5 to below 1.
        timeout: seconds of mean latency that count as a loss.
    """

    backoff: float = 0.9
    timeout: float = 5.0

    def __post_init__(self) -> None:
        if not 0.5 <= self.backoff < 1:
            raise OptionError("backoff", self.backoff, "is a ratio from 0.5 to below 1")
        if not self.timeout > 0:
            raise OptionError("timeout", self.timeout, "a time limit is positive")

    def engine(self) -> LimitAlgorithm:
        """The algorithm for one limit."""
        return AimdEngine(self)


class AimdEngine:
    """Additive increase while at least half of the limit is used, multiplicative decrease after losses.

    Args:
        options: see :class:`Aimd`.
    """

    __slots__ = ("_options",)

    def __init__(self, options: Aimd) -> None:
        self._options = options

    @property
    def baseline(self) -> float | None:
        """See :class:`~exai_sre.resilience.limit_window.LimitAlgorithm`."""
        return None

    def update(self, limit: float, window: LimitWindow) -> float:
        """See :class:`~exai_sre.resilience.limit_window.LimitAlgorithm`."""
        if window.lost or (window.latency is not None and window.latency > self._options.timeout):
            return limit * self._options.backoff
        return limit + 1.0 if window.running >= limit / 2 else limit
