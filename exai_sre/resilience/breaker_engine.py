"""The circuit breaker without I/O: states, permits and transitions, driven by the time it is told."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker_options import FAILURES, BreakerOptions, BreakerState
from exai_sre.resilience.window import Bucket, Window

__all__ = ["BreakerEngine", "Permit", "Phase", "Rejection"]

# members looked up once: on Python 3.11 each look-up costs as much as the rest of an admission
_OK = Outcome.OK
_CLOSED = BreakerState.CLOSED
_OPEN = BreakerState.OPEN
_HALF_OPEN = BreakerState.HALF_OPEN
_DISABLED = BreakerState.DISABLED
_FORCED_OPEN = BreakerState.FORCED_OPEN

_FREE = frozenset({_CLOSED, _DISABLED, BreakerState.METRICS_ONLY})
_COUNTED = frozenset({_CLOSED, BreakerState.METRICS_ONLY})


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
        until: monotonic time before which every call is refused; infinite if that was forced.
        seconds: what calls that are refused meanwhile are told to wait at most.
        bucket: where quick successes of the phase are counted without the engine's lock.
        probes: half open: permits of calls that have not ended, oldest first.
        passed: half open: probes that succeeded.
        slow: half open: probes that succeeded slowly.
    """

    __slots__ = ("bucket", "free", "generation", "passed", "probes", "seconds", "slow", "state", "until")

    def __init__(self, generation: int, state: BreakerState, at: float, seconds: float) -> None:
        self.generation = generation
        self.state = state
        self.free = state in _FREE
        self.until = at + seconds if state is _OPEN else math.inf if state is _FORCED_OPEN else -math.inf
        self.seconds = seconds
        self.bucket = Bucket(-math.inf)
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
    """Decides which calls run. Thread-safe; no lock is held while a call runs.

    A quick success of a closed breaker takes no lock at all. The fused paths spell out what
    :meth:`admit` and :meth:`record` do in that case: a call is admitted if ``phase.free``; it
    passed if ``now < phase.bucket.ends``, which no phase but the present one has ahead, and it was
    not slow; then ``phase.bucket.count()``, and :meth:`judge` if the bucket is ``wary``.

    Args:
        options: rates, times and limits.
        on_transition: told the old and the new state after each transition, outside the lock.

    Attributes:
        phase: the present phase.
        slow_after: seconds above which a call is slow; infinite where none is.
    """

    def __init__(
        self, options: BreakerOptions, on_transition: Callable[[BreakerState, BreakerState], object] = _tell_nobody
    ) -> None:
        self._options = options
        self.slow_after = math.inf if options.slow_after is None else options.slow_after
        self._tell = on_transition
        self._telling = threading.Lock()
        self._lock = threading.Lock()
        self._window = Window(options.window)
        self._openings = 0
        self._open_seconds = options.open_seconds(1)
        self.phase = Phase(0, _CLOSED, 0.0, self._open_seconds)
        self._changes: deque[tuple[BreakerState, BreakerState]] = deque()

    def admit(self, now: float) -> Permit | Rejection:
        """Ask for leave to make a call at ``now`` (monotonic seconds)."""
        phase = self.phase
        if phase.free:
            return Permit(phase, now)
        if now < phase.until:
            return Rejection(self.wait(phase, now))
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
        phase = permit.phase
        slow = self._is_slow(permit, now)
        bucket = phase.bucket
        if outcome is _OK and not slow and now < bucket.ends:
            bucket.count()
            if bucket.wary:
                self.judge(now)
            return
        failed = outcome is not _OK and outcome in FAILURES
        counted = failed or outcome is _OK
        with self._lock:
            if not self.phase.free:
                self._catch_up(now)
            if phase is self.phase:
                if phase.state is _HALF_OPEN:
                    self._record_probe(phase, permit, now, failed=failed, counted=counted)
                elif counted:
                    self._record_call(phase, now, failed, slow)
        if self._changes:
            self._announce()

    def judge(self, now: float) -> None:
        """Take the rates of a closed breaker anew at ``now`` (monotonic seconds), and open it if one is too high."""
        with self._lock:
            self._judge(self.phase, now)
        if self._changes:
            self._announce()

    def state(self, now: float) -> BreakerState:
        """The state at ``now``, with transitions that time alone has brought about."""
        with self._lock:
            self._catch_up(now)
            state = self.phase.state
        self._announce()
        return state

    def put(self, state: BreakerState, now: float) -> None:
        """Set the state by hand, and forget the calls in the window."""
        seconds = self._options.open_seconds(1)
        with self._lock:
            self._open_seconds = seconds
            self._window.clear()
            self._openings = 0
            self._enter(state, now)
        self._announce()

    def adopt(self, options: BreakerOptions) -> None:
        """Go on with other options: state and window stay, but for a window of another length, which begins empty."""
        seconds = options.open_seconds(self._openings + 1)
        with self._lock:
            if options.window != self._options.window:
                self._window = Window(options.window)
            self._options, self._open_seconds = options, seconds
            self.slow_after = math.inf if options.slow_after is None else options.slow_after
            # the next call is judged by the new rates, whatever the old ones said about its bucket
            self.phase.bucket.ends = -math.inf

    def retry_after(self, now: float) -> float:
        """Seconds until a call can be admitted again; 0 where one would be admitted now.

        While probes run this is an upper bound; a breaker that was forced open has no end of its
        own, and the open time stands in for it.
        """
        with self._lock:
            self._catch_up(now)
            return 0.0 if self.phase.free or self._has_room() else self.wait(self.phase, now)

    def counts(self, now: float) -> tuple[int, int, int]:
        """Calls, failures and slow calls in the window at ``now``."""
        with self._lock:
            self._window.advance(now)
            self._publish(self.phase)
            return self._window.calls, self._window.failures, self._window.slow

    def _has_room(self) -> bool:
        phase = self.phase
        return phase.state is _HALF_OPEN and phase.passed + len(phase.probes) < self._options.half_open_calls

    def _admit(self, now: float) -> Permit | Rejection:
        phase = self.phase
        if phase.free:
            return Permit(phase, now)
        if self._has_room():
            permit = Permit(phase, now)
            phase.probes.append(permit)
            return permit
        return Rejection(self.wait(phase, now))

    def wait(self, phase: Phase, now: float) -> float:
        """Seconds after which a call that ``phase`` refuses at ``now`` can be admitted."""
        if phase.state is _OPEN:
            return phase.until - now
        if phase.state is _HALF_OPEN:
            return min(phase.seconds, phase.probes[0].started_at + self._options.half_open_limit - now)
        return phase.seconds

    def _catch_up(self, now: float) -> None:
        """Make the transitions that time alone brings about by ``now``."""
        limit = self._options.half_open_limit
        while True:
            phase = self.phase
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

    def _record_call(self, phase: Phase, now: float, failed: bool, slow: bool) -> None:
        if phase.state is not _DISABLED:
            self._window.add(now, failed, slow)
            # before the judgement, which may end the phase and with it the bucket that it counts in
            self._publish(phase)
            self._judge(phase, now)

    def _publish(self, phase: Phase) -> None:
        """Let quick successes be counted in the current bucket, as far as the state counts any."""
        if phase.state in _COUNTED:
            phase.bucket = self._window.current

    def _judge(self, phase: Phase, now: float) -> None:
        window, bucket, options = self._window, self._window.current, self._options
        if phase.state is not _CLOSED or not (window.failures or window.slow):
            bucket.wary = False
            return
        # set before the calls are counted: whoever counts a success meanwhile either is seen here or sees this
        bucket.wary = True
        calls = window.calls
        if calls < options.minimum_calls:
            return
        if window.failures / calls >= options.failure_rate or window.slow / calls >= options.slow_rate:
            self._enter(_OPEN, now)
        else:
            # from here on a success can only lower the rates until the next bucket begins
            bucket.wary = False

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
                slow = phase.slow / phase.passed >= self._options.slow_rate
                self._enter(_OPEN if slow else _CLOSED, now)

    def _is_slow(self, permit: Permit, now: float) -> bool:
        answered = now if permit.answered_at is None else permit.answered_at
        return answered - permit.started_at > self.slow_after

    def _enter(self, state: BreakerState, at: float) -> None:
        old = self.phase
        if state is _OPEN:
            self._openings += 1
        elif state is _CLOSED:
            self._openings = 0
            self._window.clear()
        self.phase = Phase(old.generation + 1, state, at, self._open_seconds)
        # what was admitted before is void: nobody counts a late success into a bucket that has ended
        old.bucket.ends = -math.inf
        if state is not old.state:
            self._changes.append((old.state, state))

    def _announce(self) -> None:
        """Tell the transitions, in order: whoever finds another thread telling leaves it to that one."""
        if self._changes:
            # outside the lock, since it may be the user's function: the open time of the next opening
            self._open_seconds = self._options.open_seconds(self._openings + 1)
        while self._changes and self._telling.acquire(blocking=False):
            try:
                while self._changes:
                    self._tell(*self._changes.popleft())
            finally:
                self._telling.release()
