"""Liveness, readiness, start-up and drain: the policy behind health endpoints, without I/O."""

from exai_sre.health.health import Health, Probe
from exai_sre.health.report import ComponentHealth, HealthReport, HealthStatus

__all__ = ["ComponentHealth", "Health", "HealthReport", "HealthStatus", "Probe"]
