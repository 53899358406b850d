"""R41: a failure is judged by HTTP status and body code, never by words in its text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.outcome import Outcome
from server.providers.glm import GlmDialect
from server.providers.kimi import KimiDialect
from server.providers.openai_wire import Dialect

CLIENT, UPSTREAM = Outcome.CLIENT_ERROR, Outcome.UPSTREAM_ERROR

GLM = [
    (429, "1302", UPSTREAM, True),  # concurrency
    (429, "1303", UPSTREAM, True),  # frequency
    (429, "1305", UPSTREAM, True),
    (429, "1312", UPSTREAM, True),  # model busy
    (429, "1110", UPSTREAM, False),  # account inactive
    (429, "1111", UPSTREAM, False),
    (429, "1112", UPSTREAM, False),  # account locked
    (429, "1113", UPSTREAM, False),  # arrears
    (429, "1121", UPSTREAM, False),
    (429, "1304", UPSTREAM, False),  # quota of the day
    (429, "1308", UPSTREAM, False),
    (429, "1309", UPSTREAM, False),
    (401, "1000", UPSTREAM, False),
    (401, "1001", UPSTREAM, False),
    (401, "1002", UPSTREAM, False),
    (401, "1003", UPSTREAM, False),
    (401, "1004", UPSTREAM, False),
    (400, "1210", CLIENT, False),
    (400, "1211", UPSTREAM, False),  # a model that the vendor dropped
    (400, "1213", CLIENT, False),
    (400, "1214", CLIENT, False),
    (400, "1222", UPSTREAM, False),
    (400, "1261", CLIENT, False),  # prompt too long
    (400, "1301", CLIENT, False),  # content policy
    (500, "1120", UPSTREAM, True),
    (500, "1230", UPSTREAM, True),
    (500, "1234", UPSTREAM, True),
    (500, "500", UPSTREAM, True),
    (429, "", UPSTREAM, True),
    (429, "9999", UPSTREAM, True),
    (434, "", CLIENT, False),
    (435, "", CLIENT, False),
]

KIMI = [
    (400, "invalid_request_error", CLIENT, False),
    (400, "content_filter", CLIENT, False),
    (404, "resource_not_found_error", UPSTREAM, False),
    (401, "invalid_authentication_error", UPSTREAM, False),
    (401, "incorrect_api_key_error", UPSTREAM, False),
    (403, "permission_denied_error", UPSTREAM, False),
    (429, "exceeded_current_quota_error", UPSTREAM, False),
    (429, "rate_limit_reached_error", UPSTREAM, True),
    (429, "engine_overloaded_error", UPSTREAM, True),
    (500, "server_error", UPSTREAM, True),
    (500, "unexpected_output", UPSTREAM, True),
]

STATUSES = [
    (302, UPSTREAM, False),
    (400, CLIENT, False),
    (401, UPSTREAM, False),
    (402, UPSTREAM, False),
    (403, UPSTREAM, False),
    (404, UPSTREAM, False),
    (408, UPSTREAM, True),
    (413, CLIENT, False),
    (422, CLIENT, False),
    (425, UPSTREAM, True),
    (429, UPSTREAM, True),
    (499, UPSTREAM, True),
    (500, UPSTREAM, True),
    (501, UPSTREAM, False),
    (502, UPSTREAM, True),
    (503, UPSTREAM, True),
    (504, UPSTREAM, True),
    (529, UPSTREAM, True),
]


@pytest.mark.parametrize(("status", "code", "outcome", "retryable"), GLM)
def test_glm_is_judged_by_its_inner_code(status: int, code: str, outcome: Outcome, retryable: bool) -> None:
    verdict = GlmDialect().classify(status, {"error": {"code": code}})
    assert (verdict.outcome, verdict.retryable) == (outcome, retryable)


@pytest.mark.parametrize(("status", "code", "outcome", "retryable"), KIMI)
def test_kimi_is_judged_by_its_error_type(status: int, code: str, outcome: Outcome, retryable: bool) -> None:
    verdict = KimiDialect().classify(status, {"error": {"type": code}})
    assert (verdict.outcome, verdict.retryable) == (outcome, retryable)


@pytest.mark.parametrize(("status", "outcome", "retryable"), STATUSES)
@pytest.mark.parametrize("dialect", [GlmDialect(), KimiDialect()], ids=["glm", "kimi"])
def test_without_a_known_code_the_status_decides(
    dialect: Dialect, status: int, outcome: Outcome, retryable: bool
) -> None:
    verdict = dialect.classify(status, None)
    assert (verdict.outcome, verdict.retryable) == (outcome, retryable)


@pytest.mark.parametrize(
    "message",
    ["prompt has 150000 tokens", "request_id=5021abc", "connection field missing", "timeout must be a number"],
)
@pytest.mark.parametrize("dialect", [GlmDialect(), KimiDialect()], ids=["glm", "kimi"])
def test_numbers_and_words_in_the_message_change_nothing(dialect: Dialect, message: str) -> None:
    body = {"error": {"message": message}}
    assert dialect.error_of(body) == ("", message)
    assert dialect.classify(400, body).outcome is CLIENT


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("dialect", [GlmDialect(), KimiDialect()], ids=["glm", "kimi"])
def test_a_success_that_is_no_completion_is_the_fault_of_the_upstream(dialect: Dialect, status: int) -> None:
    assert dialect.classify(status, None).outcome is UPSTREAM
    assert dialect.classify(status, {"error": {"message": "busy"}}).retryable


def test_the_time_that_a_vendor_asks_to_wait_is_taken_from_header_or_message() -> None:
    busy = {"error": {"type": "rate_limit_reached_error", "message": "please try again after 1 seconds"}}
    assert KimiDialect().classify(429, busy).retry_after == 1.0
    assert KimiDialect().classify(429, busy, {"Retry-After": "7"}).retry_after == 7.0
    date = {"Retry-After": "Sun, 09 Sep 2001 01:46:50 GMT"}
    assert GlmDialect().classify(503, None, date, 1_000_000_000.0).retry_after == 10.0


@settings(max_examples=100, deadline=None)
@given(status=st.integers(300, 599), code=st.text(max_size=30))
def test_what_the_client_caused_is_never_repeated(status: int, code: str) -> None:
    for dialect in (GlmDialect(), KimiDialect()):
        verdict = dialect.classify(status, {"error": {"code": code, "type": code}})
        assert not (verdict.retryable and verdict.outcome is CLIENT)
        assert verdict.outcome in (CLIENT, UPSTREAM)
