"""Scripts for a breaker: bytes decoded into actions, run on the engine and on the reference in lockstep."""

from __future__ import annotations

from typing import Any

from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker_engine import BreakerEngine, Permit, Rejection
from exai_sre.resilience.breaker_options import BreakerOptions, BreakerState
from tests.property.reference_breaker import ReferenceBreaker, ReferencePermit

VERDICTS = {
    Outcome.OK: "ok",
    Outcome.ERROR: "failure",
    Outcome.UPSTREAM_ERROR: "failure",
    Outcome.TIMEOUT: "failure",
    Outcome.OVERLOAD: "neutral",
    Outcome.CLIENT_ERROR: "neutral",
    Outcome.CANCELLED: "neutral",
}

# multiples of 1/8 add without rounding, so that times can meet limits exactly
_WAITS = [
    eighths / 8 for eighths in (0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 24, 39, 40, 41, 64, 79, 80, 81, 160)
]
_ENDS = [Outcome.OK] * 9 + [Outcome.UPSTREAM_ERROR] * 4 + [Outcome.TIMEOUT, Outcome.CANCELLED, Outcome.CLIENT_ERROR]
_SWITCHES = [BreakerState.FORCED_OPEN, BreakerState.DISABLED, BreakerState.METRICS_ONLY, BreakerState.CLOSED]

_Action = tuple[str, Any]


def growing(openings: int) -> float:
    """An open time that grows, as a user may give one."""
    return min(20.0, 2.5 * 2 ** (openings - 1))


def _actions() -> list[_Action]:
    """What each byte stands for; common actions have more bytes."""
    table: list[_Action] = [("begin", None)] * 70
    table += [("end", (place, outcome)) for place in (0, -1, 1, 2) for outcome in _ENDS]
    table += [("answer", place) for place in (0, -1)] * 8
    table += [("wait", seconds) for seconds in _WAITS] * 3
    table += [("call", outcome) for outcome in (Outcome.OK, Outcome.OK, Outcome.UPSTREAM_ERROR)] * 6
    table += [("switch", state) for state in _SWITCHES]
    return table + [("begin", None)] * (256 - len(table))


ACTIONS = _actions()


class Lockstep:
    """The engine and the reference, told the same and asked the same.

    Attributes:
        states: the states that were seen.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.now = 1000.0
        self.told = BreakerState.CLOSED
        self.states = {BreakerState.CLOSED}
        self.engine = BreakerEngine(BreakerOptions(**options), self._changed)
        self.reference = ReferenceBreaker(**options)
        self.running: list[tuple[Permit, ReferencePermit]] = []

    def _changed(self, old: BreakerState, new: BreakerState) -> None:
        assert old is self.told is not new
        self.told = new
        self.states.add(new)

    def run(self, script: bytes) -> int:
        """Do what each byte says, and compare after each but waits; how many were done."""
        for done, byte in enumerate(script):
            name, argument = ACTIONS[byte]
            try:
                getattr(self, name)(argument)
                # to ask is to catch up with the time: what comes next must find the engine as the wait left it
                if name != "wait":
                    self.compare()
            except AssertionError as error:
                error.add_note(f"in action {done} of {[ACTIONS[byte] for byte in script[: done + 1]][-40:]}")
                raise
        return len(script)

    def compare(self) -> None:
        engine, reference, now = self.engine, self.reference, self.now
        reference.catch_up(now)
        assert engine.state(now) == reference.state == self.told
        recent = reference.in_window(now)
        failed = slow = 0
        for _, was_failed, was_slow in recent:
            failed += was_failed
            slow += was_slow
        assert engine.counts(now) == (len(recent), failed, slow)

    def begin(self, _: None) -> None:
        mine, theirs = self.engine.admit(self.now), self.reference.admit(self.now)
        if isinstance(mine, Rejection):
            assert isinstance(theirs, tuple)
            least, most = theirs
            assert 0 < least <= mine.retry_after <= most
        else:
            assert isinstance(theirs, ReferencePermit)
            self.running.append((mine, theirs))

    def end(self, how: tuple[int, Outcome]) -> None:
        place, outcome = how
        if self.running:
            mine, theirs = self.running.pop(place if -1 <= place < len(self.running) else 0)
            self.engine.record(mine, outcome, self.now)
            self.reference.record(theirs, VERDICTS[outcome], self.now)

    def call(self, outcome: Outcome) -> None:
        before = len(self.running)
        self.begin(None)
        if len(self.running) > before:
            self.end((-1, outcome))

    def answer(self, place: int) -> None:
        if self.running:
            mine, theirs = self.running[place]
            if mine.answered_at is None:
                mine.answered_at = theirs.answered = self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def switch(self, state: BreakerState) -> None:
        self.engine.put(state, self.now)
        self.reference.put(state, self.now)
