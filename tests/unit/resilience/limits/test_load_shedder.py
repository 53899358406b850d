"""Load shedder: the least important calls go first, in four forms, by the limit in use and by burning budget."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.context.priority import DEFAULT_PRIORITY, LEAST_PRIORITY, current_priority, priority
from exai_sre.resilience import Shed, outcome_of
from exai_sre.resilience.adaptive_limit import AdaptiveLimit
from exai_sre.resilience.load_shedder import LoadShedder
from exai_sre.resilience.load_shedder_engine import LoadShedderEngine
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import answer, answer_async, collect, hang, items, outcome_of_await, stream


@pytest.fixture
def clock():
    return VirtualClock()


async def fill(limit, share):
    """Let a share of the limit be in use."""
    tasks = [asyncio.ensure_future(limit.call_async(hang)) for _ in range(int(share * limit.limit))]
    await asyncio.sleep(0)
    return tasks


async def end(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def offered(shedder, clock, calls, levels=(0, 3, 7)):
    """How many calls of each priority pass, out of ``calls`` each, one in 10 ms."""
    passed = Counter()
    for _ in range(calls):
        for level in levels:
            clock.advance(0.01)
            with priority(level):
                passed[level] += await outcome_of_await(shedder.call_async(answer_async)) == "ok"
    return passed


def test_the_priority_of_a_unit_of_work_is_in_the_middle_by_default():
    assert current_priority.get() == DEFAULT_PRIORITY == 3
    with priority(0):
        assert current_priority.get() == 0
        with priority(7):
            assert current_priority.get() == 7
        assert current_priority.get() == 0
    assert current_priority.get() == 3


@pytest.mark.parametrize("level", [-1, 8])
def test_there_are_no_other_priorities(level):
    with pytest.raises(ValueError, match="priority"), priority(level):
        pass


async def test_every_call_passes_while_the_limit_is_not_full(clock):
    limit = AdaptiveLimit("service", initial=100, clock=clock)
    shedder = LoadShedder("service", limit=limit, clock=clock)
    tasks = await fill(limit, 0.5)
    assert await offered(shedder, clock, 50) == {0: 50, 3: 50, 7: 50}
    await end(tasks)


async def test_the_least_important_calls_go_first(clock):
    limit = AdaptiveLimit("service", initial=100, clock=clock)
    shedder = LoadShedder("service", limit=limit, clock=clock)
    tasks = await fill(limit, 0.8)
    await offered(shedder, clock, 1)
    passed = await offered(shedder, clock, 10)
    assert 10 == passed[0] >= passed[3] > passed[7]
    await end(tasks)


async def test_what_passes_falls_until_the_limit_is_no_longer_too_full(clock):
    limit = AdaptiveLimit("service", initial=100, clock=clock)
    shedder = LoadShedder("service", limit=limit, clock=clock)
    tasks = await fill(limit, 0.9)
    await offered(shedder, clock, 200)
    assert shedder.snapshot.passing == 0.0
    assert await offered(shedder, clock, 20) == {0: 20, 3: 0, 7: 0}
    await end(tasks)
    await offered(shedder, clock, 30)
    assert shedder.snapshot.passing == 1.0
    assert await offered(shedder, clock, 20) == {0: 20, 3: 20, 7: 20}


async def test_a_refusal_says_who_and_how_important(clock):
    limit = AdaptiveLimit("service", initial=10, clock=clock)
    shedder = LoadShedder("front", limit=limit, clock=clock)
    tasks = await fill(limit, 1.0)
    await offered(shedder, clock, 100)
    with priority(5), pytest.raises(Shed, match=r"'front'.*priority 5") as caught:
        shedder.call(answer)
    assert (caught.value.name, caught.value.priority) == ("front", 5)
    assert outcome_of(caught.value) == "overload"
    assert pickle.loads(pickle.dumps(caught.value)).priority == 5
    await end(tasks)


async def test_every_form_passes_or_is_shed(clock):
    limit = AdaptiveLimit("service", initial=10, clock=clock)
    shedder = LoadShedder("service", limit=limit, clock=clock)

    async def each_form():
        return [
            await outcome_of_await(asyncio.to_thread(shedder.call, answer)),
            await outcome_of_await(shedder.call_async(answer_async)),
            await outcome_of_await(asyncio.to_thread(lambda: list(shedder(items)(1, 2)))),
            await outcome_of_await(collect(shedder.stream(stream, 1, 2))),
        ]

    assert await each_form() == ["ok", "ok", "[1, 2]", "[1, 2]"]
    tasks = await fill(limit, 1.0)
    await offered(shedder, clock, 100)
    assert await each_form() == ["Shed"] * 4
    await end(tasks)


async def test_the_limit_learns_that_calls_were_shed(clock):
    """Otherwise it would take the latency of the overload for the normal one."""

    class Recorder:
        baseline = None

        def __init__(self):
            self.pressed = []

        def engine(self):
            return self

        def update(self, limit, window):
            self.pressed.append(window.pressed)
            return limit

    recorder = Recorder()
    limit = AdaptiveLimit("service", algorithm=recorder, window=0.0, samples=1, clock=clock)
    shedder = LoadShedder("service", limit=limit, clock=clock)
    tasks = await fill(limit, 0.9)
    limit.call(answer)
    await offered(shedder, clock, 100)
    limit.call(answer)
    limit.call(answer)
    assert recorder.pressed == [False, True, False]
    await end(tasks)


async def test_calls_of_one_cohort_go_or_stay_together(clock):
    limit = AdaptiveLimit("service", initial=100, clock=clock)
    shedder = LoadShedder("service", limit=limit, cohort=lambda args, _: f"user {args[0]}", clock=clock)
    tasks = await fill(limit, 0.9)
    clock.advance(1)
    passed = Counter()

    async def work(user):
        return user

    for _ in range(10):
        for user in range(50):
            passed[user] += await outcome_of_await(shedder.call_async(work, user)) == str(user)
    assert set(passed.values()) == {0, 10}
    await end(tasks)


@pytest.mark.parametrize(("burn", "passing"), [(0.0, 100), (6.0, 100), (10.2, 50), (14.4, 0), (100.0, 0)])
async def test_burning_budget_cuts_work_below_the_default_priority_in_proportion(clock, burn, passing):
    shedder = LoadShedder("service", burn=lambda: burn, clock=clock)
    await offered(shedder, clock, 10)
    passed = await offered(shedder, clock, 100)
    assert (passed[0], passed[3]) == (100, 100)
    assert passed[7] == pytest.approx(passing, abs=3)
    assert shedder.snapshot.burn == burn


async def test_the_burn_rate_is_asked_once_a_second_and_its_errors_go_no_further(clock, caplog):
    asked = []

    def burn():
        asked.append(clock.monotonic())
        if len(asked) == 2:
            raise ConnectionError
        return 20.0

    shedder = LoadShedder("service", burn=burn, clock=clock)
    await offered(shedder, clock, 50, levels=(7,))
    assert (len(asked), shedder.snapshot.pressure) == (1, 1.0)
    clock.advance(1)
    with caplog.at_level(logging.ERROR, logger="exai_sre"):
        assert (await offered(shedder, clock, 50, levels=(7,)))[7] == 50
    assert (len(caplog.records), shedder.snapshot.pressure) == (1, 0.0)
    clock.advance(1)
    assert (await offered(shedder, clock, 1, levels=(7,)))[7] == 0
    assert len(asked) == 3


async def test_a_priority_out_of_range_counts_as_the_nearest(clock):
    shedder = LoadShedder("service", burn=lambda: 100.0, clock=clock)
    token = current_priority.set(99)
    try:
        await offered(shedder, clock, 5)
        with pytest.raises(Shed) as caught:
            shedder.call(answer)
    finally:
        current_priority.reset(token)
    assert caught.value.priority == LEAST_PRIORITY


levels = st.integers(0, LEAST_PRIORITY)


@settings(max_examples=40)
@given(st.lists(st.tuples(levels, st.floats(0, 1.5), st.floats(0, 2)), min_size=1, max_size=40))
def test_of_two_calls_at_one_moment_the_more_important_one_passes_at_least_as_easily(script):
    engine, now = LoadShedderEngine(0.75, 0.5), 0.0
    for level, used, gap in script:
        now += gap
        engine.offer(level, used, now, 0.05)
        shares = [min(1.0, max(0.0, engine.offer(each, used, now, 0.05))) for each in range(LEAST_PRIORITY + 1)]
        assert shares == sorted(shares, reverse=True)
        assert shares[0] == 1.0
        assert 0.0 <= engine.passing <= 1.0


def test_while_one_thread_renews_the_threshold_the_others_go_on():
    engine = LoadShedderEngine(0.75, 0.5)
    engine.offer(3, 0.5, 0.0, 0.0)
    with engine._lock:
        assert engine.offer(3, 0.5, 10.0, 0.0) == 1.0
    assert engine.passing == 1.0


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "limit"),
        ({"burn": float, "target": 0}, "target"),
        ({"burn": float, "target": 1}, "target"),
        ({"burn": float, "width": 0}, "width"),
        ({"burn": float, "burn_start": -1}, "burn_start"),
        ({"burn": float, "burn_start": 20}, "burn_start"),
    ],
)
def test_load_shedder_options_that_make_no_sense_are_refused(options, named):
    with pytest.raises(ValueError, match=named):
        LoadShedder("service", **options)
