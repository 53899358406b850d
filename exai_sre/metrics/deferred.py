"""Writes that are put off: taken without a lock on the hottest paths, added to the words before these are read."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

__all__ = ["Notes", "Ticks"]


class Ticks:
    """Increments by one that are not in the words yet.

    Attributes:
        add: counts one more. Atomic, on builds of Python without a global lock as well.
    """

    __slots__ = ("_looks", "_taken", "add")

    def __init__(self) -> None:
        self.add: Callable[[], int] = count().__next__
        self._looks = self._taken = 0

    def take(self) -> int:
        """What was added since the last time; one caller at a time.

        A look at the count is an increment itself, and is taken out again.
        """
        added = self.add() - self._looks
        self._looks += 1
        fresh, self._taken = added - self._taken, added
        return fresh


class Notes:
    """Observations that are not in the words yet.

    Attributes:
        values: in the order in which they came. Whoever appends sees to it that somebody takes them.
        add: notes one more. Atomic.

    Args:
        write: takes each observation at once, where none may wait; nothing is noted then.
    """

    __slots__ = ("add", "values")

    def __init__(self, write: Callable[[float], None] | None = None) -> None:
        self.values: list[float] = []
        self.add: Callable[[float], None] = self.values.append if write is None else write

    def take(self) -> list[float]:
        """What was noted since the last time, in ascending order; one caller at a time."""
        taken = self.values[:]
        # other threads may have appended meanwhile
        del self.values[: len(taken)]
        taken.sort()
        return taken
