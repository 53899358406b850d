"""Cache with single flight: calls with the same arguments share one result, and one attempt to get it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, ClassVar, Final, ParamSpec, TypeVar

from exai_sre.clock import Clock
from exai_sre.context.deadline import remaining
from exai_sre.resilience.cache_engine import CacheEngine, CacheOptions, Entry
from exai_sre.resilience.cache_flight import TaskFlights, ThreadFlight
from exai_sre.resilience.classify import ErrorMatch
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import DeadlineExceeded, UnsupportedForm
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.strategy import Strategy
from exai_sre.resilience.unavailable import is_unavailable
from exai_sre.resilience.unsupported import Unsupported

__all__ = ["Cache"]

P = ParamSpec("P")
R = TypeVar("R")

_UNSUPPORTED: Final = Unsupported(
    frozenset({"items", "stream"}),
    "is a generator function, whose items are given out once",
    remedy="collect the items in a plain or coroutine function, and cache that",
)


class Cache(Strategy):
    """Answers a call with the result of an earlier one with the same arguments, or of one that runs now.

    Callers that ask for the same while it is being fetched wait for that one fetch, and get its
    result or its error; cancelling one of them leaves the others alone, cancelling the last ends
    the fetch. Threads share flights with threads, tasks with tasks of their loop; results are shared by
    all. A result is handed out as the same object each time. A function that is made anew for
    each call, such as a lambda, is never found again: pass arguments instead.

    Args:
        ttl, max_entries, key, keep, negative, negative_ttl, stale_if_error, stale_on: see
            :class:`~exai_sre.resilience.cache_engine.CacheOptions`.
        clock: source of time; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: an option makes no sense.
    """

    kind: ClassVar[str] = "cache"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.CACHED, Decision.COALESCED, Decision.FELL_BACK)

    def __init__(
        self,
        ttl: float,
        *,
        max_entries: int = 1024,
        key: Callable[..., Hashable] | None = None,
        keep: Callable[[Any], bool] | None = None,
        negative: ErrorMatch = (),
        negative_ttl: float | None = None,
        stale_if_error: float = 0.0,
        stale_on: ErrorMatch = is_unavailable,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        chosen: dict[str, Any] = {} if keep is None else {"keep": keep}
        self.options = CacheOptions(
            ttl,
            max_entries,
            key,
            negative=negative,
            negative_ttl=negative_ttl,
            stale_if_error=stale_if_error,
            stale_on=stale_on,
            **chosen,
        )
        self._engine = CacheEngine(self.options)
        self._lock = threading.Lock()
        self._threads: dict[Hashable, ThreadFlight] = {}
        self._tasks = TaskFlights()

    def __len__(self) -> int:
        """Results held, fresh and stale."""
        return len(self._engine)

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """Cache every call of ``fn``, a plain or coroutine function.

        Raises:
            UnsupportedForm: ``fn`` is a generator function: its items are given out once.
        """
        _UNSUPPORTED.check(fn)
        return super().__call__(fn)

    def clear(self) -> None:
        """Forget everything; what is being fetched now is handed to those that wait, but not kept."""
        self._engine.clear()

    def forget(self, fn: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Forget the result of one call of ``fn``, the function itself and not the guarded one."""
        self._engine.drop(self._key_of(fn, args, kwargs))

    def _key_of(self, fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Hashable:
        make = self.options.key
        key = (fn, make(*args, **kwargs)) if make else (fn, args, frozenset(kwargs.items()) if kwargs else None)
        try:
            hash(key)
        except TypeError as error:
            raise UnsupportedForm(
                f"the arguments of {getattr(fn, '__qualname__', fn)!s} cannot tell calls apart: {error}",
                remedy="give the cache a key that makes something hashable of them",
            ) from None
        return key

    def _instead(self, error: Exception, key: Hashable, generation: int, counts: Counts) -> Any:
        """The stale result that stands for ``error``, or ``error`` raised."""
        entry = self._engine.instead_of(error, key, self._now(), generation)
        if entry is None:
            raise error
        counts[Decision.FELL_BACK]()
        return entry.give()

    def _concerns(self, error: BaseException | None, deadline: float | None) -> bool:
        """Whether the end of a flight is one for this caller too: not if only the flight's own deadline passed."""
        now = self._now()
        late = isinstance(error, DeadlineExceeded) and deadline is not None and now >= deadline
        return not late or remaining(now) == 0

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            key = self._key_of(fn, args, kwargs)
            while True:
                found, leads = self._board(key)
                if isinstance(found, Entry):
                    counts[Decision.CACHED]()
                    return found.give()
                if leads:
                    return self._fly(found, key, lambda: inner(fn, args, kwargs), counts)
                if found.owner == threading.get_ident():
                    # the function calls itself: waiting for itself would never end
                    return inner(fn, args, kwargs)
                if self._share(found):
                    counts[Decision.COALESCED]()
                    return found.result()

        return step

    def _board(self, key: Hashable) -> tuple[Entry | ThreadFlight, bool]:
        """An entry, or a flight and whether this thread is to fly it."""
        with self._lock:
            entry = self._engine.find(key, self._now())
            if entry is not None:
                return entry, False
            flight = self._threads.get(key)
            if flight is not None:
                return flight, False
            self._threads[key] = flight = ThreadFlight()
            return flight, True

    def _fly(self, flight: ThreadFlight, key: Hashable, call: Callable[[], Any], counts: Counts) -> Any:
        generation = self._engine.generation
        try:
            try:
                value = call()
            except Exception as error:
                value = self._instead(error, key, generation, counts)
            else:
                self._engine.keep(key, value, self._now(), generation)
        except BaseException as error:
            flight.crash(error)
            raise
        finally:
            with self._lock:
                del self._threads[key]
        flight.land(value)
        return value

    def _share(self, flight: ThreadFlight) -> bool:
        """Wait for the flight of another thread; whether its end is one for this caller too."""
        left = remaining(self._now())
        if not flight.wait(left):
            raise DeadlineExceeded(left or 0.0)
        return not flight.interrupted and self._concerns(flight.error, flight.deadline)

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def fetch(key: Hashable, fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            generation = self._engine.generation
            try:
                value = await inner(fn, args, kwargs)
            except Exception as error:
                return self._instead(error, key, generation, counts)
            self._engine.keep(key, value, self._now(), generation)
            return value

        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            key = self._key_of(fn, args, kwargs)
            while True:
                entry = self._engine.find(key, self._now())
                if entry is not None:
                    counts[Decision.CACHED]()
                    return entry.give()
                shared = self._tasks.find(key)
                flight = shared or self._tasks.begin(key, fetch(key, fn, args, kwargs))
                error = await flight.end()
                if shared is None:
                    return flight.result()
                if self._concerns(error, flight.deadline):
                    counts[Decision.COALESCED]()
                    return flight.result()

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:  # noqa: ARG002 - has no such form
        return _UNSUPPORTED.items

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:  # noqa: ARG002 - has no such form
        return _UNSUPPORTED.stream
