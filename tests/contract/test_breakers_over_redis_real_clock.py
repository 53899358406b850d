"""Breakers of several processes over a real redis-server: in step within a second, and alone without it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from contextlib import contextmanager

import pybreaker
import pytest
import redis.asyncio

from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.interop import StorageMirror
from exai_sre.resilience.shared.breaker_state import SharedBreakers
from tests.contract.breaker_process import refuse, storage_on
from tests.contract.redis_server_rig import PATIENCE, RedisServer

pytestmark = pytest.mark.needs_redis

IN_STEP = 1.0
"""Seconds within which an opening in one process opens the others (goal G13)."""

LONGEST_WAIT = 0.05
"""Seconds that a call may take while Redis is gone."""


@pytest.fixture
def server(tmp_path):
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@contextmanager
def process(kind, server, root):
    """A process with a breaker; the function opens it and says when (monotonic seconds, the same for all)."""
    command = [sys.executable, "-m", "tests.contract.breaker_process", kind, str(server.socket)]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"

        def open_it():
            child.stdin.write("open\n")
            child.stdin.flush()
            return float(child.stdout.readline())

        try:
            yield open_it
        finally:
            child.stdin.close()
            child.wait(PATIENCE)


def breaker_of_ours(**options):
    return CircuitBreaker("upstream", **{"minimum_calls": 2, **options})


def trip(breaker):
    for _ in range(2):
        with pytest.raises(ConnectionError):
            breaker.call(refuse)


async def until(condition):
    """When ``condition`` came true, in monotonic seconds."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, "it never came true"
        await asyncio.sleep(0.005)
    return time.monotonic()


async def opened_after(kind, server, root, breaker):
    """Seconds from the opening in another process to the opening of ``breaker``."""
    with process(kind, server, root) as open_it:
        opened = await asyncio.to_thread(open_it)
        seen = await until(lambda: breaker.state == "open")
    return seen - opened


async def test_an_opening_in_one_process_opens_the_others_within_a_second_real_clock(server, root):
    breaker = breaker_of_ours()
    async with SharedBreakers(server.url, breaker) as shared:
        assert await opened_after("shared", server, root, breaker) <= IN_STEP
        assert shared.reached


@pytest.mark.parametrize("kind", ["storage", "pybreaker"])
async def test_a_pybreaker_storage_keeps_processes_in_step_within_a_second_real_clock(server, root, kind):
    breaker = breaker_of_ours()
    with StorageMirror(breaker, storage_on(str(server.socket))):
        assert await opened_after(kind, server, root, breaker) <= IN_STEP


async def test_a_breaker_of_pybreaker_obeys_and_is_obeyed_real_clock(server):
    """One of ours beside one of pybreaker's own: both see what the other does, through its storage, unchanged."""
    ours, theirs = breaker_of_ours(), pybreaker.CircuitBreaker(state_storage=storage_on(str(server.socket)))
    with StorageMirror(ours, storage_on(str(server.socket)), every=0.05):
        trip(ours)
        await until(lambda: theirs.current_state == "open")
        with pytest.raises(pybreaker.CircuitBreakerError):
            theirs.call(int)
        with pytest.raises(pybreaker.CircuitBreakerError):
            ours.call(int)
        theirs.close()
        await until(lambda: ours.state == "closed")
        theirs.open()
        await until(lambda: ours.state == "open")


async def test_what_closes_in_one_closes_in_the_other_real_clock(server):
    one, other = breaker_of_ours(open_for=0.2, half_open_calls=1), breaker_of_ours(open_for=60.0)
    async with SharedBreakers(server.url, one, every=0.05), SharedBreakers(server.url, other, every=0.05):
        trip(one)
        await until(lambda: other.state == "open")
        await until(lambda: one.state == "half_open")
        assert one.call(int) == 0
        await until(lambda: other.state == "closed")
        with server.client() as client:
            kept = client.hgetall("exai:breaker:upstream")
            assert kept[b"state"] == b"closed"
            assert 0 < client.ttl("exai:breaker:upstream") <= 60


async def test_a_client_of_ones_own_serves_and_is_left_open_real_clock(server):
    breaker = breaker_of_ours()
    client = redis.asyncio.Redis(unix_socket_path=str(server.socket), decode_responses=True)
    async with client:
        async with SharedBreakers(client, breaker, every=0.05, prefix="mine:"):
            await client.hset("mine:upstream", mapping={"state": "ajar", "by": "another", "event": "1"})
            await asyncio.sleep(0.2)
            assert breaker.state == "closed"
            await client.hset("mine:upstream", mapping={"state": "open", "by": "another", "event": "2"})
            await until(lambda: breaker.state == "open")
            breaker.reset()
            await until(lambda: breaker.state == "closed")
        assert (await client.hget("mine:upstream", "state")) == "closed"


@pytest.mark.parametrize("option", ["every", "timeout"])
def test_a_time_is_more_than_nothing(option):
    with pytest.raises(OptionError, match=option):
        SharedBreakers("redis://localhost", **{option: 0.0})


async def longest_of(calls, breaker):
    """The longest that one of many calls took, in the best of three rounds: a busy machine is no wait for Redis."""
    rounds = []
    for _ in range(3):
        longest = 0.0
        for _ in range(calls):
            began = time.monotonic()
            with pytest.raises((ConnectionError, pybreaker.CircuitBreakerError)):
                await breaker.call_async(_down)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.001)
        rounds.append(longest)
    return min(rounds)


async def _down():
    raise ConnectionError


@pytest.mark.parametrize("gone", ["killed", "frozen"])
async def test_with_redis_gone_breakers_go_on_alone_and_no_call_waits_real_clock(server, gone, caplog):
    one, other = breaker_of_ours(), breaker_of_ours()
    async with (
        SharedBreakers(server.url, one, every=0.05) as shared,
        SharedBreakers(server.url, other, every=0.05) as others,
    ):
        server.kill() if gone == "killed" else server.freeze()
        await until(lambda: not shared.reached and not others.reached)
        assert await longest_of(100, one) <= LONGEST_WAIT
        assert (one.state, other.state) == ("open", "closed")
        assert len(caplog.records) == 2
        server.start() if gone == "killed" else server.thaw()
        await until(lambda: other.state == "open" and shared.reached)


async def test_a_storage_whose_server_is_gone_closes_no_breaker_and_delays_no_call_real_clock(server):
    breaker = breaker_of_ours()
    with StorageMirror(breaker, storage_on(str(server.socket)), every=0.05), server.client() as client:
        trip(breaker)
        await until(lambda: client.get("upstream:pybreaker:state") == b"open")
        server.kill()
        assert await longest_of(100, breaker) <= LONGEST_WAIT
        assert breaker.state == "open"
