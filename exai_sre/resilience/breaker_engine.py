"""The circuit breaker without I/O: states, permits and transitions, driven by the time it is told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker_options import FAILURES, BreakerOptions, BreakerState
from exai_sre.resilience.window import Window

__all__ = ["BreakerEngine", "Permit", "Phase", "Rejection"]

# members looked up once: on Python 3.11 each look-up costs as much as the rest of an admission
_OK = Outcome.OK
_CLOSED = BreakerState.CLOSED
_OPEN = BreakerState.OPEN
_HALF_OPEN = BreakerState.HALF_OPEN
_DISABLED = BreakerState.DISABLED

_FREE = frozenset({_CLOSED, _DISABLED, BreakerState.METRICS_ONLY})


def _tell_nobody(_old: BreakerState, _new: BreakerState) -> None:
    """Stands in for a listener."""


class Phase:
    """One stay of a breaker in one state.

    A permit belongs to the phase that admitted it; once that phase is over the permit is void, so
    that results of older calls can neither open nor close anything.

    Attributes:
        generation: number of the phase, counted from 0.
        state: state of the breaker.
        free: whether every call is admitted.
        until: monotonic time at which an open phase ends.
        probes: half open: permits of calls that have not ended, oldest first.
        passed: half open: probes that succeeded.
        slow: half open: probes that succeeded slowly.
    """

    __slots__ = ("free", "generation", "passed", "probes", "slow", "state", "until")

    def __init__(self, generation: int, state: BreakerState, until: float = 0.0) -> None:
        self.generation = generation
        self.state = state
        self.free = state in _FREE
        self.until = until
        self.probes: list[Permit] = []
        self.passed = 0
        self.slow = 0


class Permit:
    """Leave to make one call.

    Attributes:
        phase: the phase that admitted the call.
        started_at: monotonic time of admission.
        answered_at: monotonic time of a stream's first item; ``None`` before it and for other calls.
    """

    __slots__ = ("answered_at", "phase", "started_at")

    def __init__(self, phase: Phase, started_at: float) -> None:
        self.phase = phase
        self.started_at = started_at
        self.answered_at: float | None = None

    @property
    def generation(self) -> int:
        """Number of the phase that admitted the call."""
        return self.phase.generation


class Rejection:
    """A call that was not admitted.

    Attributes:
        retry_after: seconds after which a call can be admitted again.
    """

    __slots__ = ("retry_after",)

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after


class BreakerEngine:
    """Decides which calls run. Thread-safe; the lock is never held while a call runs.

    Args:
        options: rates, times and limits.
        on_transition: told the old and the new state after each transition, outside the lock.
    """

    def __init__(
        self, options: BreakerOptions, on_transition: Callable[[BreakerState, BreakerState], object] = _tell_nobody
    ) -> None:
        self._options = options
        self._tell = on_transition
        self._telling = threading.Lock()
        self._lock = threading.Lock()
        self._window = Window(options.window)
        self._phase = Phase(0, _CLOSED)
        self._changes: deque[tuple[BreakerState, BreakerState]] = deque()

    def admit(self, now: float) -> Permit | Rejection:
        """Ask for leave to make a call at ``now`` (monotonic seconds)."""
        phase = self._phase
        if phase.free:
            return Permit(phase, now)
        with self._lock:
            self._catch_up(now)
            admitted = self._admit(now)
        if self._changes:
            self._announce()
        return admitted

    def record(self, permit: Permit, outcome: Outcome, now: float) -> None:
        """Report how an admitted call ended at ``now``; void if its phase is over by then.

        Args:
            permit: what :meth:`admit` returned; each permit is reported once.
            outcome: ``OK`` is a success; ``ERROR``, ``UPSTREAM_ERROR`` and ``TIMEOUT`` are
                failures; any other is neutral and gives the place of a probe back.
            now: monotonic seconds.
        """
        failed = outcome is not _OK and outcome in FAILURES
        counted = failed or outcome is _OK
        with self._lock:
            if not self._phase.free:
                self._catch_up(now)
            phase = self._phase
            if permit.phase is phase:
                if phase.state is _HALF_OPEN:
                    self._record_probe(phase, permit, now, failed=failed, counted=counted)
                elif counted:
                    self._record_call(phase, permit, now, failed)
        if self._changes:
            self._announce()

    def state(self, now: float) -> BreakerState:
        """The state at ``now``, with transitions that time alone has brought about."""
        with self._lock:
            self._catch_up(now)
            state = self._phase.state
        self._announce()
        return state

    def put(self, state: BreakerState, now: float) -> None:
        """Set the state by hand, and forget the calls in the window."""
        with self._lock:
            self._window.clear()
            self._enter(state, now)
        self._announce()

    def retry_after(self, now: float) -> float:
        """Seconds until a call can be admitted again; 0 where one would be admitted now.

        While probes run this is an upper bound; a breaker that was forced open has no end of its
        own, and ``open_for`` stands in for it.
        """
        with self._lock:
            self._catch_up(now)
            return 0.0 if self._phase.free or self._has_room() else self._wait(now)

    def counts(self, now: float) -> tuple[int, int, int]:
        """Calls, failures and slow calls in the window at ``now``."""
        with self._lock:
            self._window.advance(now)
            return self._window.calls, self._window.failures, self._window.slow

    def _has_room(self) -> bool:
        phase = self._phase
        return phase.state is _HALF_OPEN and phase.passed + len(phase.probes) < self._options.half_open_calls

    def _admit(self, now: float) -> Permit | Rejection:
        phase = self._phase
        if phase.free:
            return Permit(phase, now)
        if self._has_room():
            permit = Permit(phase, now)
            phase.probes.append(permit)
            return permit
        return Rejection(self._wait(now))

    def _wait(self, now: float) -> float:
        phase, options = self._phase, self._options
        if phase.state is _OPEN:
            return phase.until - now
        if phase.state is _HALF_OPEN:
            return min(options.open_for, phase.probes[0].started_at + options.half_open_limit - now)
        return options.open_for

    def _catch_up(self, now: float) -> None:
        """Make the transitions that time alone brings about by ``now``."""
        limit = self._options.half_open_limit
        while True:
            phase = self._phase
            if phase.state is _OPEN and now >= phase.until:
                self._enter(_HALF_OPEN, now)
            elif phase.probes and now >= phase.probes[0].started_at + limit:
                self._expire(phase, phase.probes[0])
            else:
                return

    def _expire(self, phase: Phase, permit: Permit) -> None:
        """End a probe that took too long: a stream that flows has passed, anything else hangs."""
        at = permit.started_at + self._options.half_open_limit
        answered = permit.answered_at
        self._record_probe(phase, permit, at, failed=answered is None or answered >= at, counted=True)

    def _record_call(self, phase: Phase, permit: Permit, now: float, failed: bool) -> None:
        if phase.state is _DISABLED:
            return
        window, options = self._window, self._options
        window.add(now, failed, options.slow_after is not None and self._is_slow(permit, now))
        if phase.state is not _CLOSED or window.calls < options.minimum_calls or not (window.failures or window.slow):
            return
        if window.failures / window.calls >= options.failure_rate or self._too_slow(window.slow, window.calls):
            self._enter(_OPEN, now)

    def _record_probe(self, phase: Phase, permit: Permit, now: float, *, failed: bool, counted: bool) -> None:
        if permit not in phase.probes:
            return
        phase.probes.remove(permit)
        if failed:
            self._enter(_OPEN, now)
        elif counted:
            phase.passed += 1
            phase.slow += self._is_slow(permit, now)
            if phase.passed >= self._options.half_open_calls:
                slow = self._too_slow(phase.slow, phase.passed)
                self._enter(_OPEN if slow else _CLOSED, now)

    def _is_slow(self, permit: Permit, now: float) -> bool:
        limit = self._options.slow_after
        if limit is None:
            return False
        answered = now if permit.answered_at is None else permit.answered_at
        return answered - permit.started_at > limit

    def _too_slow(self, slow: int, calls: int) -> bool:
        return slow / calls >= self._options.slow_rate

    def _enter(self, state: BreakerState, at: float) -> None:
        old = self._phase
        if state is _CLOSED:
            self._window.clear()
        self._phase = Phase(old.generation + 1, state, at + self._options.open_for)
        if state is not old.state:
            self._changes.append((old.state, state))

    def _announce(self) -> None:
        """Tell the transitions, in order: whoever finds another thread telling leaves it to that one."""
        while self._changes and self._telling.acquire(blocking=False):
            try:
                while self._changes:
                    self._tell(*self._changes.popleft())
            finally:
                self._telling.release()
