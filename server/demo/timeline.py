"""What happened when: one list for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from exai_sre.clock import Clock

__all__ = ["Entry", "Kind", "Timeline"]

Kind = Literal["phase", "fault", "breaker", "burn", "alert", "recovery", "info"]
"""What an entry is about."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline.

    Attributes:
        at: seconds since the show began.
        kind: what it is about.
        text: one sentence.
    """

    at: float
    kind: Kind
    text: str


class Timeline:
    """Entries in order of time, told to a listener as they come.

    Args:
        clock: time source.
        on_entry: called with each new entry.

    Attributes:
        entries: what happened.
        began: monotonic seconds of the beginning.
        clock: time source.
    """

    def __init__(self, clock: Clock, on_entry: Callable[[Entry], None]) -> None:
        self.entries: list[Entry] = []
        self.began = clock.monotonic()
        self.clock = clock
        self._on_entry = on_entry

    def now(self) -> float:
        """Seconds since the show began."""
        return self.clock.monotonic() - self.began

    def add(self, kind: Kind, text: str, *, at: float | None = None) -> Entry:
        """Add an entry; ``at`` is in monotonic seconds, now by default."""
        entry = Entry(self.now() if at is None else at - self.began, kind, text)
        self.entries.append(entry)
        self._on_entry(entry)
        return entry

    def to_json(self) -> list[dict[str, Any]]:
        """The entries, ready for JSON; ``at`` in seconds since the show began."""
        return [{"at": round(entry.at, 2), "kind": entry.kind, "text": entry.text} for entry in self.entries]
