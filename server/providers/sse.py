"""Server-sent events, parsed incrementally: any split of the bytes yields the same events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exai_sre.errors import ExaiSreError

__all__ = ["MAX_EVENT_BYTES", "SseOverflow", "SseParser"]

MAX_EVENT_BYTES: Final = 1 << 20
"""Bound on one event; a peer that never ends a line must not fill our memory."""


class SseOverflow(ExaiSreError, ValueError):
    """An event longer than :data:`MAX_EVENT_BYTES`."""


class SseParser:
    """Yields the ``data`` of each event; fields that chat streams do not use are skipped.

    Lines end by CR, LF or CRLF, data lines of one event join by LF, a leading BOM is dropped,
    an event that the stream's end cuts off is not yielded.

    Source: WHATWG HTML, section 9.2.6 (interpreting an event stream).
    """

    __slots__ = ("_data", "_line", "_size", "_skip_lf", "_started")

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._skip_lf = False
        self._started = False

    def feed(self, data: bytes) -> Iterator[str]:
        """Take the next bytes and yield the events that they complete.

        Raises:
            SseOverflow: an event grows beyond :data:`MAX_EVENT_BYTES`.
        """
        if self._skip_lf and data:
            # CRLF may be split between two reads; the CR has ended the line already.
            data = data.removeprefix(b"\n")
            self._skip_lf = False
        if data.endswith(b"\r"):
            self._skip_lf = True
        for piece in data.splitlines(keepends=True):
            self._line += piece
            self._bound(len(self._line))
            if piece.endswith((b"\n", b"\r")):
                event = self._end_line()
                if event is not None:
                    yield event

    def _end_line(self) -> str | None:
        line = bytes(self._line.rstrip(b"\r\n"))
        self._line.clear()
        if not self._started:
            self._started = True
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._end_event()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(line)
        return None

    def _end_event(self) -> str | None:
        if not self._data:
            return None
        text = b"\n".join(self._data).decode("utf-8", "replace")
        self._data.clear()
        self._size = 0
        return text

    def _bound(self, line: int) -> None:
        if self._size + line > MAX_EVENT_BYTES:
            raise SseOverflow(f"an event is longer than {MAX_EVENT_BYTES} bytes")
