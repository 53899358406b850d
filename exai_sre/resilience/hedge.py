"""Hedge: a second attempt beside a slow first one; the first answer counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, ParamSpec, TypeVar

from exai_sre.clock import Clock
from exai_sre.context.deadline import remaining
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.hedge_engine import HedgeEngine, HedgeOptions, Idempotent
from exai_sre.resilience.hedge_race import Race
from exai_sre.resilience.strategy import Strategy
from exai_sre.resilience.timer import Timer, start_timer
from exai_sre.resilience.unsupported import Unsupported

__all__ = ["Hedge"]

P = ParamSpec("P")
R = TypeVar("R")

_UNSUPPORTED: Final = Unsupported(
    frozenset({"sync", "items", "stream"}),
    "is no coroutine function: only those can be hedged",
    remedy="leave Hedge out, or guard a coroutine function",
)


class Hedge(Strategy):
    """Begins another attempt where the first has not answered in time, and takes the first answer.

    The attempts that lose are cancelled and awaited before the answer is given. An attempt that
    fails leaves the others running; if all fail, the error of the first is raised. Each attempt
    runs in a task of its own, with a copy of the context. Only coroutine functions can be hedged.

    Args:
        after, idempotent, quantile, extra, budget: see
            :class:`~exai_sre.resilience.hedge_engine.HedgeOptions`.
        clock: source of time and timers; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: an option makes no sense.
    """

    kind: ClassVar[str] = "hedge"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.BUDGET_EMPTY, Decision.HEDGED, Decision.HEDGE_WON)

    def __init__(
        self,
        after: float,
        *,
        idempotent: Idempotent,
        quantile: float | None = None,
        extra: int = 1,
        budget: RetryBudget | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.options = HedgeOptions(after, idempotent, quantile, extra, budget)
        self.budget = budget or RetryBudget(clock=clock)
        self._engine = HedgeEngine(self.options)

    @property
    def delay(self) -> float:
        """Seconds without an answer after which another attempt is begun, as of now."""
        return self._engine.delay

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """Hedge every call of ``fn``, a coroutine function.

        Raises:
            UnsupportedForm: ``fn`` is anything else.
        """
        _UNSUPPORTED.check(fn)
        return super().__call__(fn)

    def _may_repeat(self, args: Arguments, kwargs: Keywords) -> bool:
        idempotent = self.options.idempotent
        return idempotent if isinstance(idempotent, bool) else idempotent(*args, **kwargs)

    def _alarm(self, race: Race) -> Timer:
        return start_timer(self._clock, self._engine.delay, race.ring)

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            self.budget.earn()
            if not self._may_repeat(args, kwargs):
                return await inner(fn, args, kwargs)
            began, race = self._now(), Race(lambda: inner(fn, args, kwargs))
            race.begin()
            alarm = self._alarm(race)
            try:
                while not race.over:
                    await race.move()
                    if race.due and not race.over:
                        alarm = self._hedge(race, counts) or alarm
            finally:
                alarm.cancel()
                await race.end()
            return self._judge(race, self._now() - began, counts)

        return step

    def _hedge(self, race: Race, counts: Counts) -> Timer | None:
        """Begin another attempt, if time and budget allow; the alarm for the one after it."""
        race.due = False
        if remaining(self._now()) == 0:
            return None
        if not self.budget.spend():
            counts[Decision.BUDGET_EMPTY]()
            return None
        counts[Decision.HEDGED]()
        race.begin()
        return self._alarm(race) if race.attempts <= self.options.extra else None

    def _judge(self, race: Race, seconds: float, counts: Counts) -> Any:
        if race.winner is not None:
            self._engine.record(seconds)
        if race.winner:
            counts[Decision.HEDGE_WON]()
        return race.result()

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:  # noqa: ARG002 - has no such form
        return _UNSUPPORTED.sync

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:  # noqa: ARG002 - has no such form
        return _UNSUPPORTED.items

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:  # noqa: ARG002 - has no such form
        return _UNSUPPORTED.stream
