"""Adaptive limit: bounds how many calls run at once by what their latency says about the load."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, ClassVar

from exai_sre.clock import Clock
from exai_sre.outcome import Outcome
from exai_sre.resilience.adaptive_limit_engine import AdaptiveLimitEngine
from exai_sre.resilience.aimd import Aimd
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import DeadlineExceeded, LimitReached, OptionError
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.gradient2 import Gradient2
from exai_sre.resilience.scope import outcome_in_time
from exai_sre.resilience.strategy import Strategy

__all__ = ["AdaptiveLimit", "AdaptiveLimitOptions", "AdaptiveLimitSnapshot"]

_LOST = frozenset({Outcome.TIMEOUT, Outcome.OVERLOAD})


@dataclass(frozen=True, slots=True)
class AdaptiveLimitOptions:
    """Options of an :class:`AdaptiveLimit`; defaults, where not said otherwise, as in Netflix concurrency-limits.

    Attributes:
        algorithm: how the limit is found: ``Gradient2`` from latency, ``Aimd`` from losses alone.
        initial: calls that may run at once at first.
        minimum: the limit never falls below it. 20 in the original, which leaves a dependency
            that serves fewer at once than that without protection.
        maximum: the limit never rises above it.
        window: least seconds between two limits; never less than a call takes. The original
            leaves it to the user, from one call to one second.
        samples: least calls between two limits.
    """

    algorithm: Gradient2 | Aimd = field(default_factory=Gradient2)
    initial: int = 20
    minimum: int = 5
    maximum: int = 200
    window: float = 0.1
    samples: int = 10

    def __post_init__(self) -> None:
        if self.minimum < 1:
            raise OptionError("minimum", self.minimum, "at least one call must be able to run")
        if self.maximum < self.minimum:
            raise OptionError("maximum", self.maximum, "is at least the minimum")
        if not self.minimum <= self.initial <= self.maximum:
            raise OptionError("initial", self.initial, "lies between minimum and maximum")
        if not self.window >= 0:
            raise OptionError("window", self.window, "a time is not negative")
        if self.samples < 1:
            raise OptionError("samples", self.samples, "at least one call makes a sample")


@dataclass(frozen=True, slots=True)
class AdaptiveLimitSnapshot:
    """An adaptive limit at one moment.

    Attributes:
        name: name of the limit.
        limit: calls that may run at once.
        running: calls that run.
        latency: mean seconds of the calls in the last window; 0.0 before it.
        minimum_latency: least seconds of a call in the last window; 0.0 before it.
        baseline: seconds that a call takes without a queue, as far as is known.
    """

    name: str
    limit: int
    running: int
    latency: float
    minimum_latency: float
    baseline: float | None


class AdaptiveLimit(Strategy):
    """Lets as many calls run as the dependency serves without a growing queue, and refuses the others.

    A call that ends well is a sample of latency; a timeout or an overload counts as lost and lowers
    the limit; every other end (an error, a client's mistake, a cancellation, a call that was not
    begun) says nothing about the load. The sample of a stream is the time until its first item; a
    generator gives none, as its time is also that of its consumer. Both hold their slot until they
    are closed. Threads and event loops share one limit.

    Args:
        name: name in errors.
        algorithm, initial, minimum, maximum, window, samples: see :class:`AdaptiveLimitOptions`.
        clock: source of monotonic time; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: an option makes no sense.
    """

    kind: ClassVar[str] = "adaptive_limit"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.REJECTED,)

    def __init__(
        self,
        name: str,
        *,
        algorithm: Gradient2 | Aimd | None = None,
        initial: int = 20,
        minimum: int = 5,
        maximum: int = 200,
        window: float = 0.1,
        samples: int = 10,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.name = name
        self.options = AdaptiveLimitOptions(algorithm or Gradient2(), initial, minimum, maximum, window, samples)
        self._engine = AdaptiveLimitEngine(
            self.options.algorithm.engine(),
            initial=initial,
            minimum=minimum,
            maximum=maximum,
            window=window,
            samples=samples,
        )

    @property
    def limit(self) -> int:
        """Calls that may run at once now."""
        return self._engine.limit

    @property
    def running(self) -> int:
        """Calls that run now."""
        return self._engine.running

    @property
    def utilisation(self) -> float:
        """Share of the limit that is in use; above 1 for a while after the limit has fallen."""
        return self._engine.running / self._engine.limit

    @property
    def latency(self) -> float:
        """Mean seconds of the calls in the last window; 0.0 before it."""
        return self._engine.latency

    def press(self) -> None:
        """Tell the limit that calls on their way to it were turned away because of its load."""
        self._engine.pressed = True

    @property
    def snapshot(self) -> AdaptiveLimitSnapshot:
        """Limit, running calls and latencies as of now."""
        engine = self._engine
        return AdaptiveLimitSnapshot(
            self.name, engine.limit, engine.running, engine.latency, engine.minimum_latency, engine.baseline
        )

    def _enter(self, counts: Counts) -> float:
        """The time at which a call was let in, or :class:`LimitReached` raised."""
        if self._engine.enter():
            return self._now()
        counts[Decision.REJECTED]()
        raise LimitReached(self.name, self._engine.limit)

    def _settle(self, error: BaseException) -> None:
        """End a call that raised ``error``."""
        now = self._now()
        begun = not (isinstance(error, DeadlineExceeded) and not error.started)
        if begun and outcome_in_time(error, now) in _LOST:
            self._engine.lost(now)
        else:
            self._engine.leave()

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            began = self._enter(counts)
            try:
                result = inner(fn, args, kwargs)
            except BaseException as error:
                self._settle(error)
                raise
            self._engine.answered(began, self._now())
            return result

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            began = self._enter(counts)
            try:
                result = await inner(fn, args, kwargs)
            except BaseException as error:
                self._settle(error)
                raise
            self._engine.answered(began, self._now())
            return result

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            self._enter(counts)
            try:
                result = yield from inner(fn, args, kwargs)
            except BaseException as error:
                self._settle(error)
                raise
            self._engine.leave()
            return result

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            began: float | None = self._enter(counts)
            try:
                async with aclosing(inner(fn, args, kwargs)) as items:
                    async for item in items:
                        if began is not None:
                            self._engine.answered(began, self._now(), leaves=False)
                            began = None
                        yield item
            except BaseException as error:
                self._settle(error)
                raise
            if began is None:
                self._engine.leave()
            else:
                self._engine.answered(began, self._now())

        return step
