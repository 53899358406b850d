"""What all injectors share: the switch, the rate, and the permission to do harm."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from exai_sre.clock import Clock
from exai_sre.resilience.chaos.permission import ChaosPermission, ChaosRefused
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.strategy import Strategy

__all__ = ["GO_ON", "Injector", "InjectorOptions", "Switch"]

GO_ON: Final[Any] = object()
"""What an injection returns where the call is to be made after it."""

Switch = bool | Callable[[], bool]
"""Whether an injector is on: fixed, or asked before each call."""


@dataclass(frozen=True, slots=True)
class InjectorOptions:
    """Options that every injector has and keeps.

    Attributes:
        rate: share of calls that are hit, 0 to 1.
        random: a number from 0 (included) to 1 (excluded), such as ``random.random``.
        permission: where the program runs; by default production, where nothing may be injected.
    """

    rate: float
    random: Callable[[], float]
    permission: ChaosPermission = field(default_factory=ChaosPermission)

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise OptionError("rate", self.rate, "a share of calls lies between 0 and 1")


class Injector(Strategy):
    """Hits a share of the calls; off unless switched on. Put it innermost, where the dependency would be.

    Args:
        rate, random, permission: see :class:`InjectorOptions`.
        enabled: whether it is on, or a callable that is asked before each call.
        clock: source of time; that of the pipeline, or the system's, by default.

    Raises:
        OptionError: an option makes no sense.
        ChaosRefused: it is on, or can be switched on by a callable, where chaos is not permitted.
    """

    decisions: ClassVar[tuple[Decision, ...]] = (Decision.INJECTED,)

    def __init__(
        self,
        *,
        rate: float,
        random: Callable[[], float],
        enabled: Switch = False,
        permission: ChaosPermission | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.options = InjectorOptions(rate, random, permission or ChaosPermission())
        self._switch: Switch = False
        self.switch(enabled)

    @property
    def enabled(self) -> bool:
        """Whether calls are hit now."""
        return self._switch if isinstance(self._switch, bool) else self._switch()

    def switch(self, enabled: Switch) -> None:
        """Switch the injector on or off, or let a callable decide before each call.

        Raises:
            ChaosRefused: chaos is not permitted here; switching off always is.
        """
        permission = self.options.permission
        if enabled is not False and not permission.granted:
            raise ChaosRefused(self.kind, permission.environment)
        self._switch = enabled

    def _hits(self, counts: Counts) -> bool:
        if not self.enabled or self.options.random() >= self.options.rate:
            return False
        counts[Decision.INJECTED]()
        return True

    @abstractmethod
    def _inject(self) -> Any:
        """Do the harm: raise, return what stands for the result, or return :data:`GO_ON`. May block."""

    async def _inject_async(self) -> Any:
        """The same for a task; does not block."""
        return self._inject()

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            result = self._inject() if self._hits(counts) else GO_ON
            return inner(fn, args, kwargs) if result is GO_ON else result

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            result = await self._inject_async() if self._hits(counts) else GO_ON
            return await inner(fn, args, kwargs) if result is GO_ON else result

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            result = self._inject() if self._hits(counts) else GO_ON
            return (yield from inner(fn, args, kwargs) if result is GO_ON else result)

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            result = await self._inject_async() if self._hits(counts) else GO_ON
            if result is not GO_ON:
                for item in result:
                    yield item
                return
            async with aclosing(inner(fn, args, kwargs)) as items:
                async for item in items:
                    yield item

        return step
