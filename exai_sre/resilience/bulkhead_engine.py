"""The bulkhead without I/O: slots, and a queue of callers that wait for one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

__all__ = ["BulkheadEngine", "Ticket"]


class Ticket:
    """A place in the queue.

    Attributes:
        wake: called once, without the lock, when a slot has been handed over.
        granted: whether the holder has a slot now.
    """

    __slots__ = ("granted", "wake")

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        self.granted = False


class BulkheadEngine:
    """Counts slots and hands freed ones to the waiting in order of arrival. Thread-safe.

    Args:
        limit: slots.
        queue: callers that may wait.
    """

    __slots__ = ("_limit", "_lock", "_queue", "_waiting", "running")

    def __init__(self, limit: int, queue: int) -> None:
        self._limit = limit
        self._queue = queue
        self._lock = threading.Lock()
        self._waiting: deque[Ticket] = deque()
        self.running = 0

    @property
    def waiting(self) -> int:
        """Callers in the queue."""
        return len(self._waiting)

    def admit(self) -> bool:
        """Take a slot if one is free."""
        with self._lock:
            if self.running < self._limit:
                self.running += 1
                return True
            return False

    def enqueue(self, wake: Callable[[], object]) -> Ticket | None:
        """Take a slot after all, or a place in the queue; ``None`` if there is neither."""
        ticket = Ticket(wake)
        with self._lock:
            if self.running < self._limit:
                self.running += 1
                ticket.granted = True
            elif len(self._waiting) < self._queue:
                self._waiting.append(ticket)
            else:
                return None
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Give up a place in the queue, or the slot that was handed over meanwhile."""
        with self._lock:
            if not ticket.granted:
                self._waiting.remove(ticket)
                return
        self.release()

    def release(self) -> None:
        """Give a slot back: to the first in the queue, if there is one."""
        with self._lock:
            if not self._waiting:
                self.running -= 1
                return
            ticket = self._waiting.popleft()
            ticket.granted = True
        ticket.wake()
