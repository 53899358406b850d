"""A run of strategies in the default order, made ready to guard a call in one piece.

The default order is ``Timeout(total=True)``, ``Bulkhead``, ``Retry``, ``CircuitBreaker``, ``Timeout``; each may
be left out. A fused call does what these do to a call that goes straight through, with one reading of the clock
at each end, one context variable and no lock. What is not straight from the start (no free slot, a breaker that
is not closed, a retry within a retry, a deadline that has passed) goes the nested way. A first attempt that fails
is settled here with the engines and episodes that the strategies are made of; the attempts after it go the nested
way again.
"""

# ruff: noqa: SLF001 - this is the strategies' other half, and made of their parts

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextvars import Token
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from exai_sre.context.limits import Limits, current_limits, take_back_limits
from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_engine import BreakerEngine, Permit, Phase
from exai_sre.resilience.breaker_options import BreakerOptions
from exai_sre.resilience.bulkhead import Bulkhead
from exai_sre.resilience.bulkhead_engine import BulkheadEngine
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import DeadlineExceeded, breaker_open
from exai_sre.resilience.ledger import NOTED_AT_MOST, Ledger
from exai_sre.resilience.scope import Scope
from exai_sre.resilience.strategy import Strategy
from exai_sre.resilience.timeout import Timeout

if TYPE_CHECKING:
    from exai_sre.resilience.retry import Retry
    from exai_sre.resilience.retry_episode import Episode

__all__ = ["Again", "Call", "Run", "Strategies", "entrance", "refusal", "strategies_of", "way_out"]

_OK: Final = Outcome.OK


class Call(Scope):
    """A call on its straight way, and the limits in force in it.

    Attributes:
        began: monotonic time at which it began, seconds.
        phase: the breaker's phase that admitted it.
        token: takes the limits back.
    """

    began: float
    phase: Phase
    token: Token[Limits | None]


Again: TypeAlias = "tuple[Retry, Episode, float]"
"""What a call needs that is worth another attempt: its retry, its episode, and the seconds to wait before it."""


@dataclass(frozen=True, slots=True)
class Strategies:
    """The strategies of a run; ``None`` for what is left out."""

    total: Timeout | None = None
    bulkhead: Bulkhead | None = None
    retry: Retry | None = None
    breaker: CircuitBreaker | None = None
    attempt: Timeout | None = None


_ORDER: Final = ("total", "bulkhead", "retry", "breaker", "attempt")


def _place(strategy: Strategy) -> str:
    """Where ``strategy`` stands in the default order; empty if it cannot be fused."""
    if type(strategy) is Timeout:
        return "total" if strategy.options.total else "attempt"
    if strategy.kind == "retry":
        return _place_of_retry(strategy)
    if type(strategy) is CircuitBreaker:
        return "" if strategy.options.failure_if is not None else "breaker"
    return "bulkhead" if type(strategy) is Bulkhead else ""


def _place_of_retry(strategy: Strategy) -> str:
    # where there is a retry, tenacity is loaded already; where there is none, nobody should pay for it
    from exai_sre.resilience.retry import Retry

    return "retry" if type(strategy) is Retry and not strategy._policy.judges_results else ""


def strategies_of(strategies: Sequence[Strategy], now: Callable[[], float]) -> tuple[Strategies, int]:
    """The longest run that ``strategies`` begin with, and how many of them it is made of.

    Args:
        strategies: the strategies, outermost first.
        now: how the pipeline reads its clock; one with another clock ends the run.
    """
    found: dict[str, Strategy] = {}
    last = -1
    for strategy in strategies:
        place = _place(strategy)
        if not place or strategy._now != now or _ORDER.index(place) <= last:
            break
        last = _ORDER.index(place)
        found[place] = strategy
    return Strategies(**found), len(found)  # type: ignore[arg-type]


class Run:
    """What the forms of one run share.

    Args:
        strategies: its strategies.
        counts: where a strategy counts its decisions.
        ledger: where the ends of calls are written down.
        now: monotonic seconds.
    """

    def __init__(
        self,
        strategies: Strategies,
        counts: Callable[[Strategy | None], Counts],
        ledger: Ledger,
        now: Callable[[], float],
    ) -> None:
        self.strategies = strategies
        self.ledger = ledger
        self.now = now
        total, attempt = strategies.total, strategies.attempt
        self.total = math.inf if total is None else total.options.seconds
        self.seconds = min(self.total, math.inf if attempt is None else attempt.options.seconds)
        retry, breaker, bulkhead = strategies.retry, strategies.breaker, strategies.bulkhead
        timeout = total or attempt
        self._timeouts, self._retries, self._breaks = counts(timeout), counts(retry), counts(breaker)
        self.watch = None if timeout is None else timeout._watch
        self.passed = ledger.noting(Decision.SUCCEEDED)
        given_up = () if retry is None else ((self._retries, Decision.GAVE_UP),)
        self.refused = ledger.noting(Decision.REJECTED, (self._breaks, Decision.REJECTED), *given_up)
        # without a breaker there is still the window of an engine that nobody tells of failures
        self.engine = BreakerEngine(BreakerOptions()) if breaker is None else breaker._engine
        self.slots = None if bulkhead is None else bulkhead._engine
        budget = None if retry is None else retry._policy.budget
        self.earn: Callable[[], object] = bool if budget is None else budget.earn
        self.attempts = None if retry is None else retry._policy.attempts
        # what all calls that are in no other limits have in common is theirs by class: setting it would cost each
        self.call: type[Call] = type(
            "Call", (Call,), {"seconds": self.seconds, "attempts": self.attempts, "guarded": total is not None}
        )

    def limit_within(self, call: Call, outer: Limits, began: float) -> bool:
        """Set the limits of ``call`` inside others; whether it may go the straight way."""
        if self.attempts is not None and outer.attempts is not None:
            return False
        call.lie_within(outer)
        left = math.inf if outer.deadline is None else outer.deadline - began
        if left <= 0:
            return False
        if self.total < math.inf:
            call.deadline, call.guarded = began + min(self.total, left), True
        if self.seconds < math.inf:
            call.seconds = min(self.seconds, left)
        if self.attempts is not None:
            call.attempts = self.attempts
        return True

    def failed(self, call: Call, error: BaseException, arguments: tuple[Any, ...]) -> Again | None:
        """Settle a first attempt that raised ``error``.

        Args:
            call: the call.
            error: what it raised.
            arguments: the guarded function, its positional and its keyword arguments.

        Returns:
            What is needed for another attempt; ``None`` to raise ``error``, the call is over then.

        Raises:
            DeadlineExceeded: in place of ``error``, if a limit of this run caused it.
        """
        seen = self._settle(call, error)
        self._limit_the_whole(call)
        try:
            again = self._try_again(call, seen, arguments) if isinstance(seen, Exception) else None
            if again is None:
                self.finish(call, seen)
                if seen is not error:
                    raise seen
            return again
        finally:
            # a local name for the error in a frame of its own traceback would be a cycle
            del seen

    def _settle(self, call: Call, error: BaseException) -> BaseException:
        """End the attempt for its time limit and the breaker; returns what the retry gets to see."""
        attempt_ends_first = self.strategies.total is None or call.deadline is None or call.ends < call.deadline
        seen = error
        if self.strategies.attempt is not None and attempt_ends_first and call.close(error):
            self._timeouts[Decision.TIMED_OUT]()
            seen = DeadlineExceeded(call.seconds)
            seen.__cause__ = error
        if self.strategies.breaker is not None:
            self.strategies.breaker._settle(Permit(call.phase, call.began), seen, self._breaks)
        return seen

    def _try_again(self, call: Call, error: Exception, arguments: tuple[Any, ...]) -> Again | None:
        retry = self.strategies.retry
        if retry is None:
            return None
        from exai_sre.resilience.retry_episode import Episode

        episode = Episode(retry._policy, self._retries, arguments, call.began)
        delay = episode.after(error, self.now())
        return None if delay is None else (retry, episode, delay)

    def _limit_the_whole(self, call: Call) -> None:
        """After the first attempt: its limits give way to those of the whole."""
        call.attempts = None if call.outer is None else call.outer.attempts
        call.deadline = None if call.outer is None else call.outer.deadline
        call.ends = call.seconds = math.inf
        if self.strategies.total is not None:
            left = math.inf if call.deadline is None else call.deadline - call.began
            call.seconds = min(self.total, left)
            call.ends = call.deadline = call.began + call.seconds

    def finish(self, call: Call, error: BaseException) -> None:
        """Write down that ``call`` has failed with ``error``.

        Raises:
            DeadlineExceeded: in place of ``error``, if the limit of the whole caused it.
        """
        ended = self.now()
        late = DeadlineExceeded(call.seconds) if call.close(error) else None
        self.leave(call)
        self.ledger.failed(late or error, call.began, ended)
        if late is not None:
            self._timeouts[Decision.TIMED_OUT]()
            try:
                raise late from error
            finally:
                del late

    def leave(self, call: Call) -> None:
        """Give back what ``call`` has taken."""
        take_back_limits(call.token)
        if self.slots is not None:
            self.slots.release()


def entrance(run: Run) -> Callable[[], Call | None]:
    """How a call of ``run`` begins: ``None`` if it cannot go straight through."""
    now, earn, engine, make = run.now, run.earn, run.engine, run.call
    total = None if run.total == math.inf else run.total
    get, put = current_limits.get, current_limits.set
    slots = run.slots or BulkheadEngine(1, 0)
    line, take = slots.line, (bool if run.slots is None else slots.free.pop)

    def enter() -> Call | None:
        phase = engine.phase
        # whoever gives a slot back while others wait hands it to the first of them: nobody takes it before that
        if line or not phase.free:
            return None
        call = make()
        call.began = began = now()
        call.phase = phase
        outer = get()
        if outer is None:
            if total is not None:
                call.deadline = began + total
        elif not run.limit_within(call, outer, began):
            return None
        try:
            take()
        except IndexError:
            return None
        earn()
        call.token = put(call)
        return call

    return enter


def refusal(run: Run) -> Callable[[], None]:
    """How a call of ``run`` is refused if its breaker is surely open and nothing else has a say."""
    now, engine, slots, get = run.now, run.engine, run.slots, current_limits.get
    name = "" if run.strategies.breaker is None else run.strategies.breaker.name
    bears = -1.0 if run.strategies.retry is None else run.strategies.retry._policy.bears
    earn = None if run.earn is bool else run.earn
    note, waiting, settle = run.refused
    forced = math.inf

    def refuse() -> None:
        phase, outer = engine.phase, get()
        until = phase.until
        if until < 0 or (outer is not None and (outer.deadline is not None or outer.attempts is not None)):
            return
        if slots is not None and (slots.line or not slots.free):
            return
        began = now()
        wait = until - began if until < forced else phase.seconds
        if began < until and wait > bears:
            if earn is not None:
                earn()
            note(0.0)
            if len(waiting) > NOTED_AT_MOST:
                settle()
            raise breaker_open()(name, wait)

    return refuse


def way_out(run: Run) -> Callable[[Call], None]:
    """How a call of ``run`` ends that has gone straight through."""
    now, engine = run.now, run.engine
    slow_after, (note, waiting, settle) = engine.slow_after, run.passed
    reset = current_limits.reset
    slots = run.slots or BulkheadEngine(1, 0)
    line, give = slots.line, (bool if run.slots is None else partial(slots.free.append, None))

    def passed(call: Call) -> None:
        ended = now()
        bucket = call.phase.bucket
        seconds = ended - call.began
        if ended < bucket.ends and seconds <= slow_after:
            bucket.count()
            if bucket.wary:
                engine.judge(ended)
        else:
            engine.record(Permit(call.phase, call.began), _OK, ended)
        reset(call.token)
        give()
        if line:
            slots.hand_over()
        note(seconds)
        if len(waiting) > NOTED_AT_MOST:
            settle()

    return passed
