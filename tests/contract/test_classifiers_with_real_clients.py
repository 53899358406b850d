"""The tables of errors against the real clients: aiohttp, httpx and grpcio on loopback."""

from __future__ import annotations

import asyncio
import inspect
import socket
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import grpc
import httpx
import pytest
from aiohttp import client_exceptions, web
from mcp import MCPError

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers import GRPC_STATUSES, JSON_RPC_CODES, Verdict, classifier
from exai_sre.resilience.sent import maybe_sent

UPSTREAM, CLIENT, TIMEOUT = Outcome.UPSTREAM_ERROR, Outcome.CLIENT_ERROR, Outcome.TIMEOUT
AGAIN, NEVER, SENT, UNSENT = True, False, True, False


async def answer(request):
    return web.json_response(
        {"error": {"code": request.query.get("code", ""), "message": "x"}},
        status=int(request.match_info["status"]),
        headers={"Retry-After": request.query.get("retry_after", "")},
    )


async def hang_up(request):
    request.transport.close()
    return web.Response()


async def break_off(request):
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"x")
    request.transport.close()
    return response


async def stall(request):
    await asyncio.get_running_loop().create_future()


async def redirect(request):
    raise web.HTTPFound("/redirect")


@pytest.fixture
async def server():
    """A server on loopback that fails in as many ways as it has paths."""
    app = web.Application()
    app.router.add_get("/status/{status}", answer)
    for handler in (hang_up, break_off, stall, redirect):
        app.router.add_get(f"/{handler.__name__}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
def closed_port():
    """An address where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def full_port():
    """An address that takes no further connection: its queue is full."""
    with socket.socket() as listener, socket.socket() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def by_aiohttp(url, **timeouts):
    async with (
        aiohttp.ClientSession(raise_for_status=True, timeout=aiohttp.ClientTimeout(**timeouts)) as session,
        session.get(url) as response,
    ):
        return await response.json()


async def by_httpx(url, *, sock_connect=5.0, sock_read=5.0):
    async with httpx.AsyncClient(
        timeout=httpx.Timeout(5.0, connect=sock_connect, read=sock_read), follow_redirects=True, trust_env=False
    ) as client:
        return (await client.get(url)).raise_for_status().json()


async def raised(coroutine):
    try:
        await coroutine
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


CLIENTS = pytest.mark.parametrize("client", [by_aiohttp, by_httpx])


@CLIENTS
@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("/status/400", Verdict(CLIENT, NEVER, SENT)),
        ("/status/404", Verdict(CLIENT, NEVER, SENT)),
        ("/status/429?retry_after=3", Verdict(UPSTREAM, AGAIN, SENT, 3.0)),
        ("/status/500", Verdict(UPSTREAM, AGAIN, SENT)),
        ("/status/503?retry_after=0.5", Verdict(UPSTREAM, AGAIN, SENT, 0.5)),
        ("/hang_up", Verdict(UPSTREAM, AGAIN, SENT)),
        ("/break_off", Verdict(UPSTREAM, AGAIN, SENT)),
        ("/redirect", Verdict(UPSTREAM, NEVER, SENT)),
    ],
)
async def test_what_a_server_does_wrong(server, client, path, verdict):
    error = await raised(client(f"{server}{path}"))
    assert classifier("http").verdict(error) == verdict, repr(error)


@CLIENTS
async def test_nobody_listens(closed_port, client):
    error = await raised(client(closed_port))
    assert classifier("http").verdict(error) == Verdict(UPSTREAM, AGAIN, UNSENT), repr(error)
    assert not maybe_sent(error)


@CLIENTS
async def test_no_answer_in_time(server, client):
    error = await raised(client(f"{server}/stall", sock_read=0.05))
    assert classifier("http").verdict(error) == Verdict(TIMEOUT, AGAIN, SENT), repr(error)


@CLIENTS
async def test_no_connection_in_time(full_port, client):
    error = await raised(client(full_port, sock_connect=0.05))
    assert classifier("http").verdict(error) == Verdict(TIMEOUT, AGAIN, UNSENT), repr(error)
    assert not maybe_sent(error)


@pytest.mark.parametrize(
    ("client", "url"),
    [(by_aiohttp, "http://["), (by_aiohttp, "nonsense://x/y"), (by_httpx, "nonsense://x/y"), (by_httpx, "http://\0")],
)
async def test_an_address_that_cannot_be_asked_is_our_own_fault(client, url):
    error = await raised(client(url))
    verdict = classifier("http").verdict(error)
    assert verdict == Verdict(Outcome.ERROR, NEVER, UNSENT), repr(error)


async def test_a_pool_without_a_connection_left_is_overload(server):
    one = httpx.Limits(max_connections=1)
    async with (
        httpx.AsyncClient(limits=one, timeout=httpx.Timeout(5.0, pool=0.05), trust_env=False) as client,
        client.stream("GET", f"{server}/status/200"),
    ):
        error = await raised(client.get(f"{server}/status/200"))
    assert classifier("http").verdict(error) == Verdict(Outcome.OVERLOAD, NEVER, UNSENT)


@pytest.mark.parametrize(
    ("code", "verdict"), [("1302", Verdict(UPSTREAM, AGAIN, SENT)), ("1113", Verdict(UPSTREAM, NEVER, SENT))]
)
async def test_a_vendors_code_is_read_from_the_body_that_httpx_keeps(server, code, verdict):
    error = await raised(by_httpx(f"{server}/status/429?code={code}"))
    assert classifier("glm").verdict(error) == verdict


def exceptions_of(module):
    kinds = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Exception)]
    return [kind for kind in kinds if kind.__module__.startswith(("aiohttp", "httpx"))]


@pytest.mark.parametrize(
    "kind", [*exceptions_of(client_exceptions), *exceptions_of(httpx)], ids=lambda k: k.__qualname__
)
def test_every_exception_of_the_installed_clients_has_a_meaning(kind):
    assert classifier("http").verdict(kind.__new__(kind)) is not None


def test_every_code_of_grpc_has_a_meaning():
    assert set(GRPC_STATUSES) == {code.name for code in grpc.StatusCode}


class Failing(grpc.GenericRpcHandler):
    """A service whose method is the name of the status that it fails with."""

    def service(self, details):
        name = details.method.rpartition("/")[2]

        def handle(request, context):
            context.set_trailing_metadata((("grpc-retry-pushback-ms", "250"),) if name == "UNAVAILABLE" else ())
            context.abort(getattr(grpc.StatusCode, name), "x")

        return grpc.unary_unary_rpc_method_handler(handle)


@pytest.fixture(scope="module")
def grpc_server():
    server = grpc.server(ThreadPoolExecutor(2), handlers=[Failing()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


GRPC = pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("UNAVAILABLE", Verdict(UPSTREAM, AGAIN, None, 0.25)),
        ("RESOURCE_EXHAUSTED", Verdict(UPSTREAM, AGAIN)),
        ("INVALID_ARGUMENT", Verdict(CLIENT, NEVER)),
        ("INTERNAL", Verdict(UPSTREAM, NEVER)),
        ("DEADLINE_EXCEEDED", Verdict(TIMEOUT, AGAIN)),
    ],
)


@GRPC
def test_a_status_of_synchronous_grpc(grpc_server, code, verdict):
    with grpc.insecure_channel(grpc_server) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"/s/{code}")(b"")
    assert classifier("grpc").verdict(caught.value) == verdict


@GRPC
async def test_a_status_of_asyncio_grpc(grpc_server, code, verdict):
    async with grpc.aio.insecure_channel(grpc_server) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            await channel.unary_unary(f"/s/{code}")(b"")
    assert classifier("grpc").verdict(caught.value) == verdict


def test_grpc_to_nobody_is_unavailable(closed_port):
    with grpc.insecure_channel(closed_port.removeprefix("http://")) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/s/OK")(b"")
    assert classifier("grpc").verdict(caught.value) == Verdict(UPSTREAM, AGAIN)


@pytest.mark.parametrize("code", JSON_RPC_CODES)
def test_the_sdks_error_carries_its_json_rpc_code(code):
    assert classifier("mcp").verdict(MCPError(code=code, message="x")) == JSON_RPC_CODES[code]
