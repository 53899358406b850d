"""Writes that wait: noted without a lock, added to the cells together before anybody reads these.

A lock costs more than everything else that a write does. Appending to a list needs none, on builds of
Python without a global lock as well, and adding up many writes of one series at once costs less than
adding them one by one. What waits is bounded for the catalog as a whole, so that no number of series
makes it grow.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from exai_sre.context.trace import TraceContext
    from exai_sre.metrics.bound import BoundCounter, BoundHistogram

__all__ = ["MOST_WAITING", "Entry", "Journal", "TracedEntry"]

Entry: TypeAlias = "tuple[BoundCounter | BoundHistogram, float, TraceContext | None]"
"""A write that waits: to which series, what, and in which trace."""

TracedEntry: TypeAlias = "tuple[BoundCounter | BoundHistogram, float, TraceContext]"
"""One within a sampled trace."""

MOST_WAITING: Final = 256
"""Writes after which the writer itself adds them up: a fraction of a millisecond's work."""


class Journal:
    """The waiting writes of one catalog.

    Args:
        now: seconds since the Unix epoch; the time of exemplars.

    Attributes:
        now: the same.
        entries: series, value and trace of each, in the order in which they came. Whoever appends calls
            :meth:`settle` once there are :data:`MOST_WAITING`.
    """

    __slots__ = ("_lock", "_settling", "entries", "now")

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.entries: list[Entry] = []
        self._lock = RLock()
        self._settling = False

    def settle(self) -> None:
        """Add what waits to the cells."""
        if not self.entries and not self._settling:  # what another thread has taken is not in the cells yet
            return
        with self._lock:
            # The garbage collector may run finalizers in the midst of it, which may write: that waits on.
            if not self._settling:
                self._settling = True
                try:
                    self._settle()
                finally:
                    self._settling = False

    def _settle(self) -> None:
        taken = self.entries[:]
        # other threads may have appended meanwhile
        del self.entries[: len(taken)]
        values: defaultdict[BoundCounter | BoundHistogram, list[float]] = defaultdict(list)
        traced: defaultdict[BoundCounter | BoundHistogram, list[TracedEntry]] = defaultdict(list)
        for entry in taken:
            series, value, trace = entry
            values[series].append(value)
            if trace is not None and trace.sampled and not trace.remote:
                traced[series].append(entry)  # type: ignore[arg-type] # no copy, though its trace is known now
        now = self.now() if traced else 0.0
        for series, written in values.items():
            series.add_up(written, traced.get(series, ()), now)
