"""A script of good and bad evaluations, and what every kind of made-up input tells about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Counts", "Script", "Signal"]

Counts = tuple[Fraction, Fraction]
"""Bad and all events of a window."""


@dataclass(frozen=True, slots=True)
class Script:
    """Good evaluations, then some bad ones, then good ones again; counted from 0, the first sample.

    Attributes:
        step: seconds between two evaluations.
        begin: the last good evaluation.
        length: how many bad ones follow.
        last: the last evaluation that has samples.
    """

    step: int
    begin: int
    length: int
    last: int

    @property
    def stretches(self) -> tuple[int, int, int]:
        """How many samples are good, bad, and good again."""
        return self.begin + 1, self.length, self.last - self.begin - self.length

    def bad(self, first: int, last: int) -> int:
        """How many of these evaluations are bad, both included."""
        return max(0, min(last, self.begin + self.length) - max(first, self.begin + 1) + 1)


class Signal(ABC):
    """Input series of one indicator, and what its rules count in them."""

    def __init__(self, script: Script) -> None:
        """Follow a script."""
        self.script = script

    @abstractmethod
    def series(self) -> Mapping[str, str]:
        """Values by series, in promtool's notation."""

    @abstractmethod
    def counts(self, steps: int, at: int) -> Counts | None:
        """Bad and all events of a window of that many evaluations, at an evaluation; nothing where there are none."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels that the input puts on the recorded series."""
        return {}

    def ratio(self, steps: int, at: int) -> Fraction | None:
        """The error ratio of a window of that many evaluations, at an evaluation."""
        found = self.counts(steps, at)
        return found[0] / found[1] if found and found[1] else None
