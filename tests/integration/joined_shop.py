"""Two small services that call each other, with everything that can go wrong in one: the subject of the join."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from exai_sre.logs import LogTail, Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.metrics import Catalog, Label, NotCharted
from exai_sre.metrics.families import HttpServerMetrics, TelemetryMetrics
from exai_sre.middleware.aiohttp_client import instrumented_session
from exai_sre.middleware.aiohttp_server import HttpInstruments, instrument_app
from exai_sre.testing import VirtualClock
from exai_sre.tracing import Tracing
from exai_sre.tracing.error_lines import keep_spans_of_errors

ROUTES = ("/background", "/fine", "/library", "/order", "/recovers", "/refused", "/slow", "/thread")
log, library = get_logger("shop"), logging.getLogger("some.library")


@dataclass
class Shop:
    """A front service, a stock service behind it, and what both left behind."""

    tracing: Tracing
    clock: VirtualClock = field(default_factory=VirtualClock)
    catalog: Catalog = field(default_factory=Catalog)
    lines: io.StringIO = field(default_factory=io.StringIO)
    session: Any = None
    stock_url: Any = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.orders = self.catalog.counter(
            "shop_orders_total", "Orders.", labels=(Label("item", bound=5),), chart=NotCharted("a test")
        )
        self.sizes = self.catalog.histogram(
            "shop_order_size_bytes", "Sizes.", unit="bytes", buckets=(10.0, 100.0), chart=NotCharted("a test")
        )

    async def fine(self, request: web.Request) -> web.Response:
        """Counts, and all is well."""
        self.orders.labels(item="book").inc()
        self.sizes.labels().observe(50.0)
        return web.json_response({})

    async def order(self, request: web.Request) -> web.Response:
        """Asks the stock, which breaks: the error is raised."""
        self.orders.labels(item="pen").inc()
        async with self.session.get(self.stock_url.with_path("/breaks")) as response:
            response.raise_for_status()
        return web.json_response({})

    async def recovers(self, request: web.Request) -> web.Response:
        """Asks the stock, which breaks: the error is logged, and the order goes through."""
        with self.tracing.start("reserve"):
            async with self.session.get(self.stock_url.with_path("/breaks")) as response:
                log.error("stock_unavailable", status=response.status)
        self.sizes.labels().observe(5.0)
        return web.json_response({})

    async def refused(self, request: web.Request) -> web.Response:
        """The caller's mistake."""
        raise web.HTTPBadRequest

    async def slow(self, request: web.Request) -> web.Response:
        """Takes long."""
        self.clock.advance(60.0)
        self.sizes.labels().observe(5000.0)
        return web.json_response({})

    async def library(self, request: web.Request) -> web.Response:
        """Code that knows only the standard library logs an error, and carries on."""
        library.error("code %s", 7)
        return web.json_response({})

    async def thread(self, request: web.Request) -> web.Response:
        """The same in a thread."""
        await asyncio.to_thread(log.critical, "disk_full")
        return web.json_response({})

    async def background(self, request: web.Request) -> web.Response:
        """Starts work that goes on after the response, and fails."""
        self.tasks.append(asyncio.create_task(self._afterwards()))
        return web.json_response({})

    async def _afterwards(self) -> None:
        await self.answered.wait()
        log.error("mail_not_sent")
        with self.tracing.start("retry mail") as span:
            log.error("mail_not_sent_again")
            span.fail("OSError")

    async def breaks(self, request: web.Request) -> web.Response:
        """The stock's fault."""
        raise RuntimeError("no stock")

    def error_lines(self) -> list[dict[str, Any]]:
        """What was logged at level error or above."""
        lines = [json.loads(line) for line in self.lines.getvalue().splitlines()]
        return [line for line in lines if line["level"] in ("error", "critical")]


@asynccontextmanager
async def open_shop(tracing: Tracing, clock: VirtualClock) -> AsyncIterator[tuple[Shop, aiohttp.ClientSession, Any]]:
    """The running shop, a session without any instrumentation to call it with, and its address."""
    shop, tail = Shop(tracing, clock), LogTail()
    metrics = TelemetryMetrics.declare(shop.catalog)
    tail.on_line(keep_spans_of_errors)
    sanitizer = Sanitizer(metrics=metrics)
    configure_logging("shop", stream=shop.lines, sanitizer=sanitizer, metrics=metrics, tail=tail, clock=clock)
    front, stock = web.Application(), web.Application()
    for route in ROUTES:
        front.router.add_get(route, getattr(shop, route[1:]))
    stock.router.add_get("/breaks", shop.breaks)
    http = HttpServerMetrics.declare(shop.catalog, ROUTES)
    instrument_app(front, HttpInstruments(metrics=http, logger=log, tracing=tracing, clock=clock))
    instrument_app(stock, HttpInstruments(logger=get_logger("stock"), tracing=tracing, clock=clock))
    async with AsyncExitStack() as stack:
        stack.callback(shutdown_logging)
        served = await stack.enter_async_context(TestServer(front))
        shop.stock_url = (await stack.enter_async_context(TestServer(stock))).make_url("/")
        shop.session = await stack.enter_async_context(instrumented_session(tracing=tracing))
        caller = await stack.enter_async_context(aiohttp.ClientSession())
        yield shop, caller, served.make_url("/")
