"""R04: bad arguments ended as an internal error without a word on which and why."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.outcome import Outcome
from server.tools import ToolCall, ToolError, build_tools, tool_specs
from server.tools.arguments import compile_check
from server.tools.schema import closed_object
from tests.unit.tools.tool_rig import Echo, services

CHAT = {spec.name: spec for spec in tool_specs()}["chat"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "prompt is required"),
        ({"prompt": ""}, "prompt must have at least 1 characters"),
        ({"prompt": 7}, "prompt must be of type string"),
        ({"prompt": None}, "prompt must be of type string"),
        ({"prompt": "x", "temperature": 2}, "temperature must be at most 1"),
        ({"prompt": "x", "temperature": -1}, "temperature must be at least 0"),
        ({"prompt": "x", "max_tokens": 1.5}, "max_tokens must be of type integer"),
        ({"prompt": "x", "max_tokens": True}, "max_tokens must be of type integer"),
        ({"prompt": "x", "stream": "yes"}, "stream must be of type boolean"),
        ({"prompt": "x", "thinking_mode": "high"}, "'thinking_mode' is not a known argument"),
    ],
)
async def test_an_error_names_the_field_and_the_rule(arguments: dict[str, Any], text: str) -> None:
    provider = Echo("glm")
    with pytest.raises(ToolError) as caught:
        await build_tools(services(provider))["chat"].run(arguments, ToolCall())
    error = caught.value
    assert text in error.what
    assert error.what.startswith("invalid arguments for chat: ")
    assert (error.outcome, error.error_type) == (Outcome.CLIENT_ERROR, "invalid_arguments")
    assert "prompt" in error.remedy
    assert provider.requests == []


def test_all_faults_are_named_at_once_in_a_stable_order() -> None:
    with pytest.raises(ToolError) as caught:
        compile_check("chat", CHAT.input_schema)({"b": 1, "a": 1, "temperature": "x"})
    assert caught.value.what.removeprefix("invalid arguments for chat: ") == (
        "'a' is not a known argument; 'b' is not a known argument; prompt is required; "
        "temperature must be of type number"
    )


def test_no_value_is_quoted_for_it_may_be_secret_or_long() -> None:
    with pytest.raises(ToolError) as caught:
        compile_check("chat", CHAT.input_schema)({"prompt": ["sk-secret"] * 1000, "x" * 500: 1})
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        ({"type": "string", "enum": ["a", "b"]}, "c", "field must be one of a, b"),
        ({"type": "string", "maxLength": 2}, "abc", "field must have at most 2 characters"),
        ({"type": ["string", "null"]}, 1, "field must be of type string or null"),
        ({"type": "string", "pattern": "^a$"}, "b", "field breaks the rule pattern"),
        (closed_object({"x": {"type": "integer"}}, ("x",)), {}, "field.x is required"),
        (closed_object({}), {"y": 1}, "'field.y' is not a known argument"),
    ],
)
def test_each_rule_has_its_words(schema: dict[str, Any], value: object, text: str) -> None:
    with pytest.raises(ToolError) as caught:
        compile_check("t", closed_object({"field": schema}))({"field": value})
    assert text in caught.value.what


def test_a_tool_without_arguments_says_that_it_takes_none() -> None:
    with pytest.raises(ToolError) as caught:
        compile_check("version", closed_object({}))({"verbose": True})
    assert caught.value.remedy == "arguments of version: none"


values = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text(max_size=3)


CHECK = compile_check("chat", CHAT.input_schema)
ORACLE = jsonschema.Draft202012Validator(CHAT.input_schema)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([*CHAT.input_schema["properties"], "other"]), values))
def test_the_check_refuses_exactly_what_the_schema_refuses(arguments: dict[str, Any]) -> None:
    valid = ORACLE.is_valid(arguments)
    try:
        CHECK(arguments)
    except ToolError:
        assert not valid
    else:
        assert valid
