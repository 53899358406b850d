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

    Taking and giving back a slot while nobody waits takes no lock: free slots are the items of a
    list, whose ``pop`` and ``append`` are atomic. Whoever gives one back looks at the queue after
    that, and whoever queues looks at the slots after that, so that one of the two sees the other.

    Args:
        limit: slots.
        queue: callers that may wait.

    Attributes:
        free: one item per free slot.
        line: the tickets of those that wait, first come first; newcomers go behind them.
    """

    __slots__ = ("_limit", "_lock", "_queue", "free", "line")

    def __init__(self, limit: int, queue: int) -> None:
        self._limit = limit
        self._queue = queue
        self._lock = threading.Lock()
        self.free: list[None] = [None] * limit
        self.line: deque[Ticket] = deque()

    @property
    def running(self) -> int:
        """Slots that are taken."""
        return self._limit - len(self.free)

    @property
    def waiting(self) -> int:
        """Callers in the queue."""
        return len(self.line)

    def admit(self) -> bool:
        """Take a slot if one is free and nobody waits."""
        return not self.line and self._take()

    def _take(self) -> bool:
        try:
            self.free.pop()
        except IndexError:
            return False
        return True

    def enqueue(self, wake: Callable[[], object]) -> Ticket | None:
        """Take a slot after all, or a place in the queue; ``None`` if there is neither."""
        ticket = Ticket(wake)
        with self._lock:
            if self.admit():
                ticket.granted = True
                return ticket
            if len(self.line) >= self._queue:
                return None
            self.line.append(ticket)
        self.hand_over()
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Give up a place in the queue, or the slot that was handed over meanwhile."""
        with self._lock:
            if not ticket.granted:
                self.line.remove(ticket)
                return
        self.release()

    def release(self) -> None:
        """Give a slot back: to the first in the queue, if there is one."""
        self.free.append(None)
        if self.line:
            self.hand_over()

    def hand_over(self) -> None:
        """Give free slots to those that wait."""
        woken = []
        with self._lock:
            while self.line and self._take():
                ticket = self.line.popleft()
                ticket.granted = True
                woken.append(ticket)
        for ticket in woken:
            ticket.wake()
