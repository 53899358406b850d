"""What a readiness check found: one verdict, and one line for each component."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ComponentHealth", "HealthReport", "HealthStatus"]


class HealthStatus(StrEnum):
    """State of the service as a load balancer or an engineer on call wants to know it."""

    STARTING = "starting"
    """Start-up has not been reported as complete; not ready."""
    READY = "ready"
    """Every component is healthy."""
    DEGRADED = "degraded"
    """A component that is not critical is unhealthy; still ready."""
    UNHEALTHY = "unhealthy"
    """A critical component is unhealthy; not ready."""
    DRAINING = "draining"
    """The service is going away and finishes what it has; not ready."""


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """Result of one probe.

    Attributes:
        name: name of the component.
        healthy: whether its probe succeeded.
        critical: whether its failure makes the service not ready.
        detail: why it is unhealthy, or what a healthy probe had to say; may be empty.
        checked_at: when the probe ended, seconds since the Unix epoch.
        duration: how long the probe ran, seconds.
    """

    name: str
    healthy: bool
    critical: bool
    detail: str
    checked_at: float
    duration: float

    def to_json(self) -> dict[str, object]:
        """The result as JSON-ready data, times in seconds."""
        return {
            "name": self.name,
            "healthy": self.healthy,
            "critical": self.critical,
            "detail": self.detail,
            "checked_at": self.checked_at,
            "duration_seconds": self.duration,
        }


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The verdict over all components.

    Attributes:
        ready: whether traffic may be sent here.
        status: the state behind that answer.
        components: one result for each probe, in the order in which they were added.
    """

    ready: bool
    status: HealthStatus
    components: tuple[ComponentHealth, ...]

    def to_json(self) -> dict[str, object]:
        """The report as JSON-ready data."""
        return {
            "ready": self.ready,
            "status": self.status.value,
            "components": [component.to_json() for component in self.components],
        }
