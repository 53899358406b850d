"""Rate limits in a real redis-server: the decisions of the engine in process, and what becomes of calls without it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager

import pytest
import redis.asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exai_sre.context import deadline_at
from exai_sre.resilience import RateLimited
from exai_sre.resilience.rate_limit_engine import GcraEngine
from exai_sre.resilience.shared.rate_limit_script import RATE_LIMIT_SCRIPT
from exai_sre.resilience.shared.redis_rate_limit import RedisRateLimit
from tests.contract.redis_server_rig import RedisServer
from tests.unit.resilience.rig import answer_async, collect, outcome_of_await, stream
from tests.waiting import eventually

pytestmark = pytest.mark.needs_redis

LONGEST_WAIT = 0.05
"""Seconds for which no call waits longer for a Redis that is gone."""

calls = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3000)), min_size=1, max_size=60)
"""Calls: whose they are, and their patience in microseconds. They come as fast as the server answers."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_server(tmp_path):
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def client_of(server):
    client = redis.asyncio.Redis(unix_socket_path=str(server.socket))
    try:
        # connections are made beforehand, so that only Redis itself decides whether it answers in time
        await asyncio.gather(*(client.ping() for _ in range(10)))
        yield client
    finally:
        await client.aclose()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(interval=st.integers(1, 4000), burst=st.integers(1, 6), script=calls)
def test_the_script_decides_as_the_engine_does_real_clock(server, interval, burst, script):
    engines = {key: GcraEngine(float(interval), burst, slack=1.0) for key in "ab"}
    longest = max(patience for _, patience in script)
    with server.client() as client:
        client.flushall()
        for key, patience in script:
            arguments = (interval, interval * (burst - 1), patience, longest)
            wait, now = client.eval(RATE_LIMIT_SCRIPT, 1, key, *arguments)
            assert engines[key].take(float(now), float(patience)) == float(wait)


async def test_limits_of_one_name_share_their_count_real_clock(server):
    async with client_of(server) as first, client_of(server) as second:
        limits = [RedisRateLimit(client, 5, per=60, name="shared") for client in (first, second)]
        ends = Counter([await outcome_of_await(limits[turn % 2].call_async(answer_async)) for turn in range(20)])
        assert ends == {"ok": 5, "RateLimited": 15}
        with pytest.raises(RateLimited) as caught:
            await limits[0].call_async(answer_async)
        assert 0 < caught.value.retry_after <= 12
        other = RedisRateLimit(first, 5, per=60, name="other")
        assert await collect(other.stream(stream, 1, 2)) == [1, 2]


async def test_each_key_has_a_count_of_its_own_real_clock(server):
    async with client_of(server) as client:
        limit = RedisRateLimit(client, 1, per=60, name="keyed", key=lambda args, _: str(args[0]))

        async def echo(value):
            return value

        ends = [await outcome_of_await(limit.call_async(echo, key)) for key in "abab"]
        assert ends == ["a", "b", "RateLimited", "RateLimited"]


async def test_a_call_waits_for_its_turn_but_not_past_its_deadline_real_clock(server):
    async with client_of(server) as client:
        limit = RedisRateLimit(client, 20, burst=1, name="waits", wait=5)
        began = time.monotonic()
        assert [await limit.call_async(answer_async) for _ in range(4)] == ["ok"] * 4
        assert time.monotonic() - began >= 0.145
        with deadline_at(time.monotonic() + 0.01):
            assert await outcome_of_await(limit.call_async(answer_async)) == "RateLimited"


async def test_a_call_costs_one_round_trip_real_clock(own_server):
    async with client_of(own_server) as client:
        limit = RedisRateLimit(client, 50, per=60, name="trips")
        await limit.call_async(answer_async)
        with own_server.client() as observer:
            before = observer.info("commandstats")["cmdstat_eval"]["calls"], observer.info()["total_net_input_bytes"]
            for _ in range(40):
                await limit.call_async(answer_async)
            stats = observer.info("commandstats")
        assert stats["cmdstat_eval"]["calls"] - before[0] == 40
        assert set(stats) - {"cmdstat_eval", "cmdstat_info", "cmdstat_ping"} <= {
            "cmdstat_client|setinfo",
            "cmdstat_client|setname",
            "cmdstat_get",
            "cmdstat_hello",
            "cmdstat_set",
            "cmdstat_time",
        }


async def test_a_count_leaves_redis_when_its_bucket_is_full_real_clock(server):
    async with client_of(server) as client:
        limit = RedisRateLimit(client, 10, per=60, name="expires")
        for taken in range(1, 4):
            await limit.call_async(answer_async)
            assert 0 < await client.pttl("exai:rate_limit:expires") <= taken * 6000 + 1


async def test_a_clock_of_the_server_that_was_put_back_locks_nobody_out_real_clock(server):
    async with client_of(server) as client:
        limit = RedisRateLimit(client, 20, burst=2, name="put back")
        await client.set("exai:rate_limit:put back", repr((time.time() + 3600) * 1e6))
        with pytest.raises(RateLimited) as caught:
            await limit.call_async(answer_async)
        assert caught.value.retry_after <= 0.051
        await asyncio.sleep(0.06)
        assert await limit.call_async(answer_async) == "ok"


class Load:
    """Calls without a pause, each timed, beside a watch over the delays of the event loop."""

    def __init__(self, limit):
        self.limit = limit
        self.ends = Counter()
        self.longest = self.loop_delay = 0.0
        self.going = True

    async def work(self):
        while self.going:
            began = time.monotonic()
            self.ends[await outcome_of_await(self.limit.call_async(answer_async))] += 1
            self.longest = max(self.longest, time.monotonic() - began)
            await asyncio.sleep(0.001)

    async def watch(self):
        while self.going:
            began = time.monotonic()
            await asyncio.sleep(0.001)
            self.loop_delay = max(self.loop_delay, time.monotonic() - began - 0.001)

    async def run(self, *steps):
        """Let eight workers call while the steps are taken, with a pause after each."""
        tasks = [asyncio.ensure_future(task) for task in (self.watch(), *(self.work() for _ in range(8)))]
        for step, pause in steps:
            await asyncio.to_thread(step)
            await asyncio.sleep(pause)
        self.going = False
        await asyncio.gather(*tasks)

    @property
    def within_bounds(self):
        """Whether no call took longer than it may, but for the loop: a call goes through several of its turns."""
        return self.longest <= LONGEST_WAIT + 3 * self.loop_delay


@pytest.mark.parametrize(("when_gone", "ends"), [("local", {"ok", "RateLimited"}), ("admit", {"ok"})])
async def test_calls_go_on_when_redis_is_killed_under_load_real_clock(own_server, when_gone, ends):
    async with client_of(own_server) as client:
        limit = RedisRateLimit(client, 1e5, name="killed", when_gone=when_gone, processes=10_000, pause=0.2)
        load = Load(limit)
        await load.run((lambda: None, 0.2), (own_server.kill, 0.6))
        assert limit.gone
        assert set(load.ends) == ends
        assert load.within_bounds, (load.longest, load.loop_delay)
        own_server.start()
        await asyncio.sleep(0.25)
        assert await limit.call_async(answer_async) == "ok"
        # One call is enough; connecting anew may take longer than it waits.
        await eventually(lambda: not limit.gone)


async def test_calls_are_refused_while_redis_is_gone_if_so_wanted_real_clock(own_server):
    async with client_of(own_server) as client:
        limit = RedisRateLimit(client, 1e5, name="killed", when_gone="refuse", pause=0.3)
        load = Load(limit)
        await load.run((lambda: None, 0.4), (own_server.kill, 0.4))
        assert set(load.ends) == {"ok", "RateLimited"}
        assert load.within_bounds, (load.longest, load.loop_delay)
        with pytest.raises(RateLimited) as caught:
            await limit.call_async(answer_async)
        assert 0 < caught.value.retry_after <= 0.3


async def test_a_redis_that_hangs_delays_a_bounded_number_of_calls_by_a_bounded_time_real_clock(own_server):
    async with client_of(own_server) as client:
        limit = RedisRateLimit(client, 1e5, name="hangs", when_gone="admit", pause=0.2)
        load = Load(limit)
        await load.run((lambda: None, 0.1), (own_server.freeze, 0.7), (own_server.thaw, 0.4))
        assert set(load.ends) == {"ok"}
        assert load.within_bounds, (load.longest, load.loop_delay)
        assert not limit.gone
        assert await client.get("exai:rate_limit:nothing") is None
