"""``python -m server demo``: the whole server, a scripted outage, and what was detected when."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp

from exai_sre.slo import load_slos
from server.app import Application, running
from server.demo.load import Load
from server.demo.observatory import missing_programs, observatory
from server.demo.script import SCRIPT, Phase, length
from server.demo.show import Show, Stage
from server.demo.terminal import Terminal
from server.demo.webhook import Webhook
from server.metrics import build_catalog
from server.providers.guard import UpstreamPolicy
from server.settings import Settings
from server.simulator.process import SimulatorProcess
from server.upstreams import KEY_VARIABLES

__all__ = ["RATE", "demo"]

RATE: Final = 10.0
"""Calls per second during the show."""


async def demo(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    terminal: Terminal | None = None,
    script: tuple[Phase, ...] = SCRIPT,
) -> int:
    """Play the show on a server of its own, with a state of its own; always on the simulator.

    Args:
        settings: of the operator; the state directory is replaced by a temporary one.
        environment: providers' keys in it are not used.
        terminal: where the show is told; standard output by default.
        script: the phases.

    Returns:
        0 if everything predicted was detected, else 1.
    """
    screen = terminal or Terminal()
    keyless = {name: value for name, value in environment.items() if name not in KEY_VARIABLES.values()}
    with tempfile.TemporaryDirectory(prefix="exai-demo-") as directory:
        own = replace(settings, state_dir=Path(directory), replica="demo", log_level="error")
        async with running(own, keyless, simulator=SimulatorProcess(latency=0.05)) as server:
            return await _play(server, screen, script, Path(directory))


async def _play(server: Application, screen: Terminal, script: tuple[Phase, ...], directory: Path) -> int:
    screen.say(f"Live page: {server.monitoring_url}/   about {length(script):.0f} s, simulated upstreams, no keys used")
    screen.say("The server has just started: its windows hold the demo alone, and the predictions reckon with that.")
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)))
        load = Load(f"{server.mcp_url}/mcp", session, clock=server.clock, rate=RATE)
        missing = missing_programs()
        show = Show(_stage(server), load, on_entry=screen.entry, script=script, paged=not missing)
        if missing:
            screen.say(f"Not installed here, so not part of the show: {', '.join(missing)}")
        else:
            screen.say("Prometheus and Alertmanager are installed: they watch too, with the generated rules.")
            await stack.enter_async_context(_watched(server, show, directory))
        await show.run()
    screen.summary(show.predictions, load.results)
    return 0 if show.predictions and all(each.measured is not None for each in show.predictions) else 1


@asynccontextmanager
async def _watched(server: Application, show: Show, directory: Path) -> AsyncIterator[None]:
    catalog = build_catalog()
    slos = load_slos(server.settings.slo_dir, catalog=catalog)
    target = server.monitoring_url.removeprefix("http://")
    async with (
        Webhook(server.clock, show.notified) as hook,
        observatory(directory / "observatory", target=target, webhook_url=hook.url, slos=slos, catalog=catalog),
    ):
        yield


def _stage(server: Application) -> Stage:
    simulator = server.simulator
    assert simulator is not None  # noqa: S101 - without keys there always is one

    def publish(state: dict[str, Any]) -> None:
        server.live.demo = state

    return Stage(
        clock=server.clock,
        statuses=server.watch.tracker.status,
        breakers=lambda: server.live()["breakers"],
        fault=simulator.control,
        publish=publish,
        attempts=UpstreamPolicy().attempts,
        tick=server.settings.tick_seconds,
    )
