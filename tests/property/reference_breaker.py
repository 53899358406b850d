"""A slow, plain circuit breaker: the rules written down a second time, without cleverness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import floor

BUCKETS = 10


@dataclass
class ReferencePermit:
    generation: int
    started: float
    answered: float | None = None
    settled: bool = False


@dataclass
class ReferenceBreaker:
    """Keeps every call that is in its window and counts them anew each time."""

    failure_rate: float
    slow_rate: float
    slow_after: float | None
    window: float
    minimum_calls: int
    open_for: float | Callable[[int], float]
    half_open_calls: int
    half_open_limit: float
    state: str = "closed"
    generation: int = 0
    until: float = 0.0
    calls: list[tuple[int, bool, bool]] = field(default_factory=list)
    probes: list[ReferencePermit] = field(default_factory=list)
    passed: list[bool] = field(default_factory=list)
    openings: int = 0

    def bucket(self, now: float) -> int:
        return floor(now / (self.window / BUCKETS))

    def in_window(self, now: float) -> list[tuple[int, bool, bool]]:
        gone = self.bucket(now) - BUCKETS
        self.calls = [call for call in self.calls if call[0] > gone]
        return self.calls

    def open_time(self, openings: int) -> float:
        return self.open_for(openings) if callable(self.open_for) else self.open_for

    def go(self, state: str, now: float) -> None:
        self.state, self.generation = state, self.generation + 1
        self.probes, self.passed = [], []
        if state == "open":
            self.openings += 1
            self.until = now + self.open_time(self.openings)
        if state == "closed":
            self.calls, self.openings = [], 0

    def put(self, state: str, now: float) -> None:
        self.go(state, now)
        self.calls, self.openings = [], 0

    def catch_up(self, now: float) -> None:
        if self.state == "open" and now >= self.until:
            self.go("half_open", now)
        while self.state == "half_open" and self.probes:
            ends = self.probes[0].started + self.half_open_limit
            if now < ends:
                return
            probe = self.probes[0]
            flows = probe.answered is not None and probe.answered < ends
            self.settle_probe(probe, "ok" if flows else "failure", ends)
            if self.state == "open" and now >= self.until:
                self.go("half_open", now)

    def admit(self, now: float) -> ReferencePermit | tuple[float, float]:
        """A permit, or the least and the most that a refused call may be told to wait."""
        self.catch_up(now)
        if self.state in ("closed", "disabled", "metrics_only"):
            return ReferencePermit(self.generation, now)
        if self.state == "half_open":
            if not self.refuses():
                permit = ReferencePermit(self.generation, now)
                self.probes.append(permit)
                return permit
            # nobody knows when a probe will end: the last open time or the next is as good, or when it hangs too long
            hangs = self.probes[0].started + self.half_open_limit - now
            return min(hangs, self.open_time(self.openings)), min(hangs, self.open_time(self.openings + 1))
        wait = self.until - now if self.state == "open" else self.open_time(1)
        return wait, wait

    def is_slow(self, permit: ReferencePermit, now: float) -> bool:
        end = now if permit.answered is None else permit.answered
        return self.slow_after is not None and end - permit.started > self.slow_after

    def record(self, permit: ReferencePermit, verdict: str, now: float) -> None:
        self.catch_up(now)
        if permit.generation != self.generation:
            return
        if self.state == "half_open":
            if permit in self.probes:
                self.settle_probe(permit, verdict, now)
        elif self.state in ("closed", "metrics_only") and verdict != "neutral":
            self.calls.append((self.bucket(now), verdict == "failure", self.is_slow(permit, now)))
            if self.state == "closed":
                self.judge(now)

    def judge(self, now: float) -> None:
        recent = self.in_window(now)
        if len(recent) < self.minimum_calls:
            return
        failures = sum(failed for _, failed, _ in recent)
        slow = sum(slow for _, _, slow in recent)
        if failures / len(recent) >= self.failure_rate or slow / len(recent) >= self.slow_rate:
            self.go("open", now)

    def settle_probe(self, permit: ReferencePermit, verdict: str, now: float) -> None:
        self.probes = [probe for probe in self.probes if probe is not permit]
        if verdict == "failure":
            self.go("open", now)
        elif verdict == "ok":
            self.passed.append(self.is_slow(permit, now))
            if len(self.passed) == self.half_open_calls:
                slow = sum(self.passed) / len(self.passed) >= self.slow_rate
                self.go("open" if slow else "closed", now)

    def refuses(self) -> bool:
        """Whether a call would be refused now."""
        if self.state == "half_open":
            return len(self.passed) + len(self.probes) >= self.half_open_calls
        return self.state in ("open", "forced_open")
