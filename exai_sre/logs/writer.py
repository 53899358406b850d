"""The way out for log lines: a bounded queue and one thread, so that a slow reader blocks nobody."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from typing import TextIO

__all__ = ["LineWriter"]


class LineWriter:
    """Writes lines to a stream from its own thread; drops and counts what does not fit.

    Attributes:
        dropped: lines dropped so far.
    """

    def __init__(
        self, stream: TextIO, *, size: int = 10_000, on_drop: Callable[[str, int], None] | None = None
    ) -> None:
        """Start the thread.

        Args:
            stream: where the lines go; it is flushed after each batch and never closed.
            size: lines that may wait; further ones are dropped.
            on_drop: called with the reason (``queue_full`` or ``write_failed``) and the number of lines.
        """
        self.dropped = 0
        self._stream = stream
        self._size = size
        self._on_drop = on_drop
        self._closed = False
        self._start()
        atexit.register(self.close)
        _restart_after_fork(self)

    def _start(self) -> None:
        self._waiting: list[str] = []
        self._writing = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name="exai-log-writer", daemon=True)
        self._thread.start()

    def restart(self) -> None:
        """Start anew with an empty queue: in a forked child the thread is gone, and its lines are the parent's."""
        if not self._closed:
            self._start()

    def write(self, line: str) -> None:
        """Queue one line, without its line end; after :meth:`close` it is written at once."""
        with self._changed:
            full = len(self._waiting) >= self._size
            if not full and not self._closed:
                self._waiting.append(line)
                self._changed.notify_all()
                return
        if full:
            self._drop("queue_full", 1)
        else:
            self._emit([line])

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until every queued line is written, at most ``timeout`` seconds; whether that succeeded."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._writing, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what is queued and end the thread, waiting at most ``timeout`` seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout)
        atexit.unregister(self.close)

    def _run(self) -> None:
        changed = self._changed
        while True:
            with changed:
                changed.wait_for(lambda: self._waiting or self._closed)
                batch, self._waiting = self._waiting, []
                self._writing = bool(batch)
            if not batch:
                return
            self._emit(batch)
            with changed:
                self._writing = False
                changed.notify_all()

    def _emit(self, lines: list[str]) -> None:
        try:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()
        except Exception:  # a reader that went away must not take the service with it
            self._drop("write_failed", len(lines))

    def _drop(self, reason: str, lines: int) -> None:
        self.dropped += lines
        if self._on_drop is not None:
            with suppress(Exception):  # counting a loss must not cause another
                self._on_drop(reason, lines)


def _restart_after_fork(writer: LineWriter) -> None:
    """Have ``writer`` restarted in forked children, without keeping it alive."""
    reference = weakref.ref(writer)

    def restart() -> None:
        alive = reference()
        if alive is not None:
            alive.restart()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=restart)
