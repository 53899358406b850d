"""Retry budget: retries may add a bounded share to the load, so that they cannot drown a dependency."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from exai_sre.clock import Clock, SystemClock
from exai_sre.resilience.errors import OptionError

__all__ = ["RetryBudget", "RetryBudgetOptions"]


@dataclass(frozen=True, slots=True)
class RetryBudgetOptions:
    """Options of a :class:`RetryBudget`.

    Attributes:
        share: retries that each call earns, such as 0.1 for one retry per ten calls.
        per_second: retries that each second earns, so that a quiet service can retry too.
        reserve: retries in hand at the start.
        cap: most retries that can be saved up.
    """

    share: float = 0.1
    per_second: float = 1.0
    reserve: float = 10.0
    cap: float = 100.0

    def __post_init__(self) -> None:
        for option in ("share", "per_second", "reserve"):
            value = getattr(self, option)
            if not value >= 0:
                raise OptionError(option, value, "a number of retries is not negative")
        if not self.cap >= max(1.0, self.reserve):
            raise OptionError("cap", self.cap, "is at least 1 and at least the reserve")


class RetryBudget:
    """A token bucket that calls fill and retries empty; one may serve many retries. Thread-safe.

    Against a dependency that is down, ``share`` bounds the added load whatever the number of
    attempts: 1000 calls make at most ``1000 * share + reserve`` retries, and ``per_second`` more
    for each second they take.

    Crediting a call takes no lock; the calls are added up when a retry asks.

    Args:
        share, per_second, reserve, cap: see :class:`RetryBudgetOptions`.
        clock: source of monotonic time.

    Attributes:
        earn: credits one call.

    Raises:
        OptionError: an option makes no sense.
    """

    __slots__ = ("_clock", "_folded", "_lock", "_looks", "_since", "_tokens", "earn", "options")

    def __init__(
        self,
        share: float = 0.1,
        *,
        per_second: float = 1.0,
        reserve: float = 10.0,
        cap: float = 100.0,
        clock: Clock | None = None,
    ) -> None:
        self.options = RetryBudgetOptions(share, per_second, reserve, cap)
        self._clock: Clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._tokens = reserve
        self._since = self._clock.monotonic()
        self.earn: Callable[[], int] = count().__next__
        self._folded = 0
        self._looks = 0

    @property
    def balance(self) -> float:
        """Retries that could be made now."""
        with self._lock:
            self._accrue()
            return self._tokens

    def spend(self) -> bool:
        """Take one retry out of the budget; ``False`` if there is none."""
        with self._lock:
            self._accrue()
            if self._tokens < 1.0:
                return False
            self._tokens -= 1.0
            return True

    def _accrue(self) -> None:
        """Add what calls and time have earned since the last look; a look at the count counts one itself."""
        now = self._clock.monotonic()
        counted = self.earn() - self._looks
        self._looks += 1
        earned = (counted - self._folded) * self.options.share + (now - self._since) * self.options.per_second
        self._tokens = min(self.options.cap, self._tokens + earned)
        self._folded = counted
        self._since = now
