"""A slow, plain retry budget and bulkhead: the rules written down a second time, without cleverness."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction


@dataclass
class ReferenceBudget:
    """Exact arithmetic, and everything added up at once."""

    share: float
    per_second: float
    reserve: float
    cap: float
    tokens: Fraction = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = Fraction(self.reserve)

    def add(self, tokens: float) -> None:
        self.tokens = min(Fraction(self.cap), self.tokens + Fraction(tokens))

    def wait(self, seconds: float) -> None:
        self.add(seconds * self.per_second)

    def earn(self) -> None:
        self.add(self.share)

    def spend(self) -> bool:
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class ReferenceBulkhead:
    """Who runs and who waits, as two lists of names."""

    limit: int
    queue: int
    running: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def arrive(self, name: int) -> str:
        if len(self.running) < self.limit:
            self.running.append(name)
            return "runs"
        if len(self.waiting) < self.queue:
            self.waiting.append(name)
            return "waits"
        return "refused"

    def leave(self, name: int) -> None:
        """``name`` has ended, or gives up waiting."""
        if name in self.waiting:
            self.waiting.remove(name)
            return
        self.running.remove(name)
        if self.waiting:
            self.running.append(self.waiting.pop(0))
