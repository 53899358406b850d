"""What the show needs of those that it plays with: the server, the load, Prometheus beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from exai_sre.clock import Clock
from exai_sre.resilience.breaker_options import BreakerOptions
from exai_sre.slo import SloStatus
from server.demo.flow import Beat

__all__ = ["Load", "Observers", "Rhythm", "Stage", "Timing"]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take; seconds.

    Attributes:
        answer: until an upstream answers or refuses, the way there and back included.
        retry_wait: mean wait before an attempt is repeated.
        attempts: attempts per call and upstream.
        tick: interval of the tracker.
    """

    answer: float = 0.03
    retry_wait: float = 0.1
    attempts: int = 2
    tick: float = 1.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The server.

    Attributes:
        clock: its clock.
        statuses: status of every SLO, as of the tracker's last tick.
        breakers: every breaker, ready for JSON.
        fault: sets the fault of an upstream in the simulator.
        publish: puts the show's state on the live page.
        timing: how long things take.
        breaker: options of the upstreams' breakers.
    """

    clock: Clock
    statuses: Callable[[], Sequence[SloStatus]]
    breakers: Callable[[], Sequence[dict[str, Any]]]
    fault: Callable[..., Awaitable[object]]
    publish: Callable[[dict[str, Any]], None]
    timing: Timing = field(default_factory=Timing)
    breaker: BreakerOptions = field(default_factory=BreakerOptions)


class Load(Protocol):
    """Calls at a steady rate."""

    @property
    def rate(self) -> float:
        """Calls per second."""
        ...

    async def run(self) -> None:
        """Call until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When Prometheus looks.

    Attributes:
        scrapes: its scrapes of the server.
        evaluations: its evaluations of the symptom alerts.
        scrape_seconds: how long a scrape takes until its samples can be read.
        window: range of the symptom alert's rates in seconds.
    """

    scrapes: Beat
    evaluations: Beat
    scrape_seconds: float
    window: float

    def since(self, moment: float) -> Rhythm:
        """The same, told in seconds since ``moment``."""
        return Rhythm(self.scrapes.since(moment), self.evaluations.since(moment), self.scrape_seconds, self.window)


class Observers(Protocol):
    """Prometheus and Alertmanager beside the server."""

    async def rhythm(self, clock: Clock) -> Rhythm:
        """When they look, in seconds of ``clock``'s monotonic time."""
        ...
