"""Breaker states shared through Redis, off the path of the calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from exai_sre.extras import require
from exai_sre.names import Event
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_options import BreakerState
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.shared.breaker_follower import SHARED_STATES, BreakerFollower

__all__ = ["SharedBreakers", "SharedBreakersOptions"]

_KEPT_AT_LEAST: Final = 60.0

_PATIENCE: Final = 1.0


@dataclass(frozen=True, slots=True)
class SharedBreakersOptions:
    """Options of :class:`SharedBreakers`; times in seconds.

    Attributes:
        every: how often the states of the others are read. Own changes are written at once.
        timeout: how long Redis may take to connect or answer before a round is given up.
        prefix: prefix of the keys; the name of the breaker follows.
    """

    every: float = 0.5
    timeout: float = 0.25
    prefix: str = "exai:breaker:"

    def __post_init__(self) -> None:
        for option in ("every", "timeout"):
            if not getattr(self, option) > 0:
                raise OptionError(option, getattr(self, option), "a time is more than 0 seconds")


class SharedBreakers:
    """Keeps breakers of one name in step over processes: what opens in one opens in all.

    No call ever waits for Redis: a task of its own writes transitions and reads those of others.
    While Redis cannot be reached, which is logged once, each breaker goes on alone.

    In Redis, each breaker is a hash ``<prefix><name>`` with the fields ``state`` (``closed``
    or ``open``), ``by`` (who wrote it) and ``event`` (an id, new for each write);
    it expires after the open time of the breaker, or a minute if that is longer.

    Use it as ``async with SharedBreakers("redis://localhost", breaker): ...``.

    Args:
        redis: URL of the server, or a ``redis.asyncio.Redis`` client with short timeouts of its own.
        breakers: the breakers.
        every, timeout, prefix: see :class:`SharedBreakersOptions`.

    Raises:
        MissingExtraError: a URL was given and redis is not installed.
        OptionError: an option makes no sense.
    """

    def __init__(
        self,
        redis: Any,
        *breakers: CircuitBreaker,
        every: float = 0.5,
        timeout: float = 0.25,
        prefix: str = "exai:breaker:",
    ) -> None:
        self.options = SharedBreakersOptions(every, timeout, prefix)
        self._owns_client = isinstance(redis, str)
        self._redis = _client(redis, timeout) if isinstance(redis, str) else redis
        self._me = uuid4().hex
        self._seen: dict[str, str] = {}
        self._wake: Callable[[], object] = _nothing
        self._task: asyncio.Task[None]
        self._stopping = False
        self._reached = True
        self._followers = tuple(BreakerFollower(breaker, lambda: self._wake()) for breaker in breakers)

    @property
    def reached(self) -> bool:
        """Whether Redis could be reached the last time."""
        return self._reached

    async def __aenter__(self) -> Self:
        """Begin to write and read, in a task of its own."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        self._stopping = False
        self._wake = lambda: loop.call_soon_threadsafe(changed.set)
        self._task = loop.create_task(self._run(changed))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, after a last round that may take a second; the breakers go on alone."""
        self._stopping = True
        self._wake()
        self._wake = _nothing
        # asked first and cancelled late: under redis-py 5.1 a cancellation can get lost
        await asyncio.wait((self._task,), timeout=_PATIENCE)
        self._task.cancel()
        if self._owns_client:
            await self._redis.aclose()

    async def _run(self, changed: asyncio.Event) -> None:
        while not self._stopping:
            await self.exchange()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.options.every):
                    await changed.wait()
            changed.clear()
        await self.exchange()

    async def exchange(self) -> None:
        """Write what has changed here, read what has changed elsewhere; one round trip each."""
        news = [(follower, state) for follower in self._followers if (state := follower.news()) is not None]
        try:
            if news:
                await self._write(news)
            records = await self._read()
        except Exception:
            for follower, _ in news:
                follower.retry()
            if self._reached:
                self._reached = False
                logging.getLogger(__name__).warning(Event.SHARED_STATE_LOST, exc_info=True)
            return
        self._reached = True
        for follower, record in zip(self._followers, records, strict=True):
            self._follow(follower, record)

    async def _write(self, news: list[tuple[BreakerFollower, BreakerState]]) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            for follower, state in news:
                key = f"{self.options.prefix}{follower.name}"
                kept = max(_KEPT_AT_LEAST, follower.breaker.snapshot.retry_after)
                pipe.hset(key, mapping={"state": state.value, "by": self._me, "event": uuid4().hex})
                pipe.pexpire(key, int(kept * 1000))
            await pipe.execute()

    async def _read(self) -> list[Mapping[bytes | str, bytes | str]]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for follower in self._followers:
                pipe.hgetall(f"{self.options.prefix}{follower.name}")
            records: list[Mapping[bytes | str, bytes | str]] = await pipe.execute()
        return records

    def _follow(self, follower: BreakerFollower, raw: Mapping[bytes | str, bytes | str]) -> None:
        record = {_text(name): _text(value) for name, value in raw.items()}
        event = record.get("event", "")
        if not event or event == self._seen.get(follower.name):
            return
        self._seen[follower.name] = event
        if record.get("by") != self._me and record.get("state") in SHARED_STATES:
            follower.follow(BreakerState(record["state"]))


def _client(url: str, timeout: float) -> Any:
    asyncio_redis = require("redis.asyncio", package="redis", extra="redis")
    retry = require("redis.asyncio.retry", package="redis", extra="redis").Retry
    no_backoff = require("redis.backoff", package="redis", extra="redis").NoBackoff
    return asyncio_redis.Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry(no_backoff(), 0)
    )


def _nothing() -> None:
    """Wakes nobody: the task does not run."""


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
