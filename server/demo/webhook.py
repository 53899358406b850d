"""A receiver of Alertmanager's notifications that remembers when each arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from exai_sre.clock import Clock

__all__ = ["Notification", "Webhook"]


@dataclass(frozen=True, slots=True)
class Notification:
    """One alert as Alertmanager delivered it.

    Attributes:
        at: monotonic seconds of arrival.
        alert: name of the alert.
        status: ``firing`` or ``resolved``.
        labels: labels of the alert.
        receiver: the Alertmanager receiver that it came through.
    """

    at: float
    alert: str
    status: str
    labels: dict[str, str]
    receiver: str


class Webhook:
    """Listens on a free loopback port; use it inside ``async with``.

    Args:
        clock: stamps arrivals.
        on_notification: called with each one; must not raise.

    Attributes:
        received: everything that arrived, oldest first.
        url: address for Alertmanager's webhook configuration.
    """

    def __init__(self, clock: Clock, on_notification: Callable[[Notification], None] | None = None) -> None:
        self.received: list[Notification] = []
        self.url = ""
        self._clock = clock
        self._notify = on_notification
        self._arrived = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/alerts", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/alerts"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        now = self._clock.monotonic()
        for alert in body["alerts"]:
            labels = dict(alert["labels"])
            found = Notification(now, labels["alertname"], alert["status"], labels, body["receiver"])
            self.received.append(found)
            if self._notify is not None:
                self._notify(found)
        async with self._arrived:
            self._arrived.notify_all()
        return web.Response()

    async def wait_for(self, wanted: Callable[[Notification], bool], *, since: float = 0.0) -> Notification:
        """The first notification from ``since`` (monotonic seconds) on that satisfies ``wanted``; waits for it."""

        def first() -> Notification | None:
            return next((found for found in self.received if found.at >= since and wanted(found)), None)

        async with self._arrived:
            await self._arrived.wait_for(lambda: first() is not None)
        found = first()
        # The condition above has just held.
        assert found is not None  # noqa: S101  # nosec B101
        return found
