"""Deadline and attempts over a hop."""

import contextvars
from typing import Any

import pytest

from exai_sre.context import (
    attempts_left,
    current_deadline,
    deadline_at,
    extract,
    idempotency_key,
    idempotent_as,
    remaining,
)
from exai_sre.context.hop_limits import (
    NO_LIMITS,
    HopLimits,
    extract_limits,
    extract_limits_meta,
    inject_limits,
    inject_limits_meta,
    limits_of_hop,
)
from exai_sre.context.priority import current_priority, priority


def test_what_is_left_is_sent_and_read_again_by_headers_and_by_meta():
    with limits_of_hop(HopLimits(2.0, 3), 100.0):
        headers: dict[str, str] = {"Accept": "*/*"}
        meta: dict[str, Any] = {"progressToken": 1}
        inject_limits(headers, 100.5)
        inject_limits_meta(meta, 100.5)
    assert headers == {"Accept": "*/*", "exai-sre-timeout-ms": "1500", "exai-sre-attempts-left": "3"}
    assert meta == {"progressToken": 1, "exai-sre/timeout-ms": 1500, "exai-sre/attempts-left": 3}
    assert extract_limits(headers) == extract_limits_meta(meta) == HopLimits(1.5, 3)


def test_a_deadline_that_has_passed_is_sent_as_nothing_left():
    headers: dict[str, str] = {}
    with deadline_at(10.0):
        inject_limits(headers, 11.0)
    assert headers == {"exai-sre-timeout-ms": "0"}
    with limits_of_hop(extract_limits(headers), 50.0):
        assert remaining(50.0) == 0.0


def test_without_limits_nothing_is_sent_and_a_field_that_is_there_stays():
    headers: dict[str, str] = {}
    inject_limits(headers, 0.0)
    inject_limits_meta(headers, 0.0)
    assert headers == {}
    given = {"EXAI-SRE-Timeout-ms": "9", "exai-sre/timeout-ms": "9"}
    with deadline_at(10.0):
        inject_limits(given, 1.0)
        inject_limits_meta(given, 1.0)
    assert given == {"EXAI-SRE-Timeout-ms": "9", "exai-sre/timeout-ms": "9"}


@pytest.mark.parametrize("bad", ["", "-1", "1.5", "1e3", "\u0663", "9" * 10, "x", None, True, 1.5, ["1", "2"], {}])
def test_what_is_no_number_of_at_most_nine_digits_is_no_limit(bad):
    assert extract_limits({"exai-sre-timeout-ms": bad, "exai-sre-attempts-left": bad}) == NO_LIMITS
    assert extract_limits_meta({"exai-sre/timeout-ms": bad}) == NO_LIMITS


@pytest.mark.parametrize("nothing", [None, {}, "text", 7])
def test_no_carrier_has_no_limits(nothing):
    assert extract_limits_meta(nothing) is NO_LIMITS
    assert extract_limits(None) is NO_LIMITS


def test_an_earlier_deadline_stays_in_force_and_limits_end_with_their_body():
    with deadline_at(10.0):
        with limits_of_hop(HopLimits(20.0), 0.0):
            assert current_deadline.get() == 10.0
        with limits_of_hop(HopLimits(5.0), 0.0):
            assert current_deadline.get() == 5.0
        with limits_of_hop(NO_LIMITS, 0.0):
            assert (current_deadline.get(), attempts_left.get()) == (10.0, None)
    assert current_deadline.get() is None


def test_headers_that_an_http_library_keeps_by_get_list_are_read():
    import httpx

    headers = httpx.Headers([("X-Request-ID", "caller-id-1"), ("x-request-id", "caller-id-1"), ("Baggage", "a=1")])
    assert (extract(headers).correlation_id, extract(headers).baggage.get("a")) == ("caller-id-1", "1")


def test_an_empty_list_of_values_is_nothing():
    assert extract({"traceparent": [], "baggage": [], "tracestate": ["a=1"]}).rejected == ()
    too_long = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": ["a=1", "b=" + "x" * 20_000]}
    assert extract(too_long).trace.tracestate == ""


def test_an_idempotency_key_holds_for_its_body():
    with idempotent_as() as key, idempotent_as("mine") as own:
        assert (len(key), own, idempotency_key.get()) == (36, "mine", "mine")
    assert idempotency_key.get() is None


def test_an_idempotency_key_that_another_context_gives_back_leaves_that_one_alone():
    operation = idempotent_as("mine")
    assert contextvars.copy_context().run(operation.__enter__) == "mine"
    with idempotent_as("other"):
        contextvars.copy_context().run(operation.__exit__, None, None, None)
        assert idempotency_key.get() == "other"
    assert idempotency_key.get() is None


def test_a_priority_holds_for_its_body_and_has_a_range():
    with priority(0):
        assert current_priority.get() == 0
    assert current_priority.get() == 3
    with pytest.raises(ValueError, match="not 8"), priority(8):
        raise AssertionError
