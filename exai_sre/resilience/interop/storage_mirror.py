"""Any pybreaker storage beside one of our breakers, off the path of its calls."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import pybreaker

from exai_sre.clock import Clock, SystemClock
from exai_sre.names import Event
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_options import BreakerState
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.interop.pybreaker_states import PYBREAKER_STATES, SHARED_STATES_OF
from exai_sre.resilience.shared.breaker_follower import BreakerFollower

__all__ = ["StorageMirror", "StorageMirrorOptions"]


@dataclass(frozen=True, slots=True)
class StorageMirrorOptions:
    """Options of a :class:`StorageMirror`.

    Attributes:
        every: seconds between two looks at what others wrote. Own changes are written at once.
    """

    every: float = 0.5

    def __post_init__(self) -> None:
        if not self.every > 0:
            raise OptionError("every", self.every, "a time is more than 0 seconds")


class StorageMirror:
    """Writes the transitions of a breaker to a ``pybreaker.CircuitBreakerStorage``, and follows those of others.

    Breakers of ours and of pybreaker's that share a storage (``CircuitRedisStorage`` with one
    namespace) thus open together within ``every`` seconds. A thread does all reading and writing:
    no call ever waits for the storage. While the storage raises, which is logged once, the
    breaker goes on alone. pybreaker's counters are left to pybreaker, but for the reset on closing.

    Use it as ``with StorageMirror(breaker, storage): ...``, or with :meth:`start` and :meth:`stop`.

    Args:
        breaker: the breaker.
        storage: the storage, made for this breaker alone: it is used from the thread.
        every: see :class:`StorageMirrorOptions`.
        clock: source of the wall-clock time that is written as ``opened_at``.

    Raises:
        OptionError: an option makes no sense.
    """

    def __init__(
        self,
        breaker: CircuitBreaker,
        storage: pybreaker.CircuitBreakerStorage,
        *,
        every: float = 0.5,
        clock: Clock | None = None,
    ) -> None:
        self.options = StorageMirrorOptions(every)
        self._storage = storage
        self._clock: Clock = clock or SystemClock()
        self._changed = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._seen = pybreaker.STATE_CLOSED
        self._reached = True
        self._follower = BreakerFollower(breaker, self._changed.set)

    @property
    def reached(self) -> bool:
        """Whether the storage could be used the last time. ``CircuitRedisStorage`` hides its own outages."""
        return self._reached

    def start(self) -> None:
        """Begin to write and read; no-op while that goes on."""
        if self._thread is None:
            self._stopped = False
            name = f"storage of breaker {self._follower.name}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def stop(self, patience: float = 1.0) -> None:
        """End it, after a last round; the breaker goes on alone. No-op where it has not begun.

        Args:
            patience: seconds to wait for that round; a storage that hangs is left to its thread.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopped = True
            self._changed.set()
            thread.join(patience)

    def __enter__(self) -> Self:
        """See :meth:`start`."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See :meth:`stop`."""
        self.stop()

    def exchange(self) -> None:
        """Write what has changed here, then read what has changed elsewhere."""
        news = self._follower.news()
        try:
            if news is not None:
                self._write(news)
            state = self._read()
        except Exception:
            if news is not None:
                self._follower.retry()
            if self._reached:
                self._reached = False
                logging.getLogger(__name__).warning(Event.SHARED_STATE_LOST, exc_info=True)
            return
        self._reached = True
        if state != self._seen:
            self._seen = state
            if state in SHARED_STATES_OF:
                self._follower.follow(SHARED_STATES_OF[state])

    def _run(self) -> None:
        while not self._stopped:
            self.exchange()
            self._changed.wait(self.options.every)
            self._changed.clear()
        self.exchange()

    def _read(self) -> str:
        """The state that others wrote; what was seen before, where the storage has lost it.

        ``CircuitRedisStorage`` says ``closed`` when its server or its data are gone. But a storage
        that was ever open knows since when, and one that has forgotten is not to be believed.
        """
        state = self._storage.state
        lost = state != self._seen and state == pybreaker.STATE_CLOSED and self._storage.opened_at is None
        return self._seen if lost else state

    def _write(self, state: BreakerState) -> None:
        storage = self._storage
        if state is BreakerState.OPEN:
            storage.opened_at = datetime.fromtimestamp(self._clock.time(), UTC)
        else:
            storage.reset_counter()
        storage.reset_success_counter()
        storage.state = self._seen = PYBREAKER_STATES[state]
