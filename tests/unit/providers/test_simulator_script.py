from __future__ import annotations

import json
import statistics
from typing import Any

import pytest

from exai_sre.errors import SettingError
from server.providers.glm import GlmDialect
from server.providers.kimi import KimiDialect
from server.simulator.faults import Fault
from server.simulator.replies import make_reply
from server.simulator.upstream import Upstream
from server.simulator.wire import answer_body, checked_request, error_body, stream_events


def upstream(name: str = "glm", seed: int = 7, sigma: float = 0.3) -> Upstream:
    return Upstream(name, seed=seed, latency=0.2, sigma=sigma)


def test_equal_seeds_give_equal_latencies_and_a_fault_does_not_shift_them() -> None:
    calm, faulty = upstream(), upstream()
    first = [calm.decide().latency for _ in range(20)]
    faulty.fault = Fault(error_rate=0.5)
    assert [faulty.decide().latency for _ in range(20)] == first
    assert [upstream(seed=8).decide().latency for _ in range(20)] != first


def test_latencies_spread_around_the_set_median() -> None:
    script = upstream()
    assert statistics.median(script.decide().latency for _ in range(2000)) == pytest.approx(0.2, rel=0.1)
    script.fault = Fault(latency=3.0)
    assert statistics.median(script.decide().latency for _ in range(2000)) == pytest.approx(3.0, rel=0.1)
    assert upstream(sigma=0.0).decide().latency == 0.2


def test_the_share_of_failures_is_the_one_asked_for() -> None:
    script = upstream()
    script.fault = Fault(error_rate=0.3)
    assert sum(script.decide().fault is not None for _ in range(2000)) == pytest.approx(600, rel=0.15)
    script.fault = Fault(error_rate=1.0)
    assert all(script.decide().fault is not None for _ in range(50))
    script.fault = Fault()
    assert all(script.decide().fault is None for _ in range(50))


@pytest.mark.parametrize("fields", [{"hang": True}, {"malformed": True}, {"cut_after": 2}])
def test_a_fault_without_a_rate_befalls_every_request(fields: dict[str, Any]) -> None:
    assert Fault.parse(fields).share == 1.0
    assert Fault.parse({**fields, "error_rate": 0.25}).share == 0.25


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("error_rate", 1.5),
        ("error_rate", -0.1),
        ("error_rate", "all"),
        ("error_rate", True),
        ("error_rate", None),
        ("status", 200),
        ("status", "503"),
        ("code", 1302),
        ("hang", 1),
        ("malformed", None),
        ("latency", -1),
        ("retry_after", "soon"),
        ("cut_after", 1.5),
        ("colour", "red"),
    ],
)
def test_a_field_out_of_range_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(SettingError) as caught:
        Fault.parse({field: value})
    assert caught.value.setting == field


def test_a_whole_fault_survives_the_way_through_json() -> None:
    fault = Fault(0.5, 429, "1302", retry_after=2.0, latency=1.5, hang=True, cut_after=3)
    assert Fault.parse(json.loads(json.dumps(fault.to_json()))) == fault


def test_the_same_prompt_gets_the_same_text_and_says_that_it_is_simulated() -> None:
    reply = make_reply("m", "why", None)
    assert reply == make_reply("m", "why", None)
    assert reply.text != make_reply("m", "how", None).text
    assert reply.text.startswith("Simulated answer of m:")
    assert reply.finish_reason == "stop"


def test_max_tokens_cuts_the_answer_and_says_so() -> None:
    reply = make_reply("m", "why", 5)
    assert len(reply.pieces) == 5
    assert reply.finish_reason == "length"


@pytest.mark.parametrize("dialect", [GlmDialect(), KimiDialect()], ids=["glm", "kimi"])
def test_what_the_simulator_says_is_what_the_dialect_reads(dialect: GlmDialect | KimiDialect) -> None:
    reply = make_reply("m", "why", None)
    whole = dialect.answer(answer_body("m", 1, reply))
    assert whole.text == reply.text
    assert whole.usage.output_tokens == len(reply.pieces)
    *events, done = stream_events(dialect.provider, "m", 1, reply)
    chunks = [dialect.chunk(json.loads(event.removeprefix(b"data: "))) for event in events]
    assert "".join(chunk.text for chunk in chunks) == reply.text
    assert chunks[-1].usage == whole.usage
    assert chunks[-1].finish_reason == "stop"
    assert done == b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("provider", "status", "code", "retryable"),
    [
        ("glm", 503, "", True),
        ("glm", 429, "", True),
        ("glm", 429, "1113", False),
        ("glm", 401, "", False),
        ("kimi", 500, "", True),
        ("kimi", 429, "", True),
        ("kimi", 429, "exceeded_current_quota_error", False),
        ("kimi", 401, "", False),
    ],
)
def test_scripted_failures_are_classified_like_the_vendors_own(
    provider: str, status: int, code: str, retryable: bool
) -> None:
    dialect = {"glm": GlmDialect(), "kimi": KimiDialect()}[provider]
    body = error_body(provider, status, code, "text")
    assert dialect.error_of(body) is not None
    assert dialect.classify(status, body).retryable is retryable


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (None, "no JSON object"),
        ({}, "model"),
        ({"model": ""}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": []}, "messages"),
        ({"model": "m", "messages": [{}]}, "content"),
        ({"model": "m", "messages": [{"content": "x"}], "max_tokens": 0}, "max_tokens"),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(body: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        checked_request(json.dumps(body).encode())


def test_a_request_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="no JSON object"):
        checked_request(b"{")


def test_a_good_request_is_taken() -> None:
    body = {"model": "m", "messages": [{"content": "x"}], "max_tokens": 1}
    assert checked_request(json.dumps(body).encode()) == body
