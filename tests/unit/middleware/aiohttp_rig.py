"""An aiohttp application served as aiohttp serves it by default."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def running(app: web.Application) -> AsyncIterator[tuple[str, int]]:
    """Host and port of ``app``, which goes on with a request whose caller has left.

    aiohttp's own ``TestServer`` always cancels it, and so hides how a read or a write ends then.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield host, port
    finally:
        await runner.cleanup()
