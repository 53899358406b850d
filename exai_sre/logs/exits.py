"""Where finished lines leave the process: one writer for each stream or file, and OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any, Final

from exai_sre.logs.file import LogFile
from exai_sre.logs.writer import LineStream, LineWriter

__all__ = ["Exits"]

_GOODBYE: Final = 5.0
"""Seconds that an OpenTelemetry provider gets to export what is queued."""


class Exits:
    """The ways out of one set-up.

    Attributes:
        write: hands one line, without its line end, to every writer; never blocks.
    """

    def __init__(
        self,
        streams: Sequence[LineStream],
        *,
        provider: Any | None = None,
        on_drop: Callable[[str, int], None] | None = None,
        gap: Callable[[int], str] | None = None,
    ) -> None:
        """Start the writers.

        Args:
            streams: where lines go, at least one.
            provider: an OpenTelemetry logger provider that ends with this set-up.
            on_drop: called with a reason and the number of lines dropped by a writer.
            gap: makes the line that stands where that many lines were dropped.
        """
        self._provider = provider
        self._streams = streams
        self._writers = [LineWriter(stream, on_drop=on_drop, gap=gap) for stream in streams]
        self.write = self._writers[0].write if len(self._writers) == 1 else self._to_all

    def _to_all(self, line: str) -> None:
        for writer in self._writers:
            writer.write(line)

    def flush(self) -> None:
        """Wait until what is queued is written, for a few seconds at most."""
        for writer in self._writers:
            writer.flush()

    def close(self) -> None:
        """Write what is queued, close files, and shut down a provider of ours."""
        for writer in self._writers:
            writer.close()
        for stream in self._streams:
            if isinstance(stream, LogFile):
                stream.close()
        if self._provider is not None:
            # The SDK goes on for half a minute where its collector is gone; a service's end does not wait for that.
            ending = Thread(target=self._provider.shutdown, name="exai-log-provider-shutdown", daemon=True)
            ending.start()
            ending.join(_GOODBYE)
