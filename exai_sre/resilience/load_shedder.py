"""Load shedder: under overload it turns away the least important calls first."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar, Final
from zlib import crc32

from exai_sre.clock import Clock
from exai_sre.context.priority import LEAST_PRIORITY, current_priority
from exai_sre.names import Event
from exai_sre.resilience.adaptive_limit import AdaptiveLimit
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import OptionError, Shed
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.load_shedder_engine import LoadShedderEngine
from exai_sre.resilience.rate_limit import KeyOf
from exai_sre.resilience.strategy import Strategy

__all__ = ["LoadShedder", "LoadShedderOptions", "LoadShedderSnapshot"]

_ASK_BURN_EVERY: Final = 1.0
_GOLDEN: Final = (math.sqrt(5.0) - 1.0) / 2.0
_HASHES: Final = 2.0**32


@dataclass(frozen=True, slots=True)
class LoadShedderOptions:
    """Options of a :class:`LoadShedder`.

    Attributes:
        target: share of the adaptive limit in use above which calls are shed, a ratio of 0 to 1;
            the rest is for bursts of the important ones.
        width: share of the limit over which the share of calls that passes falls from all to none.
            This figure and the one above are our own, from the simulated overload in the tests.
        burn_start: burn rate from which on work below the default priority is cut; 6 is the
            slower paging tier of the Google SRE workbook (5 % of a month's budget in 6 h).
        burn_full: burn rate at which all of it is cut; 14.4 is the faster one (2 % in 1 h).
    """

    target: float = 0.75
    width: float = 0.25
    burn_start: float = 6.0
    burn_full: float = 14.4

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise OptionError("target", self.target, "is a ratio between 0 and 1")
        if not self.width > 0:
            raise OptionError("width", self.width, "is a share of the limit, above 0")
        if not 0 <= self.burn_start < self.burn_full:
            raise OptionError("burn_start", self.burn_start, "is not negative and below burn_full")


@dataclass(frozen=True, slots=True)
class LoadShedderSnapshot:
    """A load shedder at one moment.

    Attributes:
        name: name of the load shedder.
        passing: share of the offered calls that passes while the slots in use are at the target.
        burn: burn rate when it was last asked for; 0.0 without one.
        pressure: share of the work below the default priority that burning budget cuts.
    """

    name: str
    passing: float
    burn: float
    pressure: float


class LoadShedder(Strategy):
    """Turns away the least important calls while an adaptive limit fills up or error budget burns.

    Put it outside the :class:`~exai_sre.resilience.adaptive_limit.AdaptiveLimit` that it watches.
    The priority of a call is :data:`~exai_sre.context.priority.current_priority`. What has to go
    is taken from the least important priority first; within the priority at the border a share of
    the calls goes, spread evenly, or by a key, so that one user's calls go or stay together.
    Priority 0 is never shed: only the limit itself refuses it.

    The threshold is that of a PI controller over the mix of priorities of the last seconds, as in
    Uber's Cinnamon; there is nothing to tune per service, as its pace follows the latency that the
    limit measures. A burn rate only ever cuts work below the default priority, in proportion and
    without memory: shed calls burn budget themselves, and must not bring about the next ones.

    Args:
        name: name in errors.
        limit: the adaptive limit whose use is watched; ``None`` for none.
        burn: tells the burn rate of an error budget (1 spends it just in time); asked once a
            second at most, by the call that finds it due, so it must not block. What it raises is
            logged, and the burn rate then taken as 0. ``None`` for none.
        cohort: key by which calls of one priority go or stay together, such as a user.
        target, width, burn_start, burn_full: see :class:`LoadShedderOptions`.
        clock: source of monotonic time; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: an option makes no sense, or there is neither a limit nor a burn rate.
    """

    kind: ClassVar[str] = "load_shedder"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.SHED,)

    def __init__(
        self,
        name: str,
        *,
        limit: AdaptiveLimit | None = None,
        burn: Callable[[], float] | None = None,
        cohort: KeyOf | None = None,
        target: float = 0.75,
        width: float = 0.25,
        burn_start: float = 6.0,
        burn_full: float = 14.4,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        if limit is None and burn is None:
            raise OptionError("limit", limit, "a load shedder needs a limit or a burn rate to go by")
        self.name = name
        self.options = LoadShedderOptions(target, width, burn_start, burn_full)
        self._engine = LoadShedderEngine(target, width)
        self._limit = limit
        self._burn = burn
        self._cohort = cohort
        self._burning = 0.0
        self._ask_burn_at = -math.inf
        self._turns = count()

    @property
    def snapshot(self) -> LoadShedderSnapshot:
        """Threshold and burn rate as of now."""
        return LoadShedderSnapshot(self.name, self._engine.passing, self._burning, self._engine.pressure)

    def _admit(self, args: Arguments, kwargs: Keywords, counts: Counts) -> None:
        """Let a call pass, or raise :class:`Shed`."""
        now = self._now()
        if self._burn is not None and now >= self._ask_burn_at:
            self._ask_burn(self._burn, now)
        level = min(LEAST_PRIORITY, max(0, current_priority.get()))
        limit = self._limit
        if limit is None:
            passing = self._engine.offer(level, 0.0, now, 0.0)
        else:
            passing = self._engine.offer(level, limit.utilisation, now, limit.latency)
        if passing >= 1.0 or (passing > 0.0 and self._place(args, kwargs) < passing):
            return
        if limit is not None:
            limit.press()
        counts[Decision.SHED]()
        raise Shed(self.name, level)

    def _place(self, args: Arguments, kwargs: Keywords) -> float:
        """Where a call stands among those of its priority, 0 to 1."""
        if self._cohort is not None:
            return crc32(self._cohort(args, kwargs).encode()) / _HASHES
        # multiples of the golden ratio spread more evenly than chance does
        return next(self._turns) * _GOLDEN % 1.0

    def _ask_burn(self, burn: Callable[[], float], now: float) -> None:
        self._ask_burn_at = now + _ASK_BURN_EVERY
        try:
            self._burning = burn()
        except Exception:
            logging.getLogger(__name__).exception(Event.UNHANDLED_ERROR)
            self._burning = 0.0
        above = (self._burning - self.options.burn_start) / (self.options.burn_full - self.options.burn_start)
        self._engine.pressure = min(1.0, max(0.0, above))

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            self._admit(args, kwargs, counts)
            return inner(fn, args, kwargs)

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            self._admit(args, kwargs, counts)
            return await inner(fn, args, kwargs)

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            self._admit(args, kwargs, counts)
            return (yield from inner(fn, args, kwargs))

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            self._admit(args, kwargs, counts)
            async with aclosing(inner(fn, args, kwargs)) as items:
                async for item in items:
                    yield item

        return step
