"""One probe: bounded in time, its result kept for a while, one run at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from exai_sre.clock import Clock
from exai_sre.health.report import ComponentHealth

__all__ = ["Probe", "ProbeRunner"]

Probe: TypeAlias = Callable[[], Awaitable[object]]
"""Checks one component; raises or answers ``False`` when it is unhealthy."""


class ProbeRunner:
    """Runs one probe on demand.

    Attributes:
        name: name of the component.
    """

    def __init__(
        self,
        name: str,
        probe: Probe,
        *,
        ttl: float,
        timeout: float,
        critical: bool,
        clock: Clock,
        redact: Callable[[str], str] | None,
    ) -> None:
        self.name = name
        self._probe = probe
        self._ttl = ttl
        self._timeout = timeout
        self._critical = critical
        self._clock = clock
        self._redact = redact
        self._last: ComponentHealth | None = None
        self._expires = 0.0
        self._running: asyncio.Task[ComponentHealth] | None = None

    async def check(self) -> ComponentHealth:
        """The kept result, or that of a run which all callers share.

        A caller that is cancelled does not take the run away from the others.
        """
        if self._last is not None and self._clock.monotonic() < self._expires:
            return self._last
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
            self._running.add_done_callback(self._finished)
        return await asyncio.shield(self._running)

    def _finished(self, task: asyncio.Task[ComponentHealth]) -> None:
        self._running = None
        if not task.cancelled():
            self._last = task.result()
            self._expires = self._clock.monotonic() + self._ttl

    async def _run(self) -> ComponentHealth:
        began = self._clock.monotonic()
        healthy, detail = await self._verdict()
        now = self._clock.monotonic()
        return ComponentHealth(self.name, healthy, self._critical, detail, self._clock.time(), now - began)

    async def _verdict(self) -> tuple[bool, str]:
        probing = asyncio.ensure_future(self._answer())
        limit = asyncio.ensure_future(self._clock.sleep(self._timeout))
        try:
            await asyncio.wait((probing, limit), return_when=asyncio.FIRST_COMPLETED)
            if probing.done():
                return (False, "cancelled") if probing.cancelled() else probing.result()
            return False, f"no answer within {self._timeout:g} s"
        finally:
            probing.cancel()
            limit.cancel()

    async def _answer(self) -> tuple[bool, str]:
        try:
            answer = await self._probe()
        except Exception as error:  # a probe may raise anything, and each of it means unhealthy
            return False, self._describe(error)
        return answer is not False, answer if isinstance(answer, str) else ""

    def _describe(self, error: Exception) -> str:
        name = type(error).__name__
        if self._redact is None or not str(error):
            return name
        return f"{name}: {self._redact(str(error))}"
