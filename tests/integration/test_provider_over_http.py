from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from exai_sre.clock import SystemClock
from exai_sre.outcome import Outcome
from server.providers.base import ChatChunk, ChatRequest, ChatResult, Message, UpstreamError, Usage
from server.providers.glm import GlmDialect
from server.providers.http_provider import MAX_BODY_BYTES, Endpoint, HttpProvider
from tests.integration.upstream_rig import KEY, Handler, scripted_upstream

REQUEST = ChatRequest("glm-4.6", (Message("user", "hi"),), 64)
STREAM = ChatRequest("glm-4.6", (Message("user", "hi"),), 64, stream=True)


async def chat(
    handler: Handler, request: ChatRequest = REQUEST, *, key: str = KEY, read_timeout: float = 5.0, **options: Any
) -> tuple[ChatResult, list[ChatChunk]]:
    chunks: list[ChatChunk] = []

    async def collect(chunk: ChatChunk) -> None:
        chunks.append(chunk)

    async with scripted_upstream(handler) as base_url, aiohttp.ClientSession() as session:
        endpoint = Endpoint(f"{base_url}/api/", key, read_timeout=read_timeout)
        provider = HttpProvider(GlmDialect(), endpoint, session, clock=SystemClock(), **options)
        return await provider.chat(request, collect), chunks


def answering(body: object, status: int = 200, **headers: str) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(text=text, status=status, headers=headers, content_type="application/json")

    return handler


def streaming(*pieces: bytes) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        return response

    return handler


async def failure(handler: Handler, request: ChatRequest = REQUEST, **options: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await chat(handler, request, **options)
    return caught.value


ANSWER = {
    "model": "glm-4.6",
    "choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2},
}


async def test_a_request_goes_out_in_the_vendors_wire_format() -> None:
    seen: dict[str, Any] = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(path=request.path, headers=dict(request.headers), body=await request.json())
        return web.json_response(ANSWER)

    result, chunks = await chat(handler)

    assert result == ChatResult("hello", "", "stop", Usage(1, 2), "glm-4.6")
    assert chunks == []
    assert seen["path"] == "/api/chat/completions"
    assert seen["headers"]["Authorization"] == f"Bearer {KEY}"
    assert seen["body"]["max_tokens"] == 64


async def test_a_streamed_answer_comes_in_chunks_and_adds_up() -> None:
    result, chunks = await chat(
        streaming(
            b'data: {"model": "m", "choices": [{"delta": {"content": "he"}}]}\n',
            b'\ndata: {"choices": [{"delta": {"content": "llo"}, "finish_reason": "stop"}]}\n\n: ping\n\n',
            b'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}\n\ndata: [DONE]\n\n',
        ),
        STREAM,
    )
    assert result == ChatResult("hello", "", "stop", Usage(1, 2), "m")
    assert [chunk.text for chunk in chunks] == ["he", "llo", ""]


async def test_a_stream_that_nobody_follows_adds_up_all_the_same() -> None:
    piece = b'data: {"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}\n\n'
    async with scripted_upstream(streaming(piece)) as base_url, aiohttp.ClientSession() as session:
        provider = HttpProvider(GlmDialect(), Endpoint(base_url, KEY), session, clock=SystemClock())
        assert (await provider.chat(STREAM)).text == "x"


async def test_a_stream_may_end_without_its_mark_once_the_answer_is_whole() -> None:
    result, _ = await chat(
        streaming(b'data: {"choices": [{"delta": {"content": "x"}, "finish_reason": "length"}]}\n\n'), STREAM
    )
    assert result.truncated


@pytest.mark.parametrize(
    ("handler", "request_"),
    [
        (answering("{"), REQUEST),
        (answering({"choices": []}), REQUEST),
        (answering("<html>"), REQUEST),
        (streaming(b"data: {\n\n"), STREAM),
        (streaming(b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n'), STREAM),
        (streaming(b"data: [DONE]\n\n"), STREAM),
        (streaming(b""), STREAM),
    ],
    ids=["cut", "empty", "html", "bad-event", "half", "nothing", "no-bytes"],
)
async def test_a_malformed_answer_is_the_upstreams_failure_and_may_be_repeated(
    handler: Handler, request_: ChatRequest
) -> None:
    error = await failure(handler, request_)
    assert (error.outcome, error.retryable, error.code) == (Outcome.UPSTREAM_ERROR, True, "malformed")
    assert error.error_type == "malformed"


async def test_an_answer_without_end_is_cut_off() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(MAX_BODY_BYTES // (1 << 20) + 2):
            await response.write(b" " * (1 << 20))
        return response

    error = await failure(handler)
    assert error.code == "malformed"
    assert str(MAX_BODY_BYTES) in str(error)


@pytest.mark.parametrize(
    ("status", "code", "outcome", "retryable"),
    [
        (429, "1302", Outcome.UPSTREAM_ERROR, True),
        (429, "1113", Outcome.UPSTREAM_ERROR, False),
        (400, "1214", Outcome.CLIENT_ERROR, False),
        (503, "", Outcome.UPSTREAM_ERROR, True),
    ],
)
async def test_a_refusal_carries_status_code_and_verdict(
    status: int, code: str, outcome: Outcome, retryable: bool
) -> None:
    error = await failure(answering({"error": {"code": code, "message": "no"}}, status))
    assert (error.status, error.code, error.outcome, error.retryable) == (status, code, outcome, retryable)
    assert error.error_type == f"http_{status}"
    assert str(error).startswith(f"glm: HTTP {status}")


async def test_an_error_under_http_200_is_a_failure_by_its_code() -> None:
    error = await failure(answering({"error": {"code": "1301", "message": "blocked"}}))
    assert (error.outcome, error.status, error.code) == (Outcome.CLIENT_ERROR, 200, "1301")
    streamed = await failure(streaming(b'data: {"error": {"code": "1302", "message": "busy"}}\n\n'), STREAM)
    assert (streamed.outcome, streamed.retryable) == (Outcome.UPSTREAM_ERROR, True)
    assert streamed.error_type == "1302"
    unknown = await failure(answering({"error": {"message": "?"}}))
    assert (unknown.outcome, unknown.retryable) == (Outcome.UPSTREAM_ERROR, True)


async def test_a_gateways_html_page_is_judged_by_its_status() -> None:
    error = await failure(answering("<html>Bad gateway 400</html>", 502))
    assert (error.outcome, error.retryable, error.code) == (Outcome.UPSTREAM_ERROR, True, "")


async def test_the_time_to_wait_is_read_from_the_header() -> None:
    error = await failure(answering({"error": {"code": "1302"}}, 429, **{"Retry-After": "7"}))
    assert error.retry_after == 7.0


async def test_a_redirect_is_not_followed_because_it_would_carry_the_key() -> None:
    hits = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal hits
        hits += 1
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    error = await failure(handler)
    assert (error.status, error.retryable, hits) == (302, False, 1)


async def test_nobody_listening_is_a_connection_failure() -> None:
    async with aiohttp.ClientSession() as session:
        provider = HttpProvider(GlmDialect(), Endpoint("http://127.0.0.1:1", KEY), session, clock=SystemClock())
        with pytest.raises(UpstreamError) as caught:
            await provider.chat(REQUEST)
    error = caught.value
    assert (error.outcome, error.retryable, error.code) == (Outcome.UPSTREAM_ERROR, True, "connection")
    assert error.error_type == "connection"


async def test_a_connection_that_breaks_is_the_upstreams_failure() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n')
        assert request.transport is not None
        request.transport.abort()
        return response

    error = await failure(handler, STREAM)
    assert (error.outcome, error.retryable) == (Outcome.UPSTREAM_ERROR, True)


async def test_an_upstream_that_falls_silent_is_a_timeout_by_the_real_clock() -> None:
    async def handler(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    error = await failure(handler, read_timeout=0.05)
    assert (error.outcome, error.code) == (Outcome.TIMEOUT, "timeout")


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "1002", "message": f"Incorrect API key provided: {KEY}"}},
        {"error": {"code": KEY, "message": "x"}},
        {"error": f"key {KEY} is not known"},
    ],
)
async def test_the_key_never_gets_into_an_error(body: object) -> None:
    """R42: keys in logs and documents."""
    error = await failure(answering(body, 401))
    shown = f"{error} {error!r} {error.__dict__} {error.__cause__!r} {Endpoint('http://x', KEY)!r}"
    assert KEY not in shown


async def test_the_vendors_text_is_cleaned_cut_and_kept_on_one_line() -> None:
    body = {"error": {"code": "1214", "message": "secret\n\x1b[31m" + "x" * 10_000}}
    error = await failure(answering(body, 400), redact=lambda text: text.replace("secret", "[gone]"))
    assert "[gone]  [31mx" in str(error)
    assert len(str(error)) < 400


async def test_cancelling_the_caller_closes_the_upstream_request_at_once() -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def handler(_request: web.Request) -> web.Response:
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()
        raise AssertionError

    task = asyncio.create_task(chat(handler))
    await asyncio.wait_for(arrived.wait(), 5)
    task.cancel()
    await asyncio.wait_for(gone.wait(), 0.5)
    with pytest.raises(asyncio.CancelledError):
        await task
