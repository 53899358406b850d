"""A real Alertmanager on a free port, alerts posted to it as Prometheus posts them, and who was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import web

from server.demo.programs import free_port, program_running, until_ready


@dataclass
class Told:
    """One notification: who got it, and the alerts in it."""

    receiver: str
    alerts: list[dict[str, str]]
    at: float


@dataclass
class Inbox:
    """Hears every notification, whatever its receiver."""

    url: str = ""
    notifications: list[Told] = field(default_factory=list)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.json()
        labels = [alert["labels"] for alert in body["alerts"]]
        self.notifications.append(Told(body["receiver"], labels, asyncio.get_running_loop().time()))
        return web.Response()

    def of(self, slo: str) -> list[Told]:
        return [told for told in self.notifications if any(each.get("sloth_id") == slo for each in told.alerts)]


@asynccontextmanager
async def inbox() -> AsyncIterator[Inbox]:
    found = Inbox()
    app = web.Application()
    app.router.add_post("/", found.hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.url = "http://{}:{}/".format(*runner.addresses[0][:2])
        yield found
    finally:
        await runner.cleanup()


class Alertmanager:
    """A running one."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def fire(self, alerts: Sequence[Mapping[str, str]]) -> None:
        """Post alerts by their labels, firing from now on."""
        now = datetime.now(UTC).isoformat()
        body = [{"labels": dict(labels), "startsAt": now, "annotations": {"summary": "a test"}} for labels in alerts]
        async with self._session.post(f"{self.url}/api/v2/alerts", json=body) as response:
            assert response.status == 200, await response.text()

    async def ready(self) -> bool:
        async with self._session.get(f"{self.url}/-/ready") as response:
            return response.status == 200


@asynccontextmanager
async def alertmanager(directory: Path, config: str) -> AsyncIterator[Alertmanager]:
    (directory / "alertmanager.yaml").write_text(config, encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = (
        "prometheus-alertmanager",
        f"--config.file={directory}/alertmanager.yaml",
        f"--storage.path={directory}/data",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    )
    async with aiohttp.ClientSession() as session, program_running(command, directory):
        found = Alertmanager(f"http://{address}", session)
        await until_ready(command[0], directory, found.ready)
        yield found
