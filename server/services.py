"""What tools may use of the running server, put together by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exai_sre.clock import Clock
from exai_sre.outcome import Outcome

if TYPE_CHECKING:
    from exai_sre.health import Health
    from server.providers.completion import Completion
    from server.providers.registry import ProviderRegistry

__all__ = ["Services"]


@dataclass(frozen=True, slots=True)
class Services:
    """The running server as its tools see it.

    Attributes:
        registry: models and providers.
        completion: the one path to an upstream.
        health: readiness of this server and of what it depends on.
        tracker_report: the error budgets as this replica sees them, ready for JSON.
        breakers: circuit breakers as ``{"name", "state", "since"}``, ready for JSON.
        clock: the server's clock.
        version: version of the server.
        replica: id of this process among its replicas.
        started_at: seconds since the Unix epoch.
        simulated: whether the upstreams are the simulator.
        feature_used: takes the name of a feature and how its use ended.
    """

    registry: ProviderRegistry
    completion: Completion
    health: Health
    tracker_report: Callable[[], dict[str, Any]]
    breakers: Callable[[], list[dict[str, Any]]]
    clock: Clock
    version: str
    replica: str
    started_at: float
    simulated: bool
    feature_used: Callable[[str, Outcome], None] = lambda _feature, _outcome: None
