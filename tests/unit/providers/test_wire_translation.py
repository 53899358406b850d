from __future__ import annotations

from typing import Any

import pytest

from server.providers.answer import AnswerBuilder
from server.providers.base import ChatChunk, ChatRequest, Message, Usage
from server.providers.glm import GlmDialect
from server.providers.kimi import KimiDialect
from server.providers.openai_wire import Dialect, MalformedAnswer

REQUEST = ChatRequest("m-1", (Message("system", "be brief"), Message("user", "hé")), 64)


def answer(**choice: Any) -> dict[str, Any]:
    return {"model": "m-1", "choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}


@pytest.mark.parametrize("dialect", [GlmDialect(), KimiDialect()], ids=["glm", "kimi"])
def test_a_request_always_bounds_the_answer_and_leaves_out_what_was_not_asked(dialect: Dialect) -> None:
    assert dialect.body(REQUEST) == {
        "model": "m-1",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hé"}],
        "max_tokens": 64,
        "stream": False,
    }


def test_thinking_is_an_object_and_never_the_parameter_thinking_mode() -> None:
    body = GlmDialect().body(ChatRequest("m", (), 1, temperature=0.0, thinking=True))
    assert body["thinking"] == {"type": "enabled"}
    assert body["temperature"] == 0.0
    assert GlmDialect().body(ChatRequest("m", (), 1, thinking=False))["thinking"] == {"type": "disabled"}


def test_kimi_is_asked_for_the_usage_of_a_stream_and_glm_sends_it_anyway() -> None:
    request = ChatRequest("m", (), 1, stream=True)
    assert KimiDialect().body(request)["stream_options"] == {"include_usage": True}
    assert "stream_options" not in GlmDialect().body(request)


def test_an_answer_is_read_with_reasoning_usage_and_finish_reason() -> None:
    body = answer(message={"content": "42", "reasoning_content": "hm"}, finish_reason="length")
    result = GlmDialect().answer(body)
    assert (result.text, result.reasoning, result.model) == ("42", "hm", "m-1")
    assert result.usage == Usage(3, 5)
    assert result.truncated


def test_an_answer_without_content_or_usage_is_empty_and_not_truncated() -> None:
    result = KimiDialect().answer({"choices": [{"message": {"content": None}}], "usage": "none"})
    assert (result.text, result.usage, result.truncated) == ("", Usage(), False)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"choices": []},
        {"choices": "x"},
        {"choices": ["x"]},
        {"choices": [{}]},
        {"choices": [{"message": {"content": 42}}]},
    ],
)
def test_what_is_no_answer_is_malformed(body: object) -> None:
    with pytest.raises(MalformedAnswer):
        GlmDialect().answer(body)


def test_json_that_is_none_is_malformed() -> None:
    for data in ("{", b"\xff\xfe", "[" * 100_000):
        with pytest.raises(MalformedAnswer):
            Dialect.parse(data)


@pytest.mark.parametrize(
    ("body", "chunk"),
    [
        ({"choices": [{"delta": {"content": "a"}}]}, ChatChunk("a")),
        ({"choices": [{"delta": {"reasoning_content": "r"}}]}, ChatChunk("", "r")),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}]}, ChatChunk(finish_reason="stop")),
        ({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}, ChatChunk(usage=Usage(1, 2))),
        ({"choices": [{"usage": {"prompt_tokens": 1, "completion_tokens": 2}}]}, ChatChunk(usage=Usage(1, 2))),
        ({"choices": [{"delta": None}], "usage": {"prompt_tokens": -1}}, ChatChunk(usage=Usage())),
    ],
)
def test_a_chunk_is_read_wherever_the_vendor_puts_its_parts(body: object, chunk: ChatChunk) -> None:
    assert KimiDialect().chunk(body) == chunk


def test_chunks_add_up_to_the_answer() -> None:
    builder = AnswerBuilder()
    builder.add(ChatChunk("a", "r"), {"model": "m"})
    builder.add(ChatChunk("b", usage=Usage(1, 2)), {"model": "other"})
    builder.add(ChatChunk(finish_reason="length"), {})
    result = builder.result()
    assert (result.text, result.reasoning, result.model, result.usage) == ("ab", "r", "m", Usage(1, 2))
    assert result.truncated


def test_a_stream_that_ends_without_a_finish_reason_is_no_answer() -> None:
    builder = AnswerBuilder()
    builder.add(ChatChunk("half"), {})
    with pytest.raises(MalformedAnswer, match="ended before"):
        builder.result()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"code": "1302", "message": "busy"}}, ("1302", "busy")),
        ({"error": {"code": 1302}}, ("1302", "")),
        ({"error": "plain"}, ("", "plain")),
        ({"error": {}}, ("", "")),
        ({"error": None}, None),
        ({"choices": []}, None),
        ([], None),
    ],
)
def test_an_error_body_is_read_in_all_its_shapes(body: object, expected: tuple[str, str] | None) -> None:
    assert GlmDialect().error_of(body) == expected


def test_kimi_names_the_type_before_the_code() -> None:
    body = {"error": {"type": "server_error", "code": "500", "message": "x"}}
    assert KimiDialect().error_of(body) == ("server_error", "x")
