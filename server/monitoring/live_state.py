"""The state that live pages show, gathered from the parts that own it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exai_sre.clock import Clock
from server.monitoring.traffic import Traffic

__all__ = ["LiveState", "ServerFacts"]


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What does not change while the server runs.

    Attributes:
        name: name of the server.
        version: its version.
        replica: name of this process among its replicas.
        started_at: seconds since the Unix epoch.
        simulated: whether the upstreams are the simulator.
        protocol_versions: MCP revisions that are served, newest first.
    """

    name: str
    version: str
    replica: str
    started_at: float
    simulated: bool
    protocol_versions: tuple[str, ...]


class LiveState:
    """Gathers the state on demand.

    Args:
        facts: what does not change.
        clock: the server's clock.
        traffic: rates and quantiles.
        slos: status of every SLO, ready for JSON.
        breakers: state of every circuit breaker, ready for JSON.
        draining: whether the server drains.

    Attributes:
        demo: what the scripted show tells, ``None`` outside it.
    """

    def __init__(
        self,
        facts: ServerFacts,
        *,
        clock: Clock,
        traffic: Traffic,
        slos: Callable[[], list[dict[str, Any]]],
        breakers: Callable[[], list[dict[str, Any]]],
        draining: Callable[[], bool],
    ) -> None:
        self._facts = facts
        self._clock = clock
        self._traffic = traffic
        self._slos = slos
        self._breakers = breakers
        self._draining = draining
        self.demo: dict[str, Any] | None = None

    def __call__(self) -> dict[str, Any]:
        """The state now, without log lines."""
        facts, now = self._facts, self._clock.time()
        return {
            "time": now,
            "server": {
                "name": facts.name,
                "version": facts.version,
                "replica": facts.replica,
                "started_at": facts.started_at,
                "uptime_seconds": max(0.0, now - facts.started_at),
                "simulated": facts.simulated,
                "draining": self._draining(),
                "protocol_versions": list(facts.protocol_versions),
            },
            "slos": self._slos(),
            "traffic": self._traffic.figures(),
            "breakers": self._breakers(),
            "demo": self.demo,
        }
