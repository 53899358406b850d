"""The way out for log lines: a bounded queue and one thread, so that a slow reader blocks nobody."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, RLock, Thread
from typing import Final, Protocol

from exai_sre.logs.escape import escape_non_ascii

__all__ = ["LineStream", "LineWriter"]

_QUEUE_FULL: Final = "queue_full"
_WRITE_FAILED: Final = "write_failed"


class LineStream(Protocol):
    """What lines are written to: a text stream, or a :class:`exai_sre.logs.file.LogFile`."""

    def write(self, text: str, /) -> object:
        """Take whole lines, each with its end."""
        ...

    def flush(self) -> object:
        """Pass on what was written."""
        ...


class LineWriter:
    """Writes lines to a stream from its own thread; drops and counts what does not fit.

    Attributes:
        dropped: lines dropped so far.
    """

    def __init__(
        self,
        stream: LineStream,
        *,
        size: int = 10_000,
        characters: int = 16 * 2**20,
        on_drop: Callable[[str, int], None] | None = None,
        gap: Callable[[int], str] | None = None,
        linger: float = 0.005,
        tend_every: float = 60.0,
    ) -> None:
        """Start the thread.

        Args:
            stream: where the lines go; it is flushed after each batch and never closed. If it has a
                method ``tend``, the thread calls it when there is nothing to write; if it has a
                method ``restart``, that is called in a forked child.
            size: lines that may wait; further ones are dropped.
            characters: length of the lines that may wait, together; as many may be on their way out.
            on_drop: called with the reason (``queue_full`` or ``write_failed``) and the number of lines.
            gap: makes the line that stands where that many lines were dropped.
            linger: seconds for which the thread gathers lines before it writes them, so that it does
                not take the interpreter from the service for each.
            tend_every: seconds without a line after which ``tend`` is called.
        """
        self.dropped = 0
        self._stream = stream
        self._size = size
        self._characters = characters
        self._on_drop = on_drop
        self._gap = gap
        self._tend: Callable[[], object] | None = getattr(stream, "tend", None)
        self._tend_every = tend_every if self._tend else None
        self._linger = linger
        self._closed = False
        self._start()
        atexit.register(self.close)
        _restart_after_fork(self)

    def _start(self) -> None:
        self._waiting: list[str] = []
        self._length = 0
        self._missing = 0
        self._writing = False
        self._idle = False
        self._urgent = False
        # Entered as it is where a line comes in: through the condition it costs two more calls.
        self._lock = RLock()
        self._changed = Condition(self._lock)
        self._thread = Thread(target=self._run, name="exai-log-writer", daemon=True)
        self._thread.start()

    def restart(self) -> None:
        """Start anew with an empty queue: in a forked child the thread is gone, and its lines are the parent's."""
        if not self._closed:
            restart: Callable[[], object] | None = getattr(self._stream, "restart", None)
            if restart is not None:
                restart()
            self._start()

    def write(self, line: str) -> None:
        """Queue one line, without its line end; after :meth:`close` it is written at once."""
        with self._lock:
            full = len(self._waiting) >= self._size or self._length + len(line) > self._characters
            if not full and not self._closed:
                self._waiting.append(line)
                self._length += len(line)
                if self._idle:
                    self._idle = False
                    self._changed.notify_all()
                return
            if full:
                self._missing += 1
        if full:
            self._drop(_QUEUE_FULL, 1)
        else:
            self._emit([line])

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until every queued line is written, at most ``timeout`` seconds; whether that succeeded."""
        with self._changed:
            self._urgent = True
            self._changed.notify_all()
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
                self._idle = True
                due = changed.wait_for(lambda: self._waiting or self._closed, self._tend_every)
                self._idle = False
                if self._linger and self._waiting:
                    changed.wait_for(lambda: self._closed or self._urgent, self._linger)
                batch, missing = self._taken()
            if batch or missing:
                self._write_out(batch, missing)
            elif due:
                return
            else:
                self._look_after()

    def _taken(self) -> tuple[list[str], int]:
        """What waits, and how many lines are missing behind it."""
        batch, self._waiting, self._length = self._waiting, [], 0
        missing, self._missing = self._missing, 0
        self._writing = bool(batch or missing)
        self._urgent = False
        return batch, missing

    def _write_out(self, batch: list[str], missing: int) -> None:
        gap = [self._gap(missing)] if missing and self._gap else []
        written = self._emit([*batch, *gap], len(batch)) if batch or gap else True
        with self._changed:
            if not written and not self._closed:
                self._missing += len(batch) + missing
            self._writing = False
            self._changed.notify_all()

    def _emit(self, lines: list[str], counted: int = 1) -> bool:
        text = "\n".join(lines) + "\n"
        try:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(escape_non_ascii(text))
            self._stream.flush()
        except Exception:  # a reader that went away must not take the service with it
            self._drop(_WRITE_FAILED, counted)
            return False
        return True

    def _look_after(self) -> None:
        if self._tend is not None:
            with suppress(Exception):  # a file that cannot be tended now can be later
                self._tend()

    def _drop(self, reason: str, lines: int) -> None:
        self.dropped += lines
        if self._on_drop is not None and lines:
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
