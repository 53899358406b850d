"""Serving until told to stop: signals, drain, and an orderly end."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Mapping
from typing import Final

from exai_sre.names import Event
from exai_sre.version import __version__
from server.app import Application, running
from server.banner import banner
from server.settings import Settings, settings_warnings

__all__ = ["serve"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


async def serve(settings: Settings, environment: Mapping[str, str], *, stdio: bool, say: Callable[[str], None]) -> None:
    """Run the server until a signal, or until the client on standard input leaves.

    The first signal drains; a second one ends the process at once. Garbage collection may be off
    when this is called; it is on, and passes over what start-up made, once the server runs.

    Args:
        settings: what the operator set.
        environment: where the providers' keys are.
        stdio: serve the client on standard input and output instead of the ports.
        say: takes text for people.

    Raises:
        ExaiSreError: the server cannot start; the text says why.
    """
    client: asyncio.Task[None] | None = None
    async with running(settings, environment, ports=not stdio) as app:
        gc.freeze()
        gc.enable()
        _announce(app, environment, say)
        told = _told_to_stop()
        if stdio:
            client = asyncio.create_task(_serve_client(app))
        await _either(told, client)
        finished = await app.drain()
        app.watch.log.info(Event.SERVER_STOPPED, calls_finished=finished)
    if client is not None:
        await _part(client)


def _announce(app: Application, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    say(banner(app))
    for warning in settings_warnings(environment):
        say(f"warning: {warning}\n")
        app.watch.log.warning(Event.SETTING_IGNORED, reason=warning)
    app.watch.log.info(
        Event.SERVER_STARTED,
        version=__version__,
        mcp=app.mcp_url or None,
        monitoring=app.monitoring_url or None,
        simulated=app.simulator is not None,
    )


def _told_to_stop() -> asyncio.Event:
    """An event that the first signal sets; the next one finds the system's own handler, which ends us."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        told.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    return told


async def _serve_client(app: Application) -> None:
    from server.mcp.stdio import serve_stdio

    await serve_stdio(app.core, clock=app.clock, on_closed=lambda seconds: app.session_closed("pipe", seconds))


async def _either(told: asyncio.Event, client: asyncio.Task[None] | None) -> None:
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({waiting, *({client} if client else ())}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _part(client: asyncio.Task[None]) -> None:
    """See the client off; one that has not left keeps a thread in a read that nothing can interrupt."""
    if not client.done():
        os._exit(0)
    await client
