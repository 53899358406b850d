"""The injectors: a fault, a delay, a made-up outcome, a behaviour, and a jump of the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from inspect import isawaitable
from types import CoroutineType
from typing import Any, ClassVar

from exai_sre.clock import Clock
from exai_sre.resilience.chaos.injector import GO_ON, Injector, Switch
from exai_sre.resilience.chaos.jumping_clock import JumpingClock
from exai_sre.resilience.chaos.permission import ChaosPermission
from exai_sre.resilience.errors import OptionError, UnsupportedForm

__all__ = ["BehaviourInjector", "ClockJumpInjector", "FaultInjector", "LatencyInjector", "OutcomeInjector"]


class FaultInjector(Injector):
    """Raises an error in place of the call.

    Args:
        fault: makes the error, anew for each call: an exception class or a function.
        rate, random, enabled, permission: see
            :class:`~exai_sre.resilience.chaos.injector.Injector`.
        clock: source of time; not read by this injector.
    """

    kind: ClassVar[str] = "chaos_fault"

    def __init__(
        self,
        fault: Callable[[], Exception],
        *,
        rate: float,
        random: Callable[[], float],
        enabled: Switch = False,
        permission: ChaosPermission | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(rate=rate, random=random, enabled=enabled, permission=permission, clock=clock)
        self._fault = fault

    def _inject(self) -> Any:
        raise self._fault()


class LatencyInjector(Injector):
    """Waits before the call is made.

    Args:
        seconds: the delay, or a function that draws one for each call.
        rate, random, enabled, permission: see
            :class:`~exai_sre.resilience.chaos.injector.Injector`.
        sleep: blocks for that many seconds in the synchronous forms.
        clock: source of time and of the asynchronous sleep; that of the pipeline, or the
            system's, by default.

    Raises:
        OptionError: ``seconds`` is negative.
    """

    kind: ClassVar[str] = "chaos_latency"

    def __init__(
        self,
        seconds: float | Callable[[], float],
        *,
        rate: float,
        random: Callable[[], float],
        enabled: Switch = False,
        permission: ChaosPermission | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(rate=rate, random=random, enabled=enabled, permission=permission, clock=clock)
        if not callable(seconds) and not seconds >= 0:
            raise OptionError("seconds", seconds, "a time is not negative")
        self._seconds = seconds
        self._sleep = sleep

    def _draw(self) -> float:
        return self._seconds() if callable(self._seconds) else self._seconds

    def _inject(self) -> Any:
        self._sleep(self._draw())
        return GO_ON

    async def _inject_async(self) -> Any:
        await self._clock.sleep(self._draw())
        return GO_ON


class OutcomeInjector(Injector):
    """Returns a result in place of the call's; for a generator, an iterable of its items.

    Args:
        result: makes the result, anew for each call, such as a response with status 500.
        rate, random, enabled, permission: see
            :class:`~exai_sre.resilience.chaos.injector.Injector`.
        clock: source of time; not read by this injector.
    """

    kind: ClassVar[str] = "chaos_outcome"

    def __init__(
        self,
        result: Callable[[], Any],
        *,
        rate: float,
        random: Callable[[], float],
        enabled: Switch = False,
        permission: ChaosPermission | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(rate=rate, random=random, enabled=enabled, permission=permission, clock=clock)
        self._result = result

    def _inject(self) -> Any:
        return self._result()


class BehaviourInjector(Injector):
    """Does something before the call is made, such as dropping a table or closing connections.

    Args:
        behaviour: what is done; a coroutine function only where coroutine functions are guarded.
        rate, random, enabled, permission: see
            :class:`~exai_sre.resilience.chaos.injector.Injector`.
        clock: source of time; not read by this injector.
    """

    kind: ClassVar[str] = "chaos_behaviour"

    def __init__(
        self,
        behaviour: Callable[[], object],
        *,
        rate: float,
        random: Callable[[], float],
        enabled: Switch = False,
        permission: ChaosPermission | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(rate=rate, random=random, enabled=enabled, permission=permission, clock=clock)
        self._behaviour = behaviour

    def _inject(self) -> Any:
        done = self._behaviour()
        if type(done) is CoroutineType:
            done.close()
            raise UnsupportedForm(
                "the behaviour injected into a plain call is a coroutine function, which nobody would await",
                remedy="give a plain function, or guard a coroutine function",
            )
        return GO_ON

    async def _inject_async(self) -> Any:
        done = self._behaviour()
        if isawaitable(done):
            await done
        return GO_ON


class ClockJumpInjector(Injector):
    """Makes the clock of the strategies jump before the call is made.

    Args:
        jumping: the clock, which was handed to the strategies (or their pipeline) as theirs.
        seconds: how far the wall clock jumps; negative for back.
        monotonic: how far the monotonic clock leaps with it, as after a suspended machine wakes.
        rate, random, enabled, permission: see
            :class:`~exai_sre.resilience.chaos.injector.Injector`.

    Raises:
        OptionError: ``monotonic`` is negative.
    """

    kind: ClassVar[str] = "chaos_clock_jump"

    def __init__(
        self,
        jumping: JumpingClock,
        seconds: float,
        *,
        monotonic: float = 0.0,
        rate: float,
        random: Callable[[], float],
        enabled: Switch = False,
        permission: ChaosPermission | None = None,
    ) -> None:
        super().__init__(rate=rate, random=random, enabled=enabled, permission=permission, clock=jumping)
        if not monotonic >= 0:
            raise OptionError("monotonic", monotonic, "a monotonic clock never goes back")
        self._jumping = jumping
        self._jump = (seconds, monotonic)

    def _inject(self) -> Any:
        seconds, monotonic = self._jump
        self._jumping.jump(seconds, monotonic=monotonic)
        return GO_ON
