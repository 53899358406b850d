from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers import Verdict
from exai_sre.testing import VirtualClock
from server.providers.base import ChatChunk, Message, UpstreamError
from server.tools import ToolCall, ToolError, ToolResult, build_tools
from server.tools.chat import ProgressBatch
from tests.unit.tools.tool_rig import ANSWER, Echo, Progress, services

DOWN = Verdict(Outcome.UPSTREAM_ERROR, retryable=False)


def down(provider: str = "glm", retry_after: float | None = None) -> UpstreamError:
    return UpstreamError(provider, replace(DOWN, retry_after=retry_after), "HTTP 503", status=503)


async def chat(*providers: Echo, sink: Progress | None = None, **arguments: Any) -> ToolResult:
    tool = build_tools(services(*providers))["chat"]
    return await tool.run({"prompt": "hi", **arguments}, ToolCall(sink))


async def test_the_answer_comes_as_text_and_with_its_history() -> None:
    result = await chat()
    assert result.text == "hello there"
    assert result.structured == {
        "text": "hello there",
        "reasoning": "because",
        "provider": "glm",
        "model": "glm-4.6",
        "requested_model": "glm-4.6",
        "finish_reason": "stop",
        "truncated": False,
        "input_tokens": 10,
        "output_tokens": 20,
        "cost_usd": pytest.approx(5e-5),
        "attempts": 1,
        "fallback_from": None,
        "dropped_parameters": [],
        "adjusted_parameters": [],
        "notes": [],
        "duration_seconds": 0.0,
        "simulated": False,
    }


async def test_all_arguments_reach_the_provider() -> None:
    glm = Echo("glm")
    await chat(glm, system="be brief", model="glm-4.5", temperature=0, max_tokens=64.0, thinking=True, stream=False)
    (request,) = glm.requests
    assert request.messages == (Message("system", "be brief"), Message("user", "hi"))
    assert (request.model, request.temperature, request.max_tokens) == ("glm-4.5", 0, 64)
    assert (request.thinking, request.stream) == (True, False)
    assert isinstance(request.max_tokens, int)


@pytest.mark.parametrize(
    ("stream", "listening", "streamed"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
async def test_it_streams_by_wish_or_when_somebody_listens(
    stream: bool | None, listening: bool, streamed: bool
) -> None:
    glm, progress = Echo("glm"), Progress()
    arguments = {} if stream is None else {"stream": stream}
    await chat(glm, sink=progress if listening else None, **arguments)
    assert glm.requests[0].stream is streamed
    assert bool(progress.seen) is (listening and streamed)


async def test_progress_messages_join_to_the_answer_and_progress_grows() -> None:
    progress = Progress()
    pieces = [f"word{n} " for n in range(50)]
    await chat(Echo("glm", pieces=pieces), sink=progress)
    assert "".join(message or "" for _, _, message in progress.seen) == "".join(pieces)
    numbers = [number for number, _, _ in progress.seen]
    assert numbers == sorted(set(numbers))
    assert {total for _, total, _ in progress.seen} == {None}
    assert len(progress.seen) == 2  # no time passes: the first piece at once, the rest at the end


async def test_progress_is_sent_at_most_ten_times_a_second() -> None:
    clock, progress = VirtualClock(), Progress()
    batch = ProgressBatch(ToolCall(progress), clock)
    for _ in range(100):
        await batch(ChatChunk("x"))
        clock.advance(0.01)
    await batch(ChatChunk(reasoning="only a thought"))
    await batch.flush()
    await batch.flush()
    assert 10 <= len(progress.seen) <= 12
    assert progress.seen[-1][0] == 100.0


async def test_a_fallback_is_told_to_the_caller() -> None:
    result = await chat(Echo("glm", down()), Echo("kimi"), temperature=0.5)
    assert "[glm did not answer, kimi-k2.6 of kimi did]" in result.text
    assert "[kimi-k2.6 does not take temperature]" in result.text
    assert result.structured["fallback_from"] == "glm"
    assert result.structured["dropped_parameters"] == ["temperature"]


async def test_a_cut_answer_a_lowered_limit_and_a_retired_model_are_told() -> None:
    cut = replace(ANSWER, finish_reason="length")
    result = await chat(Echo("kimi", cut), model="kimi-k2-turbo-preview", max_tokens=500_000)
    assert "[kimi-k2-turbo-preview was retired on 2026-05-25]" in result.text
    assert "[max_tokens lowered to the limit of kimi-k2.6]" in result.text
    assert "[the answer was cut off by max_tokens]" in result.text
    assert result.structured["truncated"] is True


async def test_when_nobody_answers_the_error_carries_outcome_kind_and_wait() -> None:
    with pytest.raises(ToolError) as caught:
        await chat(Echo("glm", down()), Echo("kimi", down("kimi", 4.0)))
    error = caught.value
    assert (error.outcome, error.error_type, error.retry_after) == (Outcome.UPSTREAM_ERROR, "http_503", 4.0)
    assert str(error) == "glm: HTTP 503; kimi: HTTP 503; try again in 4 s"


async def test_a_prompt_that_fits_no_model_is_the_callers_error() -> None:
    with pytest.raises(ToolError) as caught:
        await chat(prompt="word " * 900_000)
    assert (caught.value.outcome, caught.value.error_type) == (Outcome.CLIENT_ERROR, "prompt_too_long")


async def test_progress_without_a_listener_is_no_error() -> None:
    call = ToolCall()
    assert not call.wants_progress
    await call.progress(1.0)
