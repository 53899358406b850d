"""The health policy: when the service is live, ready, starting or draining."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from exai_sre.clock import Clock
from exai_sre.errors import SettingError
from exai_sre.health.probe import Probe, ProbeRunner
from exai_sre.health.report import ComponentHealth, HealthReport, HealthStatus

__all__ = ["Health", "Probe"]


class Health:
    """Health of one service, asked as often as anyone likes at a bounded cost.

    Each probe's result is kept for its ``ttl``, and callers that ask at the same time share
    one run. A new service is starting until :meth:`started` is called. Belongs to one event loop.

    ``clock`` is the source of time, and its ``sleep`` bounds the probes. ``redact`` removes
    secrets from the text of a probe's exception; without it a report names only the
    exception's class.
    """

    def __init__(self, clock: Clock, *, redact: Callable[[str], str] | None = None) -> None:
        self._clock = clock
        self._redact = redact
        self._probes: dict[str, ProbeRunner] = {}
        self._started = False
        self._draining = False

    @property
    def draining(self) -> bool:
        """Whether the service is going away."""
        return self._draining

    def add_probe(
        self,
        name: str,
        probe: Callable[[], Awaitable[object]],
        ttl: float = 5.0,
        critical: bool = True,
        *,
        timeout: float = 2.0,
    ) -> None:
        """Add a component.

        Args:
            name: name of the component, unique in this service.
            probe: checks it; an exception or the answer ``False`` means unhealthy, a string is
                kept as detail, anything else means healthy.
            ttl: seconds for which a result is kept.
            critical: whether its failure makes the service not ready.
            timeout: seconds after which the probe is given up and the component is unhealthy.

        Raises:
            SettingError: the name is taken, or a time is negative or no number.
        """
        if name in self._probes:
            raise SettingError("name", name, "a probe of that name exists", remedy="give each probe its own name")
        for setting, value in (("ttl", ttl), ("timeout", timeout)):
            if not value >= 0:
                raise SettingError(setting, str(value), "not a duration", remedy="give seconds, 0 or more")
        self._probes[name] = ProbeRunner(
            name, probe, ttl=ttl, timeout=timeout, critical=critical, clock=self._clock, redact=self._redact
        )

    def started(self) -> None:
        """Report that start-up is complete."""
        self._started = True

    def drain(self) -> None:
        """Report that the service is going away; there is no way back."""
        self._draining = True

    def live(self) -> bool:
        """Whether the process can answer at all: always true, for no restart heals a dependency."""
        return True

    async def ready(self) -> HealthReport:
        """Whether traffic may be sent here, and why.

        Runs the probes whose results have expired, all at once; never raises because of a probe.
        """
        components = tuple(await asyncio.gather(*(probe.check() for probe in self._probes.values())))
        status = self._status(components)
        return HealthReport(status in (HealthStatus.READY, HealthStatus.DEGRADED), status, components)

    def _status(self, components: tuple[ComponentHealth, ...]) -> HealthStatus:
        if self._draining:
            return HealthStatus.DRAINING
        if not self._started:
            return HealthStatus.STARTING
        failed = [component for component in components if not component.healthy]
        if any(component.critical for component in failed):
            return HealthStatus.UNHEALTHY
        return HealthStatus.DEGRADED if failed else HealthStatus.READY
