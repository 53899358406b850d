"""``python -m server demo``: the whole server, a scripted outage, and what was detected when."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp

from exai_sre.errors import ExaiSreError
from exai_sre.resilience.breaker_options import BreakerOptions
from exai_sre.slo import load_slos
from server.app import Application, running
from server.demo.load import Load
from server.demo.observatory import Observatory, observatory
from server.demo.programs import missing_programs
from server.demo.script import RATE, SCRIPT, Phase, length
from server.demo.show import Show
from server.demo.stage import Stage, Timing
from server.demo.terminal import Terminal
from server.demo.webhook import Webhook
from server.metrics import build_catalog
from server.providers.guard import UpstreamPolicy
from server.settings import Settings
from server.simulator.process import SimulatorProcess
from server.upstreams import KEY_VARIABLES

__all__ = ["demo"]

_LATENCY: Final = 0.05
_SPREAD: Final = 0.05
"""So small that hardly any answer to the slow-down's six seconds takes less than five."""


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

    Raises:
        ListenError: a port cannot be had.
        ObservatoryError: Prometheus or Alertmanager is installed but does not start.
        SimulatorError: the simulator is gone.
    """
    screen = terminal or Terminal()
    # SIGTERM ends the show as Ctrl-C does, or the programs beside it would outlive it.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    keyless = {name: value for name, value in environment.items() if name not in KEY_VARIABLES.values()}
    with tempfile.TemporaryDirectory(prefix="exai-demo-") as directory:
        own = replace(settings, state_dir=Path(directory), replica="demo", log_level="error")
        async with running(own, keyless, simulator=SimulatorProcess(latency=_LATENCY, sigma=_SPREAD)) as server:
            try:
                return await _play(server, screen, script, Path(directory))
            except ExaiSreError as error:
                # Whatever leaves the server's block comes out in a group of the SDK's making, which no one expects.
                failure = error
    raise failure


async def _play(server: Application, screen: Terminal, script: tuple[Phase, ...], directory: Path) -> int:
    missing = missing_programs()
    screen.opening(server.monitoring_url, length(script), missing)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)))
        load = Load(f"{server.mcp_url}/mcp", session, clock=server.clock, rate=RATE)
        if missing:
            show = Show(_stage(server), load, on_entry=screen.entry, script=script)
        else:
            show = _observed_show(stack, server, screen, script, load, directory)
        await show.run()
    screen.summary(show.predictions, load.results)
    return 0 if show.predictions and all(each.measured is not None for each in show.predictions) else 1


def _observed_show(
    stack: AsyncExitStack,
    server: Application,
    screen: Terminal,
    script: tuple[Phase, ...],
    load: Load,
    directory: Path,
) -> Show:
    """A show that Prometheus and Alertmanager watch; they start while it begins, and end with ``stack``."""
    starting: list[asyncio.Task[Observatory]] = []

    def observers() -> Observatory | None:
        return starting[0].result() if starting[0].done() else None

    show = Show(_stage(server), load, on_entry=screen.entry, script=script, observers=observers)
    starting.append(asyncio.create_task(stack.enter_async_context(_watching(server, show, directory))))

    async def stop_starting() -> None:
        starting[0].cancel()
        await asyncio.wait(starting)

    stack.push_async_callback(stop_starting)
    return show


@asynccontextmanager
async def _watching(server: Application, show: Show, directory: Path) -> AsyncIterator[Observatory]:
    catalog = build_catalog()
    slos = load_slos(server.settings.slo_dir, catalog=catalog)
    target = server.monitoring_url.removeprefix("http://")
    async with (
        Webhook(server.clock, show.notified) as hook,
        observatory(directory / "observatory", target=target, webhook_url=hook.url, slos=slos, catalog=catalog) as pair,
    ):
        yield pair


def _stage(server: Application) -> Stage:
    simulator = server.simulator
    # Without keys there always is one.
    assert simulator is not None  # noqa: S101  # nosec B101
    policy = UpstreamPolicy()

    def publish(state: dict[str, Any]) -> None:
        server.live.demo = state

    return Stage(
        clock=server.clock,
        statuses=server.watch.tracker.status,
        breakers=lambda: server.live()["breakers"],
        fault=simulator.control,
        publish=publish,
        timing=Timing(attempts=policy.attempts, tick=server.settings.tick_seconds),
        breaker=BreakerOptions(minimum_calls=policy.minimum_calls, open_for=policy.open_for),
    )
