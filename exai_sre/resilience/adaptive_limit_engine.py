"""The adaptive limit without I/O: who runs, what their latencies were, and when to find a new limit."""

from __future__ import annotations

import threading

from exai_sre.resilience.limit_window import LimitAlgorithm, LimitWindow

__all__ = ["AdaptiveLimitEngine"]

_LONGEST = float("inf")
_SHORTEST = 1e-9


class AdaptiveLimitEngine:
    """Counts running calls against a limit and gathers how they ended. Thread-safe.

    The lock is held for a few additions, and once per window for the algorithm.

    Args:
        algorithm: finds the next limit.
        initial: the limit at first.
        minimum, maximum: bounds of the limit.
        window: least seconds between two limits; never less than a call takes.
        samples: least calls between two limits.

    Attributes:
        limit: calls that may run at once.
        running: calls that run now.
        latency: mean seconds of the last window; 0.0 before it.
        minimum_latency: least seconds of a call in the last window; 0.0 before it.
        pressed: whether calls were turned away in this window; who sheds calls before they come
            here sets it too.
    """

    __slots__ = (
        "_algorithm",
        "_answered",
        "_began",
        "_ends",
        "_estimate",
        "_first",
        "_least",
        "_lock",
        "_lost",
        "_maximum",
        "_minimum",
        "_samples",
        "_total",
        "_window",
        "latency",
        "limit",
        "minimum_latency",
        "pressed",
        "running",
    )

    def __init__(
        self, algorithm: LimitAlgorithm, *, initial: int, minimum: int, maximum: int, window: float, samples: int
    ) -> None:
        self._algorithm = algorithm
        self._estimate = float(initial)
        self._minimum = minimum
        self._maximum = maximum
        self._window = window
        self._samples = samples
        self._lock = threading.Lock()
        self._began = -_LONGEST
        self._ends = -_LONGEST
        self._first = _LONGEST
        self.limit = initial
        self.running = 0
        self.latency = 0.0
        self.minimum_latency = 0.0
        self._clear()

    def _clear(self) -> None:
        self._total = 0.0
        self._answered = 0
        self._lost = 0
        self._least = _LONGEST
        self.pressed = False

    @property
    def baseline(self) -> float | None:
        """Seconds that a call takes without a queue, as far as the algorithm knows."""
        return self._algorithm.baseline

    def enter(self) -> bool:
        """Let a call run if the limit allows for it."""
        with self._lock:
            running = self.running + 1
            if running > self.limit:
                self.pressed = True
                return False
            self.running = running
            return True

    def leave(self) -> None:
        """End a call that says nothing about the load."""
        with self._lock:
            self.running -= 1

    def answered(self, began: float, now: float, *, leaves: bool = True) -> None:
        """End a call that was answered.

        Args:
            began: monotonic seconds at which it was let in.
            now: monotonic seconds.
            leaves: whether the call ends; a stream goes on after its first item.
        """
        latency = now - began
        with self._lock:
            self.running -= leaves
            self._total += latency
            self._answered += 1
            if latency < self._least:
                self._least = latency
            if began < self._first:
                self._first = began
            if now >= self._ends:
                self._close(now)

    def lost(self, now: float) -> None:
        """End a call that ended in a timeout or an overload."""
        with self._lock:
            self.running -= 1
            self._lost += 1
            if now >= self._ends:
                self._close(now)

    def _close(self, now: float) -> None:
        ended = self._answered + self._lost
        if ended < self._samples:
            return
        if self._answered:
            self.latency = self._total / self._answered
            self.minimum_latency = self._least
        window = LimitWindow(
            age=now - self._first,
            latency=self.latency if self._answered else None,
            # Little's law; streams run on after the latency that they report
            running=max(self.running, self._total / max(now - self._began, _SHORTEST)),
            lost=self._lost / ended,
            pressed=self.pressed,
            at_minimum=self.limit <= self._minimum,
        )
        estimate = self._algorithm.update(self._estimate, window)
        self._estimate = min(float(self._maximum), max(float(self._minimum), estimate))
        self.limit = int(self._estimate)
        self._clear()
        self._began = now
        self._ends = now + max(self._window, self.latency)
