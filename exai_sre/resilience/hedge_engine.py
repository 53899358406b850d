"""When to hedge, without I/O: a fixed delay, or a quantile of the latencies seen of late."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.errors import OptionError

__all__ = ["HedgeEngine", "HedgeOptions", "Idempotent"]

Idempotent = bool | Callable[..., bool]
"""Whether a call may be made twice: for all calls, or asked with the arguments of each."""

_REMEMBERED = 256
_ENOUGH = 20


@dataclass(frozen=True, slots=True)
class HedgeOptions:
    """Options of a :class:`~exai_sre.resilience.hedge.Hedge`.

    Attributes:
        after: seconds without an answer after which another attempt is begun.
        idempotent: that making the call twice does no harm: ``True``, or a predicate of the
            arguments of a call. There is no default, because nobody but the caller knows.
        quantile: share of calls (above 0, below 1) that should end without a hedge; the delay is
            then this quantile of the latencies of the last 256 calls, and ``after`` only until 20
            of them are known. ``None`` for always ``after``.
        extra: most attempts beside the first.
        budget: bounds the extra load; by default one of its own with 10 % of the calls.
    """

    after: float
    idempotent: Idempotent
    quantile: float | None = None
    extra: int = 1
    budget: RetryBudget | None = None

    def __post_init__(self) -> None:
        if not self.after > 0:
            raise OptionError("after", self.after, "a time is more than 0 seconds")
        if not self.idempotent:
            raise OptionError("idempotent", self.idempotent, "only calls that may be made twice can be hedged")
        if self.quantile is not None and not 0 < self.quantile < 1:
            raise OptionError("quantile", self.quantile, "a quantile lies above 0 and below 1")
        if self.extra < 1:
            raise OptionError("extra", self.extra, "at least one more attempt must be allowed")


class HedgeEngine:
    """Says how long to wait for an answer before another attempt is begun. Thread-safe.

    Args:
        options: the delay, or the quantile of latencies that stands for it.
    """

    __slots__ = ("_lock", "_options", "_recent", "_sorted")

    def __init__(self, options: HedgeOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []

    @property
    def delay(self) -> float:
        """Seconds to wait before the next attempt is begun."""
        quantile = self._options.quantile
        if quantile is None:
            return self._options.after
        with self._lock:
            if len(self._sorted) < _ENOUGH:
                return self._options.after
            return self._sorted[math.ceil(quantile * len(self._sorted)) - 1]

    def record(self, seconds: float) -> None:
        """Remember how long a first attempt took, or how long it had taken when another won.

        Both are needed: leaving out the attempts that lost would leave out the slowest ones, and
        the delay would sink with every hedge.
        """
        if self._options.quantile is None:
            return
        with self._lock:
            if len(self._recent) == _REMEMBERED:
                del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
            self._recent.append(seconds)
            insort(self._sorted, seconds)
