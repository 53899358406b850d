"""Everything at once: what configure_telemetry puts together, and into what."""

from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from mcp import Client
from mcp.server import Server
from mcp.server.mcpserver import MCPServer
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient as AsgiClient

from exai_sre.logs import shutdown_logging
from exai_sre.metrics import Catalog, Label, NotCharted
from exai_sre.middleware.metrics_page import MetricsPage
from exai_sre.middleware.telemetry import Telemetry, configure_telemetry
from tests.contract.mcp_sdk_rig import Lines


def telemetry(**options: object) -> tuple[Telemetry, Lines, InMemorySpanExporter]:
    lines, exporter = Lines(), InMemorySpanExporter()
    given = {"logger": lines, "exporter": exporter, "batch": False, "share": False, **options}
    return configure_telemetry("shop", **given), lines, exporter


def durations(made: Telemetry) -> set[tuple[str, ...]]:
    family = made.catalog.family("http_server_request_duration_seconds")
    return {bound.values for bound in family.series() if bound.total}


async def test_an_aiohttp_application_leaves_metrics_lines_and_spans_and_shows_its_page():
    made, lines, exporter = telemetry()

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text=request.match_info["name"])

    app, inner = web.Application(), web.Application()
    inner.router.add_get("/{name}", hello)
    app.add_subapp("/hello", inner)
    made.aiohttp(app)
    async with TestClient(TestServer(app)) as client:
        assert await (await client.get("/hello/bob")).text() == "bob"
        await client.get("/nowhere")
        page = await client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
        assert page.headers["Content-Type"].startswith("application/openmetrics-text")
        text = await page.text()
    assert 'http_route="/hello/{name}"' in text
    assert {("GET", "/hello/{name}", "200"), ("GET", "_OTHER", "404")} <= durations(made)
    assert {span.name for span in exporter.get_finished_spans()} >= {"GET /hello/{name}"}
    assert next(fields["route"] for _, fields in lines if fields["event"] == "http_request") == "/hello/{name}"


async def test_the_arguments_of_a_tool_call_stand_in_the_line_without_secrets():
    stream = io.StringIO()
    server = MCPServer("high")

    @server.tool()
    def greet(name: str, password: str) -> str:
        return name + password

    try:
        configure_telemetry("shop", stream=stream, share=False).mcp(server)
        async with Client(server) as client:
            await client.call_tool("greet", {"name": "postgresql://app:hunter2@db/x", "password": "qwerty77"})
    finally:
        shutdown_logging()
        structlog.reset_defaults()
    (line,) = [line for line in map(json.loads, stream.getvalue().splitlines()) if line.get("tool") == "greet"]
    assert line["arguments"].startswith('{"name":"postgresql://')
    assert "hunter2" not in stream.getvalue()
    assert "qwerty77" not in stream.getvalue()


async def test_a_line_that_would_not_be_written_is_not_made_but_a_bad_one_is():
    class Errors(Lines):
        def is_enabled_for(self, level: int) -> bool:
            return level >= logging.ERROR

    made, _, _ = telemetry()
    server, lines = MCPServer("high"), Errors()

    @server.tool()
    def fail(really: bool) -> str:
        if really:
            raise RuntimeError
        return "no"

    made.mcp(server, logger=lines)
    async with Client(server) as client:
        await client.call_tool("fail", {"really": False})
        await client.call_tool("fail", {"really": True})
    assert [line["outcome"] for line in lines.operations()] == ["error"]


async def test_no_page_is_shown_where_none_is_wanted():
    made, _, _ = telemetry()
    app = web.Application()
    made.aiohttp(app, path=None)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/metrics")).status == 404
    starlette = Starlette()
    telemetry()[0].asgi(starlette, path=None)
    assert AsgiClient(starlette).get("/metrics").status_code == 404


def test_a_starlette_application_with_mounts_is_instrumented_by_its_templates():
    made, lines, _ = telemetry()

    def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.path_params["name"])

    app = Starlette(routes=[Mount("/api", routes=[Route("/hello/{name}", hello)]), Route("/x", hello)])
    made.asgi(app)
    client = AsgiClient(app)
    assert client.get("/api/hello/bob").text == "bob"
    assert "http_server_request_duration_seconds" in client.get("/metrics").text
    routes = made.catalog.family("http_server_request_duration_seconds").instrument.label("http_route")
    assert routes is not None
    assert {"/api/hello/{name}", "/x", "/metrics"} <= set(routes.values)
    assert ("GET", "/api/hello/{name}", "200") in durations(made)
    assert next(fields["status"] for _, fields in lines if fields["event"] == "http_request") == 200


def test_the_page_answers_get_and_head_alone():
    app = Starlette()
    app.add_route("/metrics", MetricsPage(Catalog(), "/metrics"))
    client = AsgiClient(app)
    got, head = client.get("/metrics"), client.head("/metrics")
    assert (got.status_code, head.status_code, head.text) == (200, 200, "")
    assert head.headers["content-length"] == got.headers["content-length"]
    refused = client.post("/metrics")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_mcp_servers_share_the_catalog_and_show_the_page_where_they_have_routes():
    made, _, _ = telemetry()
    high = MCPServer("high")
    found = made.mcp(high)
    assert found.catalog is made.catalog
    assert AsgiClient(high.streamable_http_app()).get("/metrics").status_code == 200
    assert made.mcp(Server("low"), loops=None).metrics.operation_duration is found.metrics.operation_duration
    assert made.mcp(MCPServer("other"), path=None).catalog is made.catalog


def test_log_lines_of_any_logger_go_where_they_are_told_without_secrets():
    stream = io.StringIO()
    try:
        made = configure_telemetry("shop", stream=stream, level="debug", share=False)
        made.logger.info("hello", password="hunter2")
        logging.getLogger("else").warning("postgresql://app:hunter2@db/x")
    finally:
        shutdown_logging()
        structlog.reset_defaults()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {line["service"] for line in lines} == {"shop"}
    assert {"shop", "else"} <= {line["logger"] for line in lines}
    assert "hunter2" not in stream.getvalue()


def test_a_catalog_of_your_own_takes_the_families():
    catalog = Catalog()
    made, _, _ = telemetry(catalog=catalog, version="1.2")
    assert made.catalog is catalog
    assert catalog.family("exai_build_info").labels(version="1.2").value == 1.0


@pytest.mark.parametrize("wrong", [{"renderer": "xml"}, {"level": "loud"}])
def test_a_setting_that_does_not_exist_is_a_clear_error(wrong):
    with pytest.raises(Exception, match=r"use|one of"):
        configure_telemetry("shop", **wrong)


def secret_label(made: Telemetry) -> str:
    calls = made.catalog.counter(
        "shop_calls_total", "Calls.", labels=(Label("target", bound=9),), chart=NotCharted("an example")
    )
    calls.labels(target="postgresql://app:hunter2@db/x").inc()
    return str([bound.values for bound in calls.series()])


def test_open_labels_hold_no_secrets_unless_the_catalog_is_yours():
    assert "hunter2" not in secret_label(telemetry()[0])
    seen: list[str] = []
    catalog = Catalog(redact=lambda text: seen.append(text) or text)
    secret_label(telemetry(catalog=catalog)[0])
    assert seen


async def test_a_large_page_lets_other_work_go_on():
    catalog = Catalog()
    many = catalog.gauge("shop_places", "Places.", labels=(Label("place", bound=2000),), chart=NotCharted("an example"))
    for number in range(1000):
        many.labels(place=str(number)).set(1)
    turns, done = 0, asyncio.Event()

    async def work() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    async def send(message: object) -> None:
        return

    other = asyncio.create_task(work())
    await MetricsPage(catalog, "/metrics")({"method": "GET"}, asyncio.Queue().get, send)
    done.set()
    await other
    assert turns > 5
