"""Who uses the server and what for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest

from exai_sre.context import Baggage, current_baggage
from exai_sre.metrics import Catalog, exposition
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.names import LabelName
from exai_sre.outcome import Outcome
from exai_sre.testing import VirtualClock
from server.metrics import FEATURES, ServerMetrics
from server.tools.base import ToolCall, ToolError
from server.tools.chat import SPEC
from server.usage import Usage, user_of
from tests.unit.providers.completion_rig import down, rig
from tests.unit.tools.tool_rig import Echo, services


@pytest.fixture
def metrics():
    return ServerMetrics.declare(Catalog())


def http(session=None, host="10.0.0.1", agent="a/1"):
    headers = {"user-agent": agent} | ({"mcp-session-id": session} if session else {})
    return SimpleNamespace(headers=headers, client=SimpleNamespace(host=host))


@pytest.mark.parametrize(
    "requests",
    [
        (http("s1"), http("s2")),
        (http(host="10.0.0.1"), http(host="10.0.0.2")),
        (http(agent="a/1"), http(agent="b/1")),
        (WebSocketRequest({}, "c-1"), WebSocketRequest({}, "c-2")),
        (None, http()),
        (http("s1"), SimpleNamespace(headers={}, client=None)),
    ],
)
def test_callers_are_told_apart(requests):
    assert len({user_of(request) for request in requests}) == 2


def test_a_caller_is_the_same_from_call_to_call():
    for make in (lambda: http("s1"), http, lambda: WebSocketRequest({}, "c-1"), lambda: None):
        assert user_of(make()) == user_of(make())


def test_the_user_that_the_baggage_names_counts_once_over_all_sessions():
    token = current_baggage.set(Baggage.parse("user.id=alice"))
    users = {user_of(http("s1")), user_of(http("s2")), user_of(None)}
    current_baggage.reset(token)
    assert users == {"user alice"}


def test_calls_show_as_active_users_and_no_id_leaves(metrics):
    clock = VirtualClock()
    usage = Usage(metrics, clock)
    for session in ("s1", "s2", "s1"):
        usage.called(SimpleNamespace(request=http(session)))
    text = exposition(metrics.catalog)[0].decode()
    assert 'exai_active_users{window="5m"} 2.0' in text
    assert "s1" not in text
    clock.advance(301)
    usage.called(SimpleNamespace(request=http("s1")))
    text = exposition(metrics.catalog)[0].decode()
    assert 'exai_active_users{window="5m"} 1.0' in text
    assert 'exai_active_users{window="1h"} 2.0' in text


def test_features_are_counted_by_outcome(metrics):
    usage = Usage(metrics, VirtualClock())
    usage.feature_used("thinking", Outcome.TIMEOUT)
    labels = {LabelName.FEATURE: "thinking", LabelName.OUTCOME: "timeout"}
    assert metrics.business.feature_uses.labels(**labels).value == 1


async def chat(arguments, *providers):
    """Features that one chat made use of, with their outcomes."""
    used = []
    parts = replace(services(*providers), feature_used=lambda *use: used.append(use))
    with suppress(ToolError):
        await SPEC.handler(parts, {"prompt": "hi", **arguments}, ToolCall())
    return used


async def test_a_plain_chat_makes_use_of_no_feature():
    assert await chat({}) == []


async def test_each_option_of_a_chat_is_a_feature():
    arguments = {"system": "be kind", "temperature": 0.5, "thinking": True, "stream": True, "model": "glm-4.6"}
    used = await chat(arguments)
    assert used == [
        (feature, Outcome.OK) for feature in ("model_choice", "streaming", "system_prompt", "temperature", "thinking")
    ]
    assert {feature for feature, _ in used} <= set(FEATURES)


async def test_an_answer_by_another_provider_is_a_fallback():
    assert await chat({}, Echo("glm", down()), Echo("kimi")) == [("fallback", Outcome.OK)]


async def test_a_chat_that_fails_counts_with_its_outcome():
    assert await chat({"temperature": 1}, Echo("glm", down()), Echo("kimi", down("kimi"))) == [
        ("temperature", Outcome.UPSTREAM_ERROR)
    ]


async def test_an_answered_completion_leaves_its_cost_and_its_tokens():
    it = rig()
    result = await it.run()
    (cost,) = it.metrics.gen_ai.request_cost.series()
    assert (cost.values, cost.count, cost.sum) == ((result.provider, result.model), 1, pytest.approx(result.cost))
    assert result.cost > 0
    tokens = {series.values: series.sum for series in it.metrics.gen_ai.request_tokens.series()}
    assert tokens == {(result.provider, "input"): 10, (result.provider, "output"): 20}
