"""Every completion at a provider is one decision of its pipeline, however it ends."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from server.providers.completion_result import CompletionFailed
from tests.unit.providers.completion_rig import ANSWER, Rig, ask, down, hang, refused, rig


def decisions(it: Rig, pipeline: str, strategy: str = "pipeline") -> dict[str, int]:
    """What a strategy of one pipeline decided, without what it never did."""
    series = it.metrics.resilience.decisions.series()
    return {one.values[2]: int(one.total) for one in series if one.values[:2] == (pipeline, strategy) and one.total}


async def answered_by(it: Rig, elapse: float = 0.0) -> str:
    try:
        return (await it.run(elapse)).provider
    except CompletionFailed:
        return "nobody"


async def test_each_end_of_a_completion_is_counted_once_by_the_pipeline_of_its_provider() -> None:
    it = rig([ANSWER, refused(), down(), hang, hang], minimum_calls=10, attempt_timeout=5.0)
    answers = [await answered_by(it) for _ in range(3)]
    answers.append(await answered_by(it, 5.0))
    withdrawn = asyncio.create_task(it.completion.run(ask()))
    await it.clock.settle()
    withdrawn.cancel()
    await asyncio.gather(withdrawn, return_exceptions=True)
    it.guards["glm"].breaker.force_open()
    answers.append(await answered_by(it))
    assert Counter(answers) == {"glm": 1, "nobody": 1, "kimi": 3}
    assert decisions(it, "glm") == {"succeeded": 1, "neutral": 2, "failed": 1, "timed_out": 1, "rejected": 1}
    assert decisions(it, "kimi") == {"succeeded": 3}
    assert decisions(it, "glm", "breaker") == {"neutral": 2, "failed": 2, "rejected": 1}
    assert decisions(it, "glm_attempt", "timeout") == {"timed_out": 1}


@pytest.mark.parametrize("attempts", [1, 2, 4])
async def test_attempts_beyond_the_first_are_counted_as_retries_and_the_end_once(attempts: int) -> None:
    it = rig([down()], attempts=attempts, minimum_calls=100)
    await answered_by(it, 60.0)
    assert len(it.glm.requests) == attempts
    assert decisions(it, "glm") == {"failed": 1}
    assert decisions(it, "glm", "retry") == {"gave_up": 1, **({"retried": attempts - 1} if attempts > 1 else {})}


async def test_an_outage_adds_no_more_load_than_the_budget_allows() -> None:
    it = rig([down()], attempts=4, minimum_calls=100_000, concurrency=500)
    tasks = [asyncio.create_task(it.completion.run(ask())) for _ in range(300)]
    await it.clock.elapse(20.0)
    assert {answer.provider for answer in await asyncio.gather(*tasks)} == {"kimi"}
    # 10 % of the calls, 10 in hand at the start, and one per second
    assert len(it.glm.requests) <= 300 + 300 * 0.1 + 10 + 20
    assert decisions(it, "glm", "retry")["budget_empty"] > 0


async def test_the_state_of_each_breaker_is_shown_from_the_start() -> None:
    it = rig()
    shown = {series.values: series.value for series in it.metrics.resilience.breaker_state.series()}
    assert shown == {("glm",): 0, ("kimi",): 0}
    it.guards["glm"].breaker.force_open()
    shown = {series.values: series.value for series in it.metrics.resilience.breaker_state.series()}
    assert shown == {("glm",): 3, ("kimi",): 0}
