"""Ids stay with their unit of work over tasks, threads and executors, and never cross."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

from exai_sre.context import correlation_id, in_context, new_correlation_id, unit_of_work


async def nested(depth: int, chance: random.Random) -> list[str | None]:
    seen = [correlation_id.get()]
    for _ in range(chance.randrange(3)):
        await asyncio.sleep(0)
        seen.append(correlation_id.get())
    if depth:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(nested(depth - 1, chance)) for _ in range(2)]
        seen.extend(each for task in tasks for each in task.result())
    return seen


async def test_a_thousand_concurrent_units_never_see_each_others_ids():
    chance = random.Random(20261122)

    async def one() -> bool:
        mine = new_correlation_id()
        with unit_of_work(mine):
            await asyncio.sleep(0)
            seen = await asyncio.gather(nested(1, chance), asyncio.create_task(nested(1, chance)))
            thread = await asyncio.to_thread(correlation_id.get) if chance.random() < 0.05 else mine
        return {mine} == {each for part in seen for each in part} | {thread} and correlation_id.get() is None

    assert all(await asyncio.gather(*(one() for _ in range(1000))))


async def test_a_task_that_outlives_its_unit_keeps_the_id():
    gate = asyncio.Event()

    async def background() -> str | None:
        await gate.wait()
        return correlation_id.get()

    with unit_of_work("unit-id-1"):
        task = asyncio.create_task(background())
    gate.set()
    assert await task == "unit-id-1"
    assert correlation_id.get() is None


async def test_an_async_generator_and_a_timeout_keep_the_id():
    async def numbers():
        for _ in range(2):
            await asyncio.sleep(0)
            yield correlation_id.get()

    with unit_of_work("unit-id-1"):
        async with asyncio.timeout(5):
            assert [each async for each in numbers()] == ["unit-id-1"] * 2


async def test_an_executor_keeps_the_id_only_through_the_wrapper():
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool, unit_of_work("unit-id-1"):
        assert await loop.run_in_executor(pool, correlation_id.get) is None
        wrapped = in_context(lambda: correlation_id.get())
        assert await asyncio.gather(*(loop.run_in_executor(pool, wrapped) for _ in range(4))) == ["unit-id-1"] * 4


async def test_a_cancelled_unit_of_work_is_reset():
    async def run() -> None:
        try:
            with unit_of_work("unit-id-1"):
                await asyncio.Event().wait()
        finally:
            assert correlation_id.get() is None

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
