"""How a fault shows: bad events over time, seen by something that looks at regular moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Beat", "Flow", "first"]

_HAIR: Final = 1e-9
"""Tolerance in whole beats: a moment that rounding moved is still that moment."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Bad events of steady traffic on something that fails from one moment on.

    Attributes:
        rate: calls per second.
        delays: seconds from a call to each bad event that it makes: one entry per attempt.
    """

    rate: float
    delays: tuple[float, ...]

    def count(self, seconds: float) -> float:
        """Bad events in the first ``seconds`` of the fault, on average."""
        return self.rate * sum(max(0.0, seconds - delay) for delay in self.delays)

    @property
    def per_second(self) -> float:
        """Bad events per second once all attempts of a call contribute."""
        return self.rate * len(self.delays)


@dataclass(frozen=True, slots=True)
class Beat:
    """Something that happens at regular moments: a tick, a scrape, an evaluation of rules.

    Attributes:
        at: one moment at which it happened, in seconds.
        every: seconds between two of them.
    """

    at: float
    every: float

    def since(self, moment: float) -> Beat:
        """The same, told in seconds since ``moment``."""
        return Beat(self.at - moment, self.every)

    def moments(self, start: float, end: float) -> Iterator[float]:
        """The moments from ``start`` to ``end``, both included."""
        number = math.ceil((start - self.at) / self.every - _HAIR)
        while (moment := self.at + number * self.every) <= end:
            yield moment
            number += 1

    def latest(self, at: float) -> float:
        """The last moment that is not after ``at``."""
        return self.at + math.floor((at - self.at) / self.every + _HAIR) * self.every


def first(moments: Iterable[float], holds: Callable[[float], bool]) -> float | None:
    """The first moment at which ``holds`` is true; ``None`` if there is none."""
    return next((moment for moment in moments if holds(moment)), None)
