"""The shared rate limit without a Redis to ask: fallbacks, the pause between attempts, options, forms."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
import redis.asyncio

from exai_sre.context import deadline_at
from exai_sre.resilience import Pipeline, RateLimited, UnsupportedForm
from exai_sre.resilience.shared.redis_rate_limit import RedisRateLimit
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import answer, answer_async, collect, items, outcome_of_await, stream
from tests.waiting import eventually


class Counted(redis.asyncio.Redis):
    """A client of a server that does not exist, which counts how often it was asked."""

    asked = 0

    async def eval(self, *arguments):
        self.asked += 1
        return await super().eval(*arguments)


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
async def client(tmp_path):
    client = Counted(unix_socket_path=str(tmp_path / "nobody.sock"))
    yield client
    await client.aclose()


async def test_each_process_holds_its_part_of_the_rate_by_itself(client, clock):
    limit = RedisRateLimit(client, 20, per=60, name="quota", processes=4, clock=clock)
    ends = [await outcome_of_await(limit.call_async(answer_async)) for _ in range(7)]
    assert ends == ["ok"] * 5 + ["RateLimited"] * 2
    clock.advance(12)
    assert await limit.call_async(answer_async) == "ok"


async def test_redis_is_not_asked_again_before_the_pause_is_over(client, clock):
    limit = RedisRateLimit(client, 1, name="quota", when_gone="admit", pause=2, clock=clock)
    for _ in range(5):
        assert await limit.call_async(answer_async) == "ok"
    assert (client.asked, limit.gone) == (1, True)
    clock.advance(2)
    for _ in range(5):
        assert await limit.call_async(answer_async) == "ok"
    assert client.asked == 2


class Deaf:
    """A client that does not let itself be cancelled, as one that tidies up its connection first."""

    def __init__(self, error):
        self.error = error
        self.release = asyncio.Event()
        self.ended = asyncio.Event()

    async def eval(self, *_):
        while not self.release.is_set():
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                continue
        self.ended.set()
        raise self.error


class SlowToConnect:
    """A client that answers at once when it is connected; each time it is cancelled it has to begin anew."""

    def __init__(self):
        self.connected = False
        self.asked = 0

    async def eval(self, *_):
        self.asked += 1
        if not self.connected:
            await asyncio.sleep(0.2)
            self.connected = True
        return [0]


async def test_one_try_finds_redis_back_though_connecting_takes_longer_than_calls_wait_real_clock():
    client = SlowToConnect()
    limit = RedisRateLimit(client, 1, name="quota", when_gone="admit", answer_within=0.01, pause=1.0)
    assert await limit.call_async(answer_async) == "ok"
    assert limit.gone
    await asyncio.sleep(1.05)
    assert await limit.call_async(answer_async) == "ok"
    await eventually(lambda: not limit.gone)
    assert await limit.call_async(answer_async) == "ok"
    assert (client.asked, limit.gone) == (3, False)


async def test_a_try_that_fails_or_takes_too_long_finds_nothing_real_clock():
    for error in (ConnectionError(), None):
        client = Deaf(error)
        limit = RedisRateLimit(client, 1, name="quota", when_gone="admit", answer_within=0.01, pause=0.1)
        await limit.call_async(answer_async)
        await asyncio.sleep(0.15)
        await limit.call_async(answer_async)
        if error is not None:
            client.release.set()
        await asyncio.sleep(0.15)
        assert limit.gone
        client.error, _ = ConnectionError(), client.release.set()
        await client.ended.wait()


@pytest.mark.parametrize("error", [ConnectionError(), asyncio.CancelledError()])
async def test_a_client_that_does_not_let_go_delays_a_call_no_longer_real_clock(error):
    client = Deaf(error)
    limit = RedisRateLimit(client, 1, name="quota", when_gone="admit")
    began = time.monotonic()
    assert await limit.call_async(answer_async) == "ok"
    assert 0.02 < time.monotonic() - began < 5
    client.release.set()
    await client.ended.wait()
    await asyncio.sleep(0)


async def test_a_caller_that_gives_up_while_redis_is_asked_is_no_sign_that_it_is_gone():
    client = Deaf(ConnectionError())
    limit = RedisRateLimit(client, 1, name="quota", answer_within=60)
    call = asyncio.ensure_future(limit.call_async(answer_async))
    await asyncio.sleep(0)
    call.cancel()
    assert await outcome_of_await(call) == "CancelledError"
    assert not limit.gone
    client.release.set()
    await client.ended.wait()


async def test_a_refusal_says_when_redis_will_be_asked_again(client, clock):
    limit = RedisRateLimit(client, 1, name="quota", when_gone="refuse", pause=2, clock=clock)
    with pytest.raises(RateLimited) as caught:
        await collect(limit.stream(stream, 1))
    assert (caught.value.name, caught.value.retry_after) == ("quota", 2)


async def test_a_local_turn_is_waited_for_by_the_clock_of_the_pipeline_and_within_the_deadline(client, clock):
    limit = RedisRateLimit(client, 1, per=2, name="quota", wait=10)
    pipeline = Pipeline("p", limit, clock=clock)
    assert await pipeline.call_async(answer_async) == "ok"
    clock.advance(0.75)
    assert await clock.run(pipeline.call_async(answer_async)) == "ok"
    assert clock.monotonic() == pytest.approx(1002)
    with deadline_at(clock.monotonic() + 1):
        assert await outcome_of_await(pipeline.call_async(answer_async)) == "RateLimited"


async def test_losing_redis_is_logged_once_per_outage(client, clock, caplog):
    limit = RedisRateLimit(client, 1, name="quota", when_gone="admit", pause=2, clock=clock)
    with caplog.at_level(logging.WARNING, logger="exai_sre"):
        for _ in range(3):
            await limit.call_async(answer_async)
            clock.advance(2)
    assert len(caplog.records) == 1


async def test_synchronous_functions_are_refused(client):
    limit = RedisRateLimit(client, 1, name="quota")
    for refused in (
        lambda: limit(answer),
        lambda: limit(items),
        lambda: limit.call(answer),
        lambda: list(Pipeline("p", limit)(items)(1)),
    ):
        with pytest.raises(UnsupportedForm, match="coroutine function"):
            refused()
    assert await collect(limit(stream)(1, 2)) == [1, 2]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"when_gone": "panic"}, "when_gone"),
        ({"processes": 0}, "processes"),
        ({"answer_within": 0}, "answer_within"),
        ({"pause": -1}, "pause"),
        ({"burst": 0}, "burst"),
    ],
)
async def test_shared_rate_limit_options_that_make_no_sense_are_refused(client, options, named):
    with pytest.raises(ValueError, match=named):
        RedisRateLimit(client, 1, name="quota", **options)
