"""The last log lines, kept in memory for whoever shows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock

__all__ = ["LogTail"]


class LogTail:
    """Ring of the last redacted log lines, as JSON-ready dicts.

    Attributes:
        failures: subscribers' exceptions so far; none of them reaches the code that logs.
    """

    def __init__(self, size: int = 200) -> None:
        self.failures = 0
        self._lines: deque[dict[str, object]] = deque(maxlen=size)
        self._subscribers: tuple[Callable[[dict[str, object]], None], ...] = ()
        self._lock = Lock()

    def lines(self) -> list[dict[str, object]]:
        """The kept lines, oldest first."""
        with self._lock:
            return list(self._lines)

    def on_line(self, callback: Callable[[dict[str, object]], None]) -> Callable[[], None]:
        """Call ``callback`` with each new line, in the thread that logs; it must be quick.

        Returns:
            A function that ends the subscription; calling it again does nothing.
        """
        entry = _Subscription(callback)
        with self._lock:
            self._subscribers = (*self._subscribers, entry)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(other for other in self._subscribers if other is not entry)

        return unsubscribe

    def append(self, line: Mapping[str, object]) -> None:
        """Keep one line and hand it to the subscribers; never raises because of them."""
        kept = dict(line)
        with self._lock:
            self._lines.append(kept)
        for subscriber in self._subscribers:
            try:
                subscriber(kept)
            except Exception:  # whoever watches the log must not break what is logged
                self.failures += 1


class _Subscription:
    """Makes two subscriptions of one callback distinct."""

    __slots__ = ("_callback",)

    def __init__(self, callback: Callable[[dict[str, object]], None]) -> None:
        self._callback = callback

    def __call__(self, line: dict[str, object]) -> None:
        self._callback(line)
