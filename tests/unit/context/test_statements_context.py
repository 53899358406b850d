"""S07 to S09 of the statements on correlation: ids stay with their unit of work, and never cross."""

import asyncio
import multiprocessing
import os
import pickle
import random
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import (
    Baggage,
    TraceContext,
    correlation_id,
    current_baggage,
    current_trace,
    deadline_at,
    in_context,
    new_correlation_id,
    remaining,
    unit_of_work,
)
from exai_sre.context.baggage import Member
from exai_sre.context.connection import connection_id
from exai_sre.context.handover import handed_over, handover, in_process
from exai_sre.context.hop_limits import HopLimits, limits_of_hop
from exai_sre.context.pools import ContextThreadPool
from exai_sre.testing import VirtualClock
from exai_sre.tracing import configure_tracing
from tests.unit.context.hop_rigs import RIGS
from tests.unit.context.units import everything

SCHEDULES = int(os.environ.get("EXAI_SCHEDULES", "100"))
"""Schedules that are tried; each has some dozen points at which tasks change places."""

TRACE = TraceContext("a" * 32, "b" * 16, sampled=True, tracestate="v=1", random=True)
BAGGAGE = Baggage((Member("tenant", "t 1", "ttl=3"), Member("user", "u1")))


async def test_s07_tasks_groups_timeouts_generators_and_to_thread_keep_the_id():
    async def numbers() -> Any:
        for _ in range(2):
            await asyncio.sleep(0)
            yield correlation_id.get()

    async def read() -> str | None:
        await asyncio.sleep(0)
        return correlation_id.get()

    with unit_of_work("unit-id-1"):
        seen = [await asyncio.create_task(read()), *await asyncio.gather(read(), read())]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read()) for _ in range(2)]
        async with asyncio.timeout(60):
            seen += [await read(), *[each async for each in numbers()]]
        seen += [task.result() for task in tasks]
        seen.append(await asyncio.to_thread(correlation_id.get))
    assert seen == ["unit-id-1"] * 9


async def test_s07_executors_and_threads_keep_it_through_the_wrapper_and_not_without():
    loop = asyncio.get_running_loop()
    seen: list[str | None] = []
    with ThreadPoolExecutor(2) as pool, unit_of_work("unit-id-1"):
        assert await loop.run_in_executor(pool, correlation_id.get) is None
        wrapped = in_context(lambda: correlation_id.get())
        assert await asyncio.gather(*(loop.run_in_executor(pool, wrapped) for _ in range(4))) == ["unit-id-1"] * 4
        for target in (
            lambda: seen.append(correlation_id.get()),
            in_context(lambda: seen.append(correlation_id.get())),
        ):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert seen == [None, "unit-id-1"]


async def test_s07_a_pool_that_keeps_the_context_needs_no_wrapper():
    loop = asyncio.get_running_loop()
    with ContextThreadPool(2) as pool:
        for unit in ("unit-id-1", "unit-id-2"):
            with unit_of_work(unit, TRACE, BAGGAGE), deadline_at(1e9):
                assert await loop.run_in_executor(pool, everything) == everything()
                assert [*pool.map(lambda _: correlation_id.get(), range(3))] == [unit] * 3
        assert pool.submit(correlation_id.get).result() is None


def test_s07_a_process_pool_gets_it_by_an_explicit_carrier():
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        unit_of_work("unit-id-1", TRACE, BAGGAGE),
        limits_of_hop(HopLimits(attempts=2), 0.0),
    ):
        assert pool.submit(everything).result() == (None, None, Baggage(), None, None)
        assert pool.submit(in_process(everything)).result() == ("unit-id-1", TRACE, BAGGAGE, None, 2)


def test_s07_the_carrier_holds_all_of_a_unit_of_work_with_its_deadline_and_its_connection():
    here, there = VirtualClock(), VirtualClock()
    there.advance(1000.0)
    token = connection_id.set("connection-1")
    with (
        unit_of_work("unit-id-1", TRACE, BAGGAGE),
        deadline_at(here.monotonic() + 2.5),
        limits_of_hop(HopLimits(None, 3), 0),
    ):
        carrier = handover(here)
    connection_id.reset(token)
    assert all(isinstance(value, str) for value in pickle.loads(pickle.dumps(carrier)).values())
    with handed_over(carrier, there) as unit:
        assert (unit, everything()) == ("unit-id-1", ("unit-id-1", TRACE, BAGGAGE, "set", 3))
        assert remaining(there.monotonic()) == pytest.approx(2.5, abs=0.001)
        assert connection_id.get() == "connection-1"
    assert (everything(), connection_id.get()) == ((None, None, Baggage(), None, None), None)
    with handed_over({}) as fresh:
        assert len(fresh) == 36


@pytest.mark.parametrize("framework", ["aiohttp", "fastapi", "asgi"])
async def test_s08_a_thousand_concurrent_requests_never_cross_their_ids(framework):
    options = {} if framework == "asgi" else {"tracing": None}
    async with RIGS[framework](**options).running() as rig:

        async def one(number: int) -> bool:
            mine = f"request-{number:06}"
            answer = await rig.get("/wander", {"X-Request-ID": mine})
            return (
                answer.all("x-request-id") == [mine]
                and answer.body.replace(" ", "") == f'{{"id":"{mine}","same":true}}'
            )

        assert all(await asyncio.gather(*(one(number) for number in range(1000))))
        assert everything() == (None, None, Baggage(), None, None)
        assert len(rig.service.lines) == 1000


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=2, max_size=8), st.integers(0, 1 << 32))
@settings(max_examples=SCHEDULES, deadline=None)
def test_s08_no_schedule_crosses_ids(ways, seed):
    """Whatever the order in which the tasks of several units of work get to run."""
    chance = random.Random(seed)

    async def walk(stops: int, children: int, mine: str) -> bool:
        with unit_of_work(mine):
            good = True
            for _ in range(stops):
                await asyncio.sleep(0) if chance.random() < 0.5 else await asyncio.gather(asyncio.sleep(0))
                good &= correlation_id.get() == mine
            inner = [asyncio.create_task(walk(1, 0, f"{mine}-{number}")) for number in range(children)]
            chance.shuffle(inner)
            good &= all(await asyncio.gather(*inner))
            return good and correlation_id.get() == mine

    async def run() -> bool:
        tasks = [asyncio.create_task(walk(*way, f"unit-{number}")) for number, way in enumerate(ways)]
        chance.shuffle(tasks)
        return all(await asyncio.gather(*tasks)) and correlation_id.get() is None

    assert asyncio.run(run())


async def test_s08_after_a_request_nothing_is_left_also_after_a_cancellation_and_an_error():
    left: list[tuple[object, ...]] = []

    async def request(end: Any) -> None:
        try:
            with unit_of_work("unit-id-1", TRACE, BAGGAGE), deadline_at(1e9):
                await end
        finally:
            left.append(everything())

    async def fail() -> None:
        raise RuntimeError

    waiting = asyncio.create_task(request(asyncio.Event().wait()))
    await asyncio.sleep(0)
    waiting.cancel()
    results = await asyncio.gather(waiting, request(fail()), request(asyncio.sleep(0)), return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError, RuntimeError, type(None)]
    assert left == [(None, None, Baggage(), None, None)] * 3


def test_s08_what_a_request_sets_by_itself_is_taken_away_with_it():
    with unit_of_work("unit-id-1"):
        current_trace.set(TRACE)
        current_baggage.set(BAGGAGE)
        correlation_id.set("another-id")
    assert everything() == (None, None, Baggage(), None, None)


async def test_s08_a_background_task_keeps_the_id_of_the_request_that_started_it():
    gate, tasks = asyncio.Event(), []

    async def background() -> str | None:
        await gate.wait()
        return correlation_id.get()

    for _ in range(3):
        with unit_of_work() as unit:
            tasks.append((unit, asyncio.create_task(background())))
    gate.set()
    assert [await task for _, task in tasks] == [unit for unit, _ in tasks]


@pytest.mark.parametrize("ratio", [1.0, 0.0])
async def test_s09_a_task_that_outlives_its_request_is_linked_to_it_and_no_child_of_an_ended_span(ratio):
    exporter, gate = InMemorySpanExporter(), asyncio.Event()
    tracing = configure_tracing(
        service="t", exporter=exporter, batch=False, share=False, environ={}, sampler_ratio=ratio
    )

    async def background() -> TraceContext:
        with tracing.start("within"):
            await gate.wait()
        with tracing.start("afterwards") as outer, tracing.start("below") as inner:
            assert inner.context.trace_id == outer.context.trace_id
            return outer.context

    with unit_of_work("unit-id-1"), tracing.start("request", "server") as request:
        task = asyncio.create_task(background())
        await asyncio.sleep(0)
    gate.set()
    position = await task
    assert position.trace_id != request.context.trace_id
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == ({"within", "request", "afterwards", "below"} if ratio else set())
    if ratio:
        (link,) = spans["afterwards"].links
        assert spans["afterwards"].parent is None
        assert f"{link.context.span_id:016x}" == request.context.span_id
        assert spans["within"].parent.span_id == int(request.context.span_id, 16)


def test_s09_a_fresh_id_is_made_where_a_background_job_has_no_request():
    with unit_of_work() as first, unit_of_work(new_correlation_id()) as second:
        assert first < second
