"""Rate limit: bounds how many calls begin per unit of time."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from exai_sre.clock import Clock
from exai_sre.context.deadline import remaining
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import OptionError, RateLimited
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.rate_limit_engine import GcraEngine, KeyedGcraEngine
from exai_sre.resilience.strategy import Strategy

__all__ = ["KeyOf", "RateLimit", "RateLimitOptions"]

KeyOf: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], str]
"""From the arguments of a call to the key whose rate it counts against."""


@dataclass(frozen=True, slots=True)
class RateLimitOptions:
    """Options of a rate limit.

    Attributes:
        rate: calls per ``per``, in the long run.
        per: seconds.
        burst: calls that may come at once after a quiet time; ``rate`` rounded down, but at least
            1, by default, as token buckets usually have it. Any ``per`` seconds hold at most
            ``rate + burst`` calls; a quota that is counted in fixed windows and must never be
            passed needs ``rate + burst`` within it.
        wait: seconds that a call may wait for its turn; by default it is refused at once.
        keys: keys with a bucket of their own, where there is a bucket per key. 10,000 take about
            2 MB.
    """

    rate: float
    per: float = 1.0
    burst: int | None = None
    wait: float = 0.0
    keys: int = 10_000

    def __post_init__(self) -> None:
        for option in ("rate", "per"):
            value = getattr(self, option)
            if not 0 < value < float("inf"):
                raise OptionError(option, value, "is a positive, finite number")
        if self.burst is not None and self.burst < 1:
            raise OptionError("burst", self.burst, "at least one call must be able to begin")
        if not 0 <= self.wait < float("inf"):
            raise OptionError("wait", self.wait, "is bounded and not negative")
        if self.keys < 1:
            raise OptionError("keys", self.keys, "at least one key must fit")

    @property
    def interval(self) -> float:
        """Seconds between the calls of a steady stream."""
        return self.per / self.rate

    @property
    def at_once(self) -> int:
        """Calls that may come at once: ``burst``, or its default."""
        return max(1, int(self.rate)) if self.burst is None else self.burst

    def patience(self, now: float) -> float:
        """Seconds that a call may wait now: never past the deadline of its context."""
        left = remaining(now)
        return self.wait if left is None else min(self.wait, left)


class RateLimit(Strategy):
    """Refuses calls above a rate, or makes them wait for a bounded time; exact, by GCRA.

    Threads and event loops share one limit. A call that would have to wait past the deadline of
    its context is refused at once, and so takes nothing from the others. Those that wait begin in
    the order in which they came; one that is cancelled while it waits stays counted. A stream
    counts once, when its iteration starts.

    The limit holds for this process; over several, use
    :class:`~exai_sre.resilience.shared.redis_rate_limit.RedisRateLimit`.

    Args:
        rate, per, burst, wait, keys: see :class:`RateLimitOptions`.
        name: name in errors.
        key: counts each key for itself; the number of keys is bounded, see ``keys``.
        sleep: blocks for that many seconds in the synchronous forms.
        clock: source of time and of the asynchronous sleep; that of the pipeline, or the
            system's, by default.

    Raises:
        OptionError: an option makes no sense.
    """

    kind: ClassVar[str] = "rate_limit"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.REJECTED,)

    def __init__(
        self,
        rate: float,
        per: float = 1.0,
        burst: int | None = None,
        *,
        name: str = "rate_limit",
        wait: float = 0.0,
        key: KeyOf | None = None,
        keys: int = 10_000,
        sleep: Callable[[float], object] = time.sleep,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.name = name
        self.options = RateLimitOptions(rate, per, burst, wait, keys)
        self._sleep = sleep
        self._key = key
        self._engine = GcraEngine(self.options.interval, self.options.at_once)
        self._keyed = KeyedGcraEngine(self.options.interval, self.options.at_once, keys)

    @property
    def available(self) -> int:
        """Calls that could begin at once now; without keys."""
        return self._engine.available(self._now())

    @property
    def keys(self) -> int:
        """Keys that have a bucket of their own now."""
        return len(self._keyed)

    def turn(self, args: Arguments, kwargs: Keywords, counts: Counts) -> float:
        """Count a call with these arguments.

        Returns:
            Seconds that it has to wait before it begins, at most ``wait``.

        Raises:
            RateLimited: the call is above the rate; ``counts`` knows of it.
        """
        now = self._now()
        patience = self.options.patience(now) if self.options.wait else 0.0
        if self._key is None:
            wait = self._engine.take(now, patience)
        else:
            wait = self._keyed.take(self._key(args, kwargs), now, patience)
        if wait > patience:
            counts[Decision.REJECTED]()
            raise RateLimited(self.name, wait)
        return wait

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            if wait := self.turn(args, kwargs, counts):
                self._sleep(wait)
            return inner(fn, args, kwargs)

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            if wait := self.turn(args, kwargs, counts):
                await self._clock.sleep(wait)
            return await inner(fn, args, kwargs)

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            if wait := self.turn(args, kwargs, counts):
                self._sleep(wait)
            return (yield from inner(fn, args, kwargs))

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            if wait := self.turn(args, kwargs, counts):
                await self._clock.sleep(wait)
            async with aclosing(inner(fn, args, kwargs)) as items:
                async for item in items:
                    yield item

        return step
