"""Rate limit over several processes: counted in Redis, by one script and one round trip per call."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias, get_args

from exai_sre.clock import Clock
from exai_sre.names import Event
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import OptionError, RateLimited
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.rate_limit import KeyOf, RateLimit, RateLimitOptions
from exai_sre.resilience.shared.rate_limit_script import RATE_LIMIT_SCRIPT
from exai_sre.resilience.strategy import Strategy
from exai_sre.resilience.unsupported import Unsupported

__all__ = ["RedisRateLimit", "RedisRateLimitOptions", "ScriptClient", "WhenGone"]

WhenGone: TypeAlias = Literal["local", "admit", "refuse"]
"""What becomes of calls while Redis does not answer."""

_MICROSECONDS: Final = 1e6

_ASYNC_ONLY: Final = Unsupported(
    frozenset({"sync", "items"}),
    "is a synchronous function, which would block its thread while Redis is asked",
    "make it a coroutine function, or use RateLimit",
)


class ScriptClient(Protocol):
    """What is needed of a client: ``redis.asyncio.Redis`` has it."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        """Run a script; await the answer."""
        ...


@dataclass(frozen=True, slots=True)
class RedisRateLimitOptions:
    """Options of a :class:`RedisRateLimit` besides the rate; times in seconds.

    Attributes:
        when_gone: while Redis does not answer, ``local`` lets each process hold the rate by
            itself, ``admit`` lets all calls pass, ``refuse`` lets none.
        processes: processes that share the limit; ``local`` gives each that part of rate and burst.
        answer_within: time after which Redis counts as gone, connecting included. With the delay
            of a busy event loop on top, no call waits more than 50 ms for it by default.
        pause: time for which Redis is not asked after that; then one call tries it again.
        prefix: prefix of the keys; the name of the limit follows, and the key of the call.
    """

    when_gone: WhenGone = "local"
    processes: int = 1
    answer_within: float = 0.03
    pause: float = 1.0
    prefix: str = "exai:rate_limit:"

    def __post_init__(self) -> None:
        if self.when_gone not in get_args(WhenGone):
            raise OptionError("when_gone", self.when_gone, f"is one of {', '.join(get_args(WhenGone))}")
        if self.processes < 1:
            raise OptionError("processes", self.processes, "at least this process shares the limit")
        for option in ("answer_within", "pause"):
            if not getattr(self, option) > 0:
                raise OptionError(option, getattr(self, option), "a time is more than 0 seconds")


class RedisRateLimit(Strategy):
    """A :class:`~exai_sre.resilience.rate_limit.RateLimit` that all processes share; asynchronous forms only.

    The decision is that of the same algorithm, taken by a script in Redis by the server's clock,
    in one round trip. An answer that takes too long or is an error means that Redis is gone: this
    call and the following ones are decided as ``when_gone`` says, without asking, until a single
    call finds it back. A call that Redis counted while its answer was lost stays counted.

    Args:
        client: a ``redis.asyncio.Redis``, or what runs scripts as it does; stays yours to close.
            It belongs to one event loop, and so does this strategy.
        rate, per, burst, wait: see :class:`~exai_sre.resilience.rate_limit.RateLimitOptions`.
        name: name in errors and in Redis: limits of one name share their count.
        key: counts each key for itself.
        when_gone, processes, answer_within, pause, prefix: see :class:`RedisRateLimitOptions`.
        clock: source of time and sleep; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: an option makes no sense.
    """

    kind: ClassVar[str] = "rate_limit"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.FELL_BACK, Decision.REJECTED)

    def __init__(
        self,
        client: ScriptClient,
        rate: float,
        per: float = 1.0,
        burst: int | None = None,
        *,
        name: str,
        wait: float = 0.0,
        key: KeyOf | None = None,
        when_gone: WhenGone = "local",
        processes: int = 1,
        answer_within: float = 0.03,
        pause: float = 1.0,
        prefix: str = "exai:rate_limit:",
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.limit = RateLimitOptions(rate, per, burst, wait)
        self.options = RedisRateLimitOptions(when_gone, processes, answer_within, pause, prefix)
        own_burst = max(1, self.limit.at_once // processes)
        self._local = RateLimit(rate / processes, per, own_burst, name=name, wait=wait, key=key, clock=clock)
        self._client = client
        self._key = key
        self._gone = False
        self._ask_at = -math.inf
        super().__init__(clock)

    def use_clock(self, clock: Clock) -> None:
        """See :meth:`Strategy.use_clock`; the limit of this process alone goes by the same clock."""
        super().use_clock(clock)
        self._local.use_clock(clock)

    @property
    def gone(self) -> bool:
        """Whether Redis did not answer when it was last asked."""
        return self._gone

    async def _turn(self, args: Arguments, kwargs: Keywords, counts: Counts) -> None:
        """Wait until the call may begin, or raise :class:`RateLimited`."""
        now = self._now()
        patience = self.limit.patience(now)
        answered = await self._ask(args, kwargs, patience) if now >= self._ask_at else None
        if answered is None:
            counts[Decision.FELL_BACK]()
            answered = self._fall_back(args, kwargs, counts)
        elif answered > patience:
            counts[Decision.REJECTED]()
            raise RateLimited(self.name, answered)
        if answered:
            await self._clock.sleep(answered)

    def _fall_back(self, args: Arguments, kwargs: Keywords, counts: Counts) -> float:
        if self.options.when_gone == "local":
            return self._local.turn(args, kwargs, counts)
        if self.options.when_gone == "admit":
            return 0.0
        counts[Decision.REJECTED]()
        raise RateLimited(self.name, max(0.0, self._ask_at - self._now()))

    async def _ask(self, args: Arguments, kwargs: Keywords, patience: float) -> float | None:
        """Seconds to wait, as Redis has it; ``None`` if it does not answer."""
        trying = self._gone
        if trying:
            # this call tries it; the others go on without until that has worked
            self._ask_at = self._now() + self.options.pause
        limit = self.limit
        name = self.name if self._key is None else f"{self.name}:{self._key(args, kwargs)}"
        times = (limit.interval, limit.interval * (limit.at_once - 1), patience, limit.wait)
        arguments = [repr(seconds * _MICROSECONDS) for seconds in times]
        asking = asyncio.ensure_future(self._client.eval(RATE_LIMIT_SCRIPT, 1, self.options.prefix + name, *arguments))
        try:
            answer = await self._in_time(asking, trying=trying)
        except Exception as error:
            self._lose(error)
            return None
        self._find()
        return float(answer[0]) / _MICROSECONDS

    async def _in_time(self, asking: asyncio.Future[Any], *, trying: bool) -> Any:
        """The answer of Redis, or what went wrong.

        The wait ends in time even if the client takes long to notice that it was cancelled. A try goes on behind
        it until the next one is due: where connecting takes longer than calls wait, none would ever succeed.
        """
        try:
            await asyncio.wait({asking}, timeout=self.options.answer_within)
            if asking.done():
                return asking.result()
            raise TimeoutError(f"no answer within {self.options.answer_within:g} s")
        finally:
            if not asking.done():
                asking.add_done_callback(self._tried if trying else _forget)
                if trying:
                    asyncio.get_running_loop().call_later(self.options.pause, asking.cancel)
                else:
                    asking.cancel()

    def _tried(self, asking: asyncio.Future[Any]) -> None:
        """A try has ended behind the call that began it."""
        if not asking.cancelled() and asking.exception() is None:
            self._find()

    def _find(self) -> None:
        self._gone, self._ask_at = False, -math.inf

    def _lose(self, error: Exception) -> None:
        self._ask_at = self._now() + self.options.pause
        if not self._gone:
            self._gone = True
            logging.getLogger(__name__).warning(Event.SHARED_STATE_LOST, exc_info=error)

    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Guard every call of ``fn``, a coroutine or async generator function.

        Raises:
            UnsupportedForm: ``fn`` is synchronous.
        """
        _ASYNC_ONLY.check(fn)
        return super().__call__(fn)

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:  # noqa: ARG002 - there is nothing to guard
        return _ASYNC_ONLY.sync

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:  # noqa: ARG002 - there is nothing to guard
        return _ASYNC_ONLY.items

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            await self._turn(args, kwargs, counts)
            return await inner(fn, args, kwargs)

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            await self._turn(args, kwargs, counts)
            async with aclosing(inner(fn, args, kwargs)) as items:
                async for item in items:
                    yield item

        return step


def _forget(asking: asyncio.Future[Any]) -> None:
    """Take note of how a question ended that nobody waits for any more, so that asyncio need not complain."""
    if not asking.cancelled():
        asking.exception()
