from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from exai_sre.outcome import Outcome
from server.providers.base import ChatRequest, ChatResult, ChunkSink, Message
from server.providers.catalogue import load_catalogue
from server.providers.registry import CompletionRequest, ProviderRegistry, RequestRefused


class FixedClock:
    def __init__(self, day: str = "2026-11-22") -> None:
        self._now = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()

    def time(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("routing does not sleep")


class Named:
    def __init__(self, name: str) -> None:
        self.name = name

    async def chat(self, request: ChatRequest, on_chunk: ChunkSink | None = None) -> ChatResult:
        raise AssertionError("routing sends nothing")


def registry(*names: str, day: str = "2026-11-22") -> ProviderRegistry:
    return ProviderRegistry(load_catalogue(), [Named(name) for name in names], clock=FixedClock(day))


def request(prompt: str = "hi", **more: Any) -> CompletionRequest:
    return CompletionRequest((Message("user", prompt),), **more)


def test_without_a_model_the_default_answers_and_the_other_provider_stands_in() -> None:
    plan = registry("glm", "kimi").plan(request())
    assert [route.model.id for route in plan.routes] == ["glm-4.6", "kimi-k2.6"]
    assert plan.requested == "glm-4.6"
    assert plan.notes == ()


def test_max_tokens_is_always_set() -> None:
    for route in registry("glm", "kimi").plan(request()).routes:
        assert route.request.max_tokens == route.model.max_output


def test_parameters_that_a_model_does_not_take_are_dropped_and_named_per_route() -> None:
    plan = registry("glm", "kimi").plan(request(temperature=0.2, thinking=True, stream=True))
    glm, kimi = plan.routes
    assert (glm.request.temperature, glm.request.thinking, glm.dropped) == (0.2, True, ())
    assert (kimi.request.temperature, kimi.request.thinking, kimi.dropped) == (None, True, ("temperature",))
    assert glm.request.stream
    flash = registry("glm").plan(request(model="fast", thinking=False)).routes[0]
    assert (flash.request.thinking, flash.dropped) == (None, ("thinking",))


def test_a_larger_max_tokens_than_the_model_allows_is_lowered_and_named() -> None:
    route = registry("glm").plan(request(max_tokens=999_999)).routes[0]
    assert route.request.max_tokens == 8_192
    assert route.adjusted == ("max_tokens",)
    assert registry("glm").plan(request(max_tokens=5)).routes[0].adjusted == ()


def test_a_retired_model_is_answered_by_its_successor_and_the_caller_is_told() -> None:
    plan = registry("glm", "kimi").plan(request(model="kimi-k2-turbo-preview"))
    assert plan.routes[0].model.id == "kimi-k2.6"
    assert plan.notes == ("kimi-k2-turbo-preview was retired on 2026-05-25",)
    earlier = registry("glm", "kimi", day="2026-01-01").plan(request(model="kimi-k2-turbo-preview"))
    assert earlier.routes[0].model.id == "kimi-k2-turbo-preview"


def test_where_a_provider_has_no_key_the_other_answers_and_the_caller_is_told() -> None:
    plan = registry("kimi").plan(request(model="glm-4.6"))
    assert [route.model.id for route in plan.routes] == ["kimi-k2.6"]
    assert plan.notes == ("glm is not set up, kimi-k2.6 answers instead of glm-4.6",)


def test_an_unknown_model_is_the_callers_error_and_names_the_known_ones() -> None:
    with pytest.raises(RequestRefused, match="unknown model 'gpt-4'") as caught:
        registry("glm").plan(request(model="gpt-4"))
    assert caught.value.outcome is Outcome.CLIENT_ERROR
    assert caught.value.error_type == "unknown_model"
    assert "glm-4.6" in caught.value.remedy
    assert "kimi" not in caught.value.remedy


def test_without_any_provider_the_error_says_that_a_key_is_missing() -> None:
    with pytest.raises(RequestRefused, match="not set up") as caught:
        registry().plan(request())
    assert caught.value.error_type == "model_unavailable"


def test_a_prompt_beyond_every_context_is_refused_before_anything_is_sent() -> None:
    """R20, R21: millions of tokens were sent and paid for."""
    with pytest.raises(RequestRefused, match=r"about \d+ tokens, glm-4.6 takes 200000") as caught:
        registry("glm", "kimi").plan(request("word " * 900_000))
    assert caught.value.error_type == "prompt_too_long"
    assert caught.value.outcome is Outcome.CLIENT_ERROR


def test_a_prompt_too_long_for_the_first_model_goes_to_the_one_it_fits() -> None:
    plan = registry("glm", "kimi").plan(request("x" * 735_000))
    assert [route.model.id for route in plan.routes] == ["kimi-k2.6"]
    assert plan.notes == ("the prompt does not fit glm-4.6, kimi-k2.6 answers",)


def test_an_answer_that_does_not_fit_beside_the_prompt_is_refused_with_its_size() -> None:
    with pytest.raises(RequestRefused, match="with 8192 for the answer"):
        registry("glm").plan(request("x" * 680_000, max_tokens=8_192))


def test_a_model_is_available_when_its_provider_is_and_it_is_not_retired() -> None:
    known = registry("kimi")
    states = {model.id: known.available(model) for model in known.catalogue.models}
    assert states["kimi-k2.6"]
    assert not states["glm-4.6"]
    assert not states["kimi-k2-0711-preview"]
