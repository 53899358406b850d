"""``python -m server.simulator``: serves until SIGTERM, or until its parent lets go of its stdin."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import Sequence

from exai_sre.extras import require
from server.simulator.app import Simulator

__all__ = ["main"]

_HOST = "127.0.0.1"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 for a free one (default)")
    parser.add_argument("--seed", type=int, default=0, help="seed of latencies and faults")
    parser.add_argument("--latency", type=float, default=0.15, help="median seconds of an answer")
    parser.add_argument("--sigma", type=float, default=0.35, help="spread of the log-normal latencies")
    return parser


def _watch_parent(stop: asyncio.Event) -> None:
    """Set ``stop`` at the end of stdin where that is a pipe: the kernel closes it even on kill -9."""
    mode = os.fstat(0).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop.set()

    loop.add_reader(0, readable)


async def _serve(arguments: argparse.Namespace) -> None:
    web = require("aiohttp.web", package="aiohttp", extra="aiohttp")
    simulator = Simulator(seed=arguments.seed, latency=arguments.latency, sigma=arguments.sigma)
    runner = web.AppRunner(simulator.build(), access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await web.TCPSite(runner, _HOST, arguments.port).start()
        ready = {"host": _HOST, "port": runner.addresses[0][1], "pid": os.getpid()}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        _watch_parent(stop)
        await stop.wait()
    finally:
        await runner.cleanup()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulator; 0 after a clean stop, 3 where its port cannot be had."""
    arguments = _parser().parse_args(argv)
    try:
        asyncio.run(_serve(arguments))
    except OSError as error:
        sys.stderr.write(f"simulator: port {arguments.port}: {error.strerror or error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
