"""C30: a call that is not idempotent is not repeated after bytes were sent, unless a key says that it may be."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import httpx
import pytest

from exai_sre.context.attempt import idempotency_key, idempotent_as
from exai_sre.resilience import BreakerOpen, DeadlineExceeded, Pipeline, Retry
from exai_sre.resilience.sent import maybe_sent
from exai_sre.testing import VirtualClock
from tests.unit.resilience.cases.retries import Script, each_retried_form, retried
from tests.unit.resilience.rig import Down


@pytest.fixture
def clock():
    return VirtualClock()


def retry(clock, **options):
    return Pipeline("p", Retry(wait=0, sleep=clock.advance, **options), clock=clock)


def is_safe(method):
    return method in ("GET", "PUT")


class Reset(Down):
    sent = True


class Unsent(Down):
    sent = False


@each_retried_form
@pytest.mark.parametrize("error", [Down, TimeoutError, Reset])
async def test_c30_what_may_have_been_sent_is_not_sent_again(clock, form, error):
    script = Script(answer=error())
    assert await retried(form, clock, retry(clock, idempotent=False), script) == error.__name__
    assert script.calls == 1


@each_retried_form
@pytest.mark.parametrize("error", [ConnectionRefusedError, Unsent])
async def test_c30_what_was_not_sent_is_tried_again(clock, form, error):
    script = Script(error())
    assert await retried(form, clock, retry(clock, idempotent=False), script) == "ok"
    assert script.calls == 2


@each_retried_form
async def test_c30_under_an_idempotency_key_it_is_sent_again_with_the_same_key(clock, form):
    keys = []
    script = Script(Down(), on_call=lambda: keys.append(idempotency_key.get()))
    with idempotent_as() as key:
        assert await retried(form, clock, retry(clock, idempotent=False), script) == "ok"
    assert keys == [key, key]
    assert idempotency_key.get() is None


@each_retried_form
@pytest.mark.parametrize(("method", "calls"), [("GET", 3), ("POST", 1)])
async def test_c30_the_arguments_of_the_call_can_tell_whether_it_is_idempotent(clock, form, method, calls):
    script = Script(answer=Down())
    await retried(form, clock, retry(clock, idempotent=is_safe), script, method)
    assert script.calls == calls


@each_retried_form
async def test_c30_a_result_means_that_it_was_sent(clock, form):
    script = Script("busy")
    guard = retry(clock, idempotent=False, retry_if=lambda result: result == "busy")
    assert await retried(form, clock, guard, script) == "busy"
    assert script.calls == 1


def test_a_key_can_be_given_and_lasts_for_the_block():
    with idempotent_as("order-7") as outer:
        with idempotent_as() as inner:
            assert idempotency_key.get() == inner != outer
        assert idempotency_key.get() == outer == "order-7"


def caused(error, cause):
    error.__cause__ = cause
    return error


def circle():
    first, second = Down(), Down()
    first.__cause__, second.__cause__ = second, first
    return first


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (Down(), True),
        (Reset(), True),
        (Unsent(), False),
        (ConnectionRefusedError(), False),
        (socket.gaierror(), False),
        (BreakerOpen("b", 1.0), False),
        (DeadlineExceeded(0.0, started=False), False),
        (DeadlineExceeded(5.0), True),
        (httpx.ConnectTimeout("t"), False),
        (httpx.PoolTimeout("t"), False),
        (httpx.ReadTimeout("t"), True),
        (aiohttp.ConnectionTimeoutError(), False),
        (aiohttp.ServerDisconnectedError(), True),
        (caused(RuntimeError(), ConnectionRefusedError()), False),
        (caused(RuntimeError(), Reset()), True),
        (circle(), True),
    ],
)
def test_an_error_says_whether_bytes_were_sent(error, sent):
    assert maybe_sent(error) is sent


def closed_port():
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def test_the_refused_connections_of_real_clients_count_as_not_sent():
    address = f"http://127.0.0.1:{closed_port()}/"
    with pytest.raises(ConnectionRefusedError) as plain:
        await asyncio.open_connection("127.0.0.1", closed_port())
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError) as by_httpx:
            await client.get(address)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError) as by_aiohttp:
            await session.get(address)
    assert [maybe_sent(caught.value) for caught in (plain, by_httpx, by_aiohttp)] == [False] * 3


async def test_a_reply_that_breaks_off_counts_as_sent():
    async def break_off(_reader, writer):
        writer.close()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError) as caught:
            await client.get(f"http://127.0.0.1:{port}/")
    assert maybe_sent(caught.value)
