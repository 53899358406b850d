"""The tables of errors, and what a classifier makes of them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers import (
    AIOHTTP_ERRORS,
    CLASSIFIERS,
    GLM,
    GRPC_STATUSES,
    HTTP_STATUSES,
    HTTPX_ERRORS,
    JSON_RPC_CODES,
    KIMI,
    OPENAI,
    VENDOR_STATUSES,
    Classifier,
    Verdict,
    classifier,
    tool_failed,
    tool_verdict,
    vendor_verdict,
)
from exai_sre.resilience.classifiers.http_status import headers_of, status_of
from exai_sre.resilience.classifiers.llm_vendors import error_in
from exai_sre.resilience.errors import OptionError, RateLimited
from exai_sre.testing import VirtualClock

UPSTREAM, CLIENT = Outcome.UPSTREAM_ERROR, Outcome.CLIENT_ERROR
AGAIN, NEVER, SENT, UNSENT = True, False, True, False


class Failed(Exception):
    """An error with whatever attributes a test gives it."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


TABLES = {
    "http": HTTP_STATUSES,
    "vendors": VENDOR_STATUSES,
    "grpc": GRPC_STATUSES,
    "json-rpc": JSON_RPC_CODES,
    "glm": GLM.codes,
    "kimi": KIMI.codes,
    "openai": OPENAI.codes,
    "aiohttp": AIOHTTP_ERRORS,
    "httpx": HTTPX_ERRORS,
}


@pytest.mark.parametrize("name", TABLES)
def test_no_table_repeats_what_the_caller_caused_or_what_went_well(name):
    for key, verdict in TABLES[name].items():
        if verdict is not None and (verdict.outcome.excluded or verdict.outcome is Outcome.OK):
            assert not verdict.retryable, key


@pytest.mark.parametrize(
    ("status", "outcome", "retryable"),
    [
        (200, Outcome.OK, False),
        (204, Outcome.OK, False),
        (302, UPSTREAM, False),
        (400, CLIENT, False),
        (401, CLIENT, False),
        (404, CLIENT, False),
        (408, UPSTREAM, True),
        (425, UPSTREAM, True),
        (429, UPSTREAM, True),
        (500, UPSTREAM, True),
        (501, UPSTREAM, False),
        (502, UPSTREAM, True),
        (503, UPSTREAM, True),
        (504, UPSTREAM, True),
        (505, UPSTREAM, False),
        (599, UPSTREAM, True),
    ],
)
@pytest.mark.parametrize("place", ["status", "status_code", "response"])
def test_an_http_status_is_found_on_the_error_or_on_its_response(status, outcome, retryable, place):
    error = Failed(response=SimpleNamespace(status_code=status)) if place == "response" else Failed(**{place: status})
    assert classifier("http").verdict(error) == Verdict(outcome, retryable, sent=True)


@pytest.mark.parametrize("value", [None, "503", True, 7, 1000])
def test_what_is_no_http_status_says_nothing(value):
    assert status_of(Failed(status=value)) is None
    assert classifier("http")(Failed(status=value)) is None


def test_header_fields_are_found_on_the_error_or_on_its_response():
    fields = {"Retry-After": "1"}
    assert headers_of(Failed(headers=fields)) == fields
    assert headers_of(Failed(response=SimpleNamespace(headers=fields))) == fields
    assert headers_of(Failed(headers="none")) == {}


def test_a_date_in_retry_after_is_read_by_the_clock_of_the_classifier():
    clock = VirtualClock(epoch=1_000_000_000.0)
    error = Failed(status=503, headers={"retry-after": "Sun, 09 Sep 2001 01:46:50 GMT"})
    assert classifier("http", clock=clock).verdict(error) == Verdict(UPSTREAM, AGAIN, SENT, 10.0)


@pytest.mark.parametrize(
    ("vendor", "status", "body", "outcome", "retryable"),
    [
        # GLM: HTTP 429 for concurrency, and for an account in arrears
        (GLM, 429, {"error": {"code": "1302", "message": "x"}}, UPSTREAM, True),
        (GLM, 429, {"error": {"code": "1113", "message": "x"}}, UPSTREAM, False),
        (GLM, 400, {"error": {"code": 1210, "message": "x"}}, CLIENT, False),
        (GLM, 401, {"error": {"code": "1002"}}, UPSTREAM, False),
        (GLM, 400, {"error": {"code": "9999", "message": "1302"}}, CLIENT, False),
        (GLM, 200, {"error": {"code": "1234"}}, UPSTREAM, True),
        # Kimi: its type decides, not the code beside it
        (KIMI, 429, {"error": {"type": "rate_limit_reached_error", "code": "429"}}, UPSTREAM, True),
        (KIMI, 429, {"error": {"type": "exceeded_current_quota_error"}}, UPSTREAM, False),
        (KIMI, 400, {"error": {"type": "content_filter"}}, CLIENT, False),
        (KIMI, 429, {"error": "slow down"}, UPSTREAM, True),
        # OpenAI's SDK keeps the inner object
        (OPENAI, 429, {"code": "insufficient_quota", "type": "insufficient_quota"}, UPSTREAM, False),
        (OPENAI, 429, {"code": None, "type": "requests"}, UPSTREAM, True),
        (OPENAI, 400, {"error": {"code": "context_length_exceeded"}}, CLIENT, False),
        (OPENAI, 401, None, UPSTREAM, False),
        (OPENAI, 404, "<html>", UPSTREAM, False),
        (OPENAI, 503, {"detail": "x"}, UPSTREAM, True),
        (OPENAI, 200, None, UPSTREAM, True),
    ],
)
def test_a_vendors_code_decides_before_the_status(vendor, status, body, outcome, retryable):
    assert vendor_verdict(vendor, status, body) == Verdict(outcome, retryable, sent=True)
    if status != 200:
        error = Failed(status_code=status, body=body)
        assert classifier(vendor.name).verdict(error) == Verdict(outcome, retryable, sent=True)


def test_an_error_object_is_found_in_a_body_or_is_the_body():
    assert error_in({"error": {"code": 1}}) == {"code": 1}
    assert error_in({"message": "x"}) == {"message": "x"}
    assert error_in({"error": "x"}) == {"message": "x"}
    assert error_in({"error": ["x"]}) is None
    assert error_in([1]) is None


def test_the_body_is_taken_from_a_response_that_was_read_and_from_no_other():
    def unread():
        raise RuntimeError("not read")

    async def later():
        return {"error": {"code": "1302"}}

    def of(decode):
        return Failed(response=SimpleNamespace(status_code=400, headers={}, json=decode))

    judge = classifier("glm")
    assert judge(of(lambda: {"error": {"code": "1302"}})) is UPSTREAM
    assert judge(of(unread)) is CLIENT
    assert judge(of(later)) is CLIENT
    assert judge(Failed()) is None


@pytest.mark.parametrize(
    ("headers", "body", "asked"),
    [
        ({"Retry-After": "7"}, None, 7.0),
        ({"Retry-After": "7", "retry-after-ms": "1500"}, None, 1.5),
        ({"X-RateLimit-Remaining-Requests": "0", "X-RateLimit-Reset-Requests": "6m0s"}, None, 360.0),
        ({"x-ratelimit-remaining-tokens": "4", "x-ratelimit-reset-tokens": "6m0s"}, None, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "soon"}, None, None),
        ({}, {"error": {"message": "reached max RPM: 3, please try again after 2 seconds"}}, 2.0),
        ({}, {"error": {"message": "Please try again in 1.5s."}}, 1.5),
        ({}, {"error": {"message": "x", "retry_after": 3}}, 3.0),
        ({}, {"error": {"message": "x", "retry_after": True}}, None),
        ({}, {"error": {"message": "x", "retry_after": -1}}, None),
    ],
)
def test_vendors_say_in_their_own_fields_when_to_ask_again(headers, body, asked):
    assert vendor_verdict(KIMI, 429, body, headers).retry_after == asked


@pytest.mark.parametrize(
    ("code", "outcome", "retryable"),
    [
        (-32602, CLIENT, False),
        (-32601, CLIENT, False),
        (-32603, UPSTREAM, False),
        (-32001, Outcome.TIMEOUT, True),
        (-32000, UPSTREAM, True),
        (-31999, UPSTREAM, False),
    ],
)
def test_a_json_rpc_code_is_read_from_the_error_object(code, outcome, retryable):
    error = Failed(error=SimpleNamespace(code=code))
    assert classifier("mcp").verdict(error) == Verdict(outcome, retryable)


@pytest.mark.parametrize("error", [Failed(), Failed(error=SimpleNamespace(code=True)), Failed(error="x")])
def test_an_error_without_a_json_rpc_code_is_none_of_mcp(error):
    assert classifier("mcp")(error) is None


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ({"content": []}, None),
        ({"isError": False}, None),
        ({"isError": True, "content": [{"type": "text", "text": "Unknown tool: x"}]}, CLIENT),
        ({"isError": True, "content": [{"text": "Error executing tool x: 1 validation error for xArguments"}]}, CLIENT),
        ({"isError": True, "content": [{"text": "Error executing tool x: database is gone"}]}, UPSTREAM),
        ({"isError": True, "content": []}, UPSTREAM),
        (SimpleNamespace(is_error=True, content=[SimpleNamespace(text="Input validation error: x")]), CLIENT),
        (SimpleNamespace(is_error=True, content=None), UPSTREAM),
    ],
)
def test_a_result_with_is_error_is_judged_by_its_cause(result, outcome):
    verdict = tool_verdict(result)
    assert (None if verdict is None else verdict.outcome) is outcome
    assert tool_failed(result) is (outcome is UPSTREAM)


def test_what_is_no_exception_is_judged_by_nobody():
    assert classifier("http")(asyncio.CancelledError()) is None


def test_an_outcome_of_its_own_decides():
    refused = RateLimited("x", 2.0)
    assert classifier("http").verdict(refused) == Verdict(Outcome.OVERLOAD, NEVER, None, 2.0)
    assert classifier("http").verdict(Failed(outcome=UPSTREAM, status=400)) == Verdict(UPSTREAM, AGAIN)


def test_predicates_for_breaker_and_retry():
    judge = classifier("http")
    assert judge.fails(Failed(status=500))
    assert not judge.fails(Failed(status=400))
    assert judge.fails(Failed())
    assert judge.repeats(Failed(status=503))
    assert not judge.repeats(Failed(status=501))
    assert not judge.repeats(Failed())


def test_the_first_reader_that_knows_an_error_decides():
    first, second = Verdict(UPSTREAM, AGAIN), Verdict(CLIENT, NEVER)
    judge = Classifier(lambda error, now: None, lambda error, now: first, lambda error, now: second)
    assert judge.verdict(Failed()) is first


def test_a_mark_fills_what_the_error_does_not_say_itself():
    error = Failed(status=503, headers={"retry-after": "2"}, retryable=False)
    classifier("http").mark(error)
    assert (error.outcome, error.retryable, error.sent, error.retry_after) == (UPSTREAM, False, True, 2.0)
    unknown = Failed()
    classifier("http").mark(unknown)
    assert vars(unknown) == {}


def test_an_error_that_takes_no_attributes_is_left_alone():
    class Frozen(Exception):
        status = 503

        def __setattr__(self, name, value):
            raise AttributeError(name)

    error = Frozen()
    classifier("http").mark(error)
    assert not hasattr(error, "outcome")


def test_an_unknown_classifier_is_refused_by_name():
    with pytest.raises(OptionError, match="http"):
        classifier("htpp")


def test_every_named_classifier_can_be_made():
    assert all(isinstance(classifier(name), Classifier) for name in CLASSIFIERS)


def test_class_paths_decide_without_an_import():
    """A class of that path anywhere in the ancestry; a namesake of another module is none."""
    base = type("ConnectError", (Exception,), {"__module__": "httpx"})
    derived = type("Mine", (base,), {"__module__": "my"})
    other = type("ConnectError", (Exception,), {"__module__": "my"})
    assert classifier("http").verdict(derived()) == Verdict(UPSTREAM, AGAIN, sent=False)
    assert classifier("http").verdict(other()) is None


def test_a_client_error_without_a_status_is_a_fault_of_the_peer():
    error = type("HTTPStatusError", (Exception,), {"__module__": "httpx"})()
    assert classifier("http").verdict(error) == Verdict(UPSTREAM, NEVER)


def grpc_error(code, metadata=()):
    class RpcError(Exception):
        __module__ = "grpc"

        def code(self):
            return SimpleNamespace(name=code)

        def trailing_metadata(self):
            return metadata

    RpcError.__qualname__ = "RpcError"
    return RpcError()


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (grpc_error("UNAVAILABLE"), Verdict(UPSTREAM, AGAIN)),
        (grpc_error("UNAVAILABLE", [("grpc-retry-pushback-ms", "250")]), Verdict(UPSTREAM, AGAIN, None, 0.25)),
        (grpc_error("UNAVAILABLE", [("grpc-retry-pushback-ms", "-1")]), Verdict(UPSTREAM, NEVER)),
        (grpc_error("UNAVAILABLE", [("grpc-retry-pushback-ms", "x")]), Verdict(UPSTREAM, NEVER)),
        (grpc_error("DEADLINE_EXCEEDED", [("other", "1")]), Verdict(Outcome.TIMEOUT, AGAIN)),
        (grpc_error("CANCELLED", None), Verdict(Outcome.CANCELLED, NEVER)),
        (grpc_error("NEW_CODE"), Verdict(UPSTREAM, NEVER)),
        (type("RpcError", (Exception,), {"__module__": "grpc"})(), Verdict(UPSTREAM, NEVER)),
        (Failed(), None),
    ],
)
def test_a_grpc_status_and_its_pushback(error, verdict):
    assert classifier("grpc").verdict(error) == verdict
