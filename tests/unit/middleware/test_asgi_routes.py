"""The template of a route, as metrics and log lines hold it."""

import asyncio
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router

from exai_sre.middleware.asgi_routes import route_template, route_templates


def fastapi_app() -> FastAPI:
    app, inner, outer = FastAPI(), APIRouter(), APIRouter(prefix="/v1")

    @inner.get("/deep/{name}")
    async def deep(tenant: str, name: str) -> str:
        return name

    @outer.get("/items/{number}")
    async def items(number: int) -> int:
        return number

    @app.get("/files/{rest:path}")
    async def files(rest: str) -> str:
        return rest

    outer.include_router(inner, prefix="/of/{tenant}")
    app.include_router(outer, prefix="/api")

    async def leaf(request: Any) -> Any:
        return PlainTextResponse("x")

    app.mount("/typed/{where:int}", Router(routes=[Route("/leaf/{name}", leaf)]))
    app.mount("/mounted/{where}", Router(routes=[Route("/leaf/{number:int}", leaf), Mount("/static", app=leaf_app)]))
    return app


async def leaf_app(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("x")(scope, receive, send)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/api/v1/items/7", "/api/v1/items/{number}"),
        ("/api/v1/of/acme/deep/x", "/api/v1/of/{tenant}/deep/{name}"),
        ("/api/v1/of/deep/deep/deep", "/api/v1/of/{tenant}/deep/{name}"),
        ("/files/a/b/c", "/files/{rest}"),
        ("/mounted/here/leaf/007", "/mounted/{where}/leaf/{number}"),
        ("/typed/7/leaf/a", "/typed/{where}/leaf/{name}"),
        # Converted and written out again this is not the text that the path holds.
        ("/typed/007/leaf/a", "/typed/{where}/leaf/{name}"),
        ("/nowhere/k-1-secret", "_OTHER"),
        ("/mounted/here/nowhere", "_OTHER"),
    ],
)
async def test_the_template_of_a_route_is_whole_and_never_the_path(path, template):
    scopes: list[Any] = []
    app = fastapi_app()

    async def watch(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await app(scope, receive, send)

    async def send(message: Any) -> None:
        return

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "root_path": ""}
    await watch({**scope, "http_version": "1.1"}, asyncio.Queue().get, send)
    assert route_template(scopes[0]) == template
    assert template in {*route_templates(app.routes), "_OTHER"}


def test_a_mount_that_serves_all_below_it_is_its_own_template():
    route = Mount("/static", app=leaf_app)
    assert route_template({"path": "/static/css/a.css", "route": route, "path_params": {}}) == "/static/{path}"
    assert route_template({"path": "/x", "route": Route("/x", leaf_app)}) == "/x"


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/proxied/api/v1/items/7", "/api/v1/items/{number}"),
        ("/proxied/mounted/here/leaf/007", "/mounted/{where}/leaf/{number}"),
        ("/proxied/typed/007/leaf/a", "/typed/{where}/leaf/{name}"),
        ("/proxied/files/a/b", "/files/{rest}"),
        ("/api/v1/items/7", "/api/v1/items/{number}"),
    ],
)
async def test_what_the_server_is_served_below_is_no_part_of_the_template(path, template):
    async def send(message: Any) -> None:
        return

    app = fastapi_app()
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "root_path": "/proxied"}
    scope["http_version"] = "1.1"
    await app(scope, asyncio.Queue().get, send)
    assert route_template(scope) == template
    assert template in set(route_templates(app.routes))
