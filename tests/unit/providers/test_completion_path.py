from __future__ import annotations

import asyncio
from typing import Any

import pytest

from exai_sre.context import Operation, current_deadline, current_operation, deadline_at
from exai_sre.names import Attribute, Event
from exai_sre.outcome import Outcome
from server.providers.base import ChatChunk, ChatRequest, ChatResult, ChunkSink
from server.providers.completion_result import CompletionFailed
from server.providers.registry import RequestRefused
from tests.unit.providers.completion_rig import ANSWER, Script, after, ask, down, hang, refused, rig


async def test_an_answer_is_counted_once_with_its_tokens_and_its_price() -> None:
    it = rig()
    result = await it.run()
    assert (result.provider, result.model, result.attempts, result.fallback_from) == ("glm", "glm-4.6", 1, None)
    assert result.cost == pytest.approx((10 * 0.6 + 20 * 2.2) / 1e6)
    assert it.counts("attempt_duration") == {("glm", "ok"): 1}
    assert it.counts("operation_duration") == {("glm", "ok"): 1}
    assert it.counts("input_tokens") == {("glm", "glm-4.6"): 10}
    assert it.counts("output_tokens") == {("glm", "glm-4.6"): 20}
    assert it.counts("first_chunk") == {}
    assert it.counts("fallbacks") == {}
    assert it.kimi.requests == []
    assert it.events == []


@pytest.mark.parametrize("retryable", [True, False])
async def test_an_upstream_failure_goes_to_the_next_provider(retryable: bool) -> None:
    it = rig([down(retryable=retryable)])
    result = await it.run()
    assert (result.provider, result.model, result.fallback_from, result.attempts) == ("kimi", "kimi-k2.6", "glm", 2)
    assert it.counts("attempt_duration") == {("glm", "upstream_error"): 1, ("kimi", "ok"): 1}
    assert it.counts("operation_duration") == {("kimi", "ok"): 1}
    assert it.counts("fallbacks") == {("glm", "kimi"): 1}
    assert [event for event, _ in it.events] == [Event.UPSTREAM_ATTEMPT, Event.UPSTREAM_FALLBACK]
    assert it.events[0][1][Attribute.ERROR_TYPE] == "http_503"


async def test_a_request_that_was_wrong_is_neither_repeated_nor_handed_on() -> None:
    it = rig([refused()], attempts=3)
    with pytest.raises(CompletionFailed) as caught:
        await it.run(10.0)
    assert caught.value.outcome is Outcome.CLIENT_ERROR
    assert caught.value.error_type == "http_400"
    assert len(it.glm.requests) == 1
    assert it.kimi.requests == []
    assert it.counts("operation_duration") == {("glm", "client_error"): 1}


async def test_wrong_requests_never_open_the_breaker_and_failures_do() -> None:
    """R34: four bad requests of one caller shut Kimi for everybody."""
    it = rig([refused()], minimum_calls=5)
    for _ in range(50):
        with pytest.raises(CompletionFailed):
            await it.run()
    assert it.guards["glm"].breaker_json()["state"] == "closed"

    broken = rig([down()], minimum_calls=5)
    for _ in range(8):
        assert (await broken.run()).provider == "kimi"
    assert broken.guards["glm"].breaker_json()["state"] == "open"
    assert len(broken.glm.requests) == 5
    assert broken.counts("fallbacks") == {("glm", "kimi"): 8}


async def test_an_open_breaker_is_no_attempt_and_not_waited_for() -> None:
    it = rig(minimum_calls=5)
    it.guards["glm"].breaker.force_open()
    result = await it.run()
    assert (result.provider, result.attempts) == ("kimi", 1)
    assert it.counts("attempt_duration") == {("kimi", "ok"): 1}
    assert it.clock.pending == 0


async def test_attempts_never_exceed_the_budget_of_one_call() -> None:
    """R19: one tool call made up to fifty provider calls."""
    it = rig([down()], [down("kimi")], attempts=2)
    with pytest.raises(CompletionFailed):
        await it.run(90.0)
    assert (len(it.glm.requests), len(it.kimi.requests)) == (2, 2)


async def test_when_nobody_answers_the_error_names_everyone_and_the_shortest_wait() -> None:
    it = rig([down(retry_after=9.0)], [down("kimi", retry_after=4.0)])
    with pytest.raises(CompletionFailed) as caught:
        await it.run()
    error = caught.value
    assert str(error) == "glm: HTTP 503; kimi: HTTP 503; try again in 4 s"
    assert (error.outcome, error.error_type, error.retry_after) == (Outcome.UPSTREAM_ERROR, "http_503", 4.0)
    assert [name for name, _ in error.failures] == ["glm", "kimi"]
    assert it.counts("operation_duration") == {("kimi", "upstream_error"): 1}


async def test_a_passing_failure_is_repeated_at_the_same_provider() -> None:
    it = rig([down(), ANSWER], attempts=2)
    result = await it.run(10.0)
    assert (result.provider, result.attempts) == ("glm", 2)
    assert it.counts("attempt_duration") == {("glm", "upstream_error"): 1, ("glm", "ok"): 1}
    assert it.counts("operation_duration") == {("glm", "ok"): 1}


async def test_an_upstream_that_asks_for_a_long_wait_is_left_for_another() -> None:
    it = rig([down(retry_after=30.0)], attempts=3, patience=2.0)
    assert (await it.run()).provider == "kimi"
    assert len(it.glm.requests) == 1


async def test_a_hanging_provider_uses_up_its_share_of_the_deadline_only() -> None:
    """R22: timeouts of the layers added up to four minutes."""
    it = rig([hang], [after(lambda: it.clock, 30.0)], total=100.0, attempt_timeout=80.0)
    result = await it.run(100.0)
    assert result.provider == "kimi"
    assert it.seconds("attempt_duration") == pytest.approx({("glm", "timeout"): 50.0, ("kimi", "ok"): 30.0})
    assert it.seconds("operation_duration") == pytest.approx({("kimi", "ok"): 80.0})


async def test_the_whole_never_takes_longer_than_its_deadline() -> None:
    it = rig([hang], [hang], total=100.0, attempts=4, attempt_timeout=20.0)
    with pytest.raises(CompletionFailed) as caught:
        await it.run(100.0)
    assert caught.value.outcome is Outcome.TIMEOUT
    (seconds,) = it.seconds("operation_duration").values()
    assert seconds <= 100.0
    assert it.glm.running == it.kimi.running == 0


async def test_a_nearer_deadline_of_the_caller_stays_in_force() -> None:
    it = rig([hang], [hang], total=100.0)
    with deadline_at(it.clock.monotonic() + 10.0), pytest.raises(CompletionFailed):
        await it.run(10.0)
    assert it.seconds("attempt_duration") == pytest.approx({("glm", "timeout"): 5.0, ("kimi", "timeout"): 5.0})
    assert current_deadline.get() is None


async def test_a_wait_for_a_slot_counts_inside_the_deadline() -> None:
    it = rig([hang], [hang], total=10.0, concurrency=1, queue=5)
    tasks = [asyncio.create_task(it.completion.run(ask())) for _ in range(3)]
    await it.clock.elapse(10.0)
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, CompletionFailed) and end.outcome is Outcome.TIMEOUT for end in ends)


async def test_more_than_the_queue_holds_is_overload_and_is_not_pushed_onto_another() -> None:
    it = rig([hang], concurrency=1, queue=0)
    first = asyncio.create_task(it.completion.run(ask()))
    await it.clock.settle()
    with pytest.raises(CompletionFailed) as caught:
        await it.run()
    assert caught.value.outcome is Outcome.OVERLOAD
    assert caught.value.error_type == "BulkheadFull"
    assert it.kimi.requests == []
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_cancelling_the_caller_frees_the_slot_and_counts_as_no_failure() -> None:
    it = rig([hang, ANSWER], concurrency=1, queue=0, minimum_calls=1)
    task = asyncio.create_task(it.completion.run(ask()))
    await it.clock.settle()
    assert it.glm.running == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert it.glm.running == 0
    assert it.counts("attempt_duration") == {("glm", "cancelled"): 1}
    assert it.counts("operation_duration") == {("glm", "cancelled"): 1}
    assert it.guards["glm"].breaker_json()["state"] == "closed"
    assert (await it.run()).provider == "glm"
    assert it.completion.journal.record("glm").failures == 0


def speaking(*texts: str, then: Exception | ChatResult = ANSWER, clock: Any = None, pause: float = 0.0) -> Script:
    async def script(_request: ChatRequest, on_chunk: ChunkSink | None) -> ChatResult:
        for text in texts:
            if pause:
                await clock().sleep(pause)
            assert on_chunk is not None
            await on_chunk(ChatChunk(text))
        if isinstance(then, Exception):
            raise then
        return then

    return script


async def collect(into: list[str], chunk: ChatChunk) -> None:
    into.append(chunk.text)


async def test_the_first_chunk_is_timed_from_the_request_on() -> None:
    heard: list[str] = []
    it = rig([speaking("", "a", "b", clock=lambda: it.clock, pause=2.0)])
    await it.run(10.0, lambda chunk: collect(heard, chunk), stream=True)
    assert heard == ["a", "b"]
    assert it.seconds("first_chunk") == pytest.approx({("glm", "ok"): 4.0})
    assert it.seconds("operation_duration") == pytest.approx({("glm", "ok"): 6.0})
    assert it.glm.requests[0].stream


async def test_a_stream_without_a_first_chunk_is_counted_with_its_bad_outcome() -> None:
    it = rig([down()], [down("kimi")])
    with pytest.raises(CompletionFailed):
        await it.run(stream=True)
    assert it.counts("first_chunk") == {("kimi", "upstream_error"): 1}


async def test_a_broken_stream_is_never_repeated_once_the_caller_has_seen_a_part() -> None:
    heard: list[str] = []
    it = rig([speaking("half", then=down())], attempts=3)
    with pytest.raises(CompletionFailed, match=r"glm: the answer broke off \(http_503\)") as caught:
        await it.run(60.0, lambda chunk: collect(heard, chunk), stream=True)
    assert caught.value.outcome is Outcome.UPSTREAM_ERROR
    assert heard == ["half"]
    assert len(it.glm.requests) == 1
    assert it.kimi.requests == []
    assert it.counts("first_chunk") == {("glm", "ok"): 1}
    assert it.counts("attempt_duration") == {("glm", "upstream_error"): 1}


async def test_a_broken_stream_nobody_listened_to_is_repeated() -> None:
    it = rig([speaking("half", then=down()), speaking("whole")], attempts=2)
    assert (await it.run(60.0, stream=True)).attempts == 2


async def test_a_caller_that_takes_no_more_chunks_is_no_fault_of_the_upstream() -> None:
    async def broken(_chunk: ChatChunk) -> None:
        raise ConnectionResetError("client went away")

    it = rig([speaking("a")], attempts=3, minimum_calls=1)
    with pytest.raises(CompletionFailed) as caught:
        await it.run(60.0, broken, stream=True)
    assert caught.value.outcome is Outcome.CANCELLED
    assert it.counts("attempt_duration") == {("glm", "cancelled"): 1}
    assert it.guards["glm"].breaker_json()["state"] == "closed"


async def test_waiting_for_an_upstream_is_told_to_the_operation_around() -> None:
    it = rig([after(lambda: it.clock, 3.0, down())], [after(lambda: it.clock, 4.0)])
    operation = Operation(it.clock)
    token = current_operation.set(operation)
    try:
        await it.run(20.0)
    finally:
        current_operation.reset(token)
    assert operation.waited == pytest.approx(7.0)
    assert operation.fields == {Attribute.PROVIDER: "kimi", Attribute.MODEL: "kimi-k2.6"}


async def test_a_refused_plan_asks_nobody_and_counts_nothing() -> None:
    it = rig()
    with pytest.raises(RequestRefused):
        await it.run(model="unknown")
    assert it.glm.requests == []
    assert it.counts("operation_duration") == {}


async def test_a_defect_of_ours_is_not_told_in_its_own_words_nor_handed_on() -> None:
    it = rig([ValueError("Bearer sk-secret")])
    with pytest.raises(CompletionFailed) as caught:
        await it.run()
    assert caught.value.outcome is Outcome.ERROR
    assert str(caught.value) == "glm: ValueError"
    assert it.kimi.requests == []


async def test_the_journal_remembers_the_last_error_and_the_last_success() -> None:
    it = rig([down(), ANSWER])
    await it.run()
    it.clock.advance(5.0)
    await it.run()
    record = it.completion.journal.to_json("glm")
    assert (record["attempts"], record["failures"]) == (2, 1)
    assert record["last_success_at"] == record["last_error"]["at"] + 5.0
    assert record["last_error"]["text"] == "glm: HTTP 503"
    assert it.completion.journal.to_json("other")["attempts"] == 0
