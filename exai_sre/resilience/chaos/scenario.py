"""Scripted outages as data: what goes wrong from when to when, played by injectors against a clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from exai_sre.clock import Clock, SystemClock
from exai_sre.errors import ExaiSreError
from exai_sre.outcome import Outcome
from exai_sre.resilience.chaos.injector import Injector
from exai_sre.resilience.chaos.injectors import FaultInjector, LatencyInjector
from exai_sre.resilience.chaos.permission import ChaosPermission
from exai_sre.resilience.errors import OptionError

__all__ = ["Act", "InjectedFault", "Scenario"]

_NEVER: Final = -math.inf


class InjectedFault(ExaiSreError, ConnectionError):
    """What a scenario raises in place of a call.

    Attributes:
        outcome: how the call is said to have ended.
        retry_after: seconds that the dependency asks to wait; ``None`` where it does not say.
    """

    def __init__(self, outcome: Outcome, retry_after: float | None = None) -> None:
        self.outcome = outcome
        self.retry_after = retry_after
        super().__init__(f"an injected fault: {outcome.value}")

    def __reduce__(self) -> tuple[type[Self], tuple[Outcome, float | None]]:
        return type(self), (self.outcome, self.retry_after)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that goes wrong for a while; times in seconds.

    Attributes:
        begin: when it begins, counted from the beginning of the scenario.
        end: when it ends.
        rate: share of calls that it hits, 0 to 1.
        latency: delay before the call is made; 0 for none.
        outcome: how the calls fail, such as ``upstream_error``, ``timeout`` or ``overload``;
            ``None`` where they are only delayed.
        retry_after: what a failed call is told to wait; ``None`` for nothing.
    """

    begin: float
    end: float
    rate: float = 1.0
    latency: float = 0.0
    outcome: Outcome | None = None
    retry_after: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.begin < self.end:
            raise OptionError("end", self.end, f"an act that begins at {self.begin:g} s ends later than that")
        if not 0 <= self.rate <= 1:
            raise OptionError("rate", self.rate, "a share of calls lies between 0 and 1")
        if not self.latency >= 0:
            raise OptionError("latency", self.latency, "a time is not negative")
        if self.latency == 0 and self.outcome is None:
            raise OptionError("outcome", self.outcome, "an act delays calls, fails them, or both")

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Read an act from what a TOML, YAML or JSON file says of it.

        Raises:
            OptionError: a key is unknown or missing, or a value makes no sense.
        """
        known = {field.name for field in fields(cls)}
        for key in data:
            if key not in known:
                raise OptionError(key, data[key], f"is no part of an act; those are {', '.join(sorted(known))}")
        for key in ("begin", "end"):
            if key not in data:
                raise OptionError(key, None, "is missing")
        outcome = data.get("outcome")
        if outcome is not None and outcome not in set(Outcome):
            raise OptionError("outcome", outcome, f"is one of {', '.join(Outcome)}")
        return cls(**{**data, "outcome": None if outcome is None else Outcome(outcome)})


class Scenario:
    """An outage in acts, which may overlap. Nothing happens before :meth:`begin`.

    Args:
        acts: what goes wrong.
        random: a number from 0 (included) to 1 (excluded), such as ``random.random``.
        permission: where the program runs.
        sleep: blocks for that many seconds in the synchronous forms.
        clock: what the times are taken from; the same as that of the pipeline.

    Raises:
        ChaosRefused: chaos is not permitted here.

    Attributes:
        acts: what goes wrong.
        injectors: put them innermost in a pipeline, in this order.
    """

    def __init__(
        self,
        acts: Sequence[Act],
        *,
        random: Callable[[], float],
        permission: ChaosPermission,
        sleep: Callable[[float], object] = time.sleep,
        clock: Clock | None = None,
    ) -> None:
        self.acts = tuple(acts)
        self._clock: Clock = clock or SystemClock()
        self._began = _NEVER
        injectors: list[Injector] = []
        for act in self.acts:
            common: dict[str, Any] = {"rate": act.rate, "random": random, "permission": permission, "clock": clock}
            if act.latency:
                injectors.append(LatencyInjector(act.latency, enabled=self._plays(act), sleep=sleep, **common))
            if act.outcome is not None:
                injectors.append(
                    FaultInjector(_fault(act.outcome, act.retry_after), enabled=self._plays(act), **common)
                )
        self.injectors = tuple(injectors)

    @classmethod
    def of(
        cls, data: Sequence[Mapping[str, Any]], *, random: Callable[[], float], permission: ChaosPermission, **more: Any
    ) -> Self:
        """Read a scenario from what a TOML, YAML or JSON file says of its acts.

        Raises:
            OptionError: an act makes no sense.
        """
        return cls([Act.of(act) for act in data], random=random, permission=permission, **more)

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return max((act.end for act in self.acts), default=0.0)

    def begin(self) -> None:
        """Begin to play, now; from the beginning if it plays already."""
        self._began = self._clock.monotonic()

    def stop(self) -> None:
        """End it, whatever act is on."""
        self._began = _NEVER

    def _plays(self, act: Act) -> Callable[[], bool]:
        return lambda: act.begin <= self._clock.monotonic() - self._began < act.end


def _fault(outcome: Outcome, retry_after: float | None) -> Callable[[], Exception]:
    return lambda: InjectedFault(outcome, retry_after)
