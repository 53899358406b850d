from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import server.tools
from exai_sre.outcome import Outcome
from server.metrics import PROVIDERS, TOOLS
from server.tools import ToolCall, ToolError, build_tools, tool_specs
from server.tools.schema import DIALECT
from server.tools.tool import SIMULATED_NOTE
from tests.unit.tools.tool_rig import Echo, services

ARGUMENTS: dict[str, dict[str, Any]] = {"chat": {"prompt": "hi"}}


def test_the_tools_are_those_that_the_metrics_name_and_each_has_its_module() -> None:
    """R39: 29 tools claimed, 2 served."""
    assert tuple(spec.name for spec in tool_specs()) == TOOLS
    assert tuple(build_tools(services())) == TOOLS
    modules = {path.stem for path in Path(server.tools.__path__[0]).glob("*.py")}
    assert set(TOOLS) <= modules


@pytest.mark.parametrize("spec", tool_specs(), ids=lambda spec: spec.name)
def test_schemas_are_closed_described_and_of_the_dialect_of_mcp(spec: Any) -> None:
    for schema in (spec.input_schema, spec.output_schema):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == DIALECT
        assert schema["type"] == "object"
    assert spec.input_schema["additionalProperties"] is False
    assert all(field["description"] for field in spec.input_schema["properties"].values())
    assert spec.description.endswith(".")
    assert spec.title


def test_listmodels_filters_by_the_providers_that_exist() -> None:
    spec = next(spec for spec in tool_specs() if spec.name == "listmodels")
    assert tuple(spec.input_schema["properties"]["provider"]["enum"]) == PROVIDERS


def test_the_list_of_tools_is_small() -> None:
    listed = [
        {"name": spec.name, "description": spec.description, "inputSchema": spec.input_schema} for spec in tool_specs()
    ]
    assert len(json.dumps(listed)) < 6_000


@pytest.mark.parametrize("simulated", [True, False])
@pytest.mark.parametrize("name", TOOLS)
async def test_every_answer_fits_its_schema_and_says_whether_it_is_simulated(name: str, simulated: bool) -> None:
    tool = build_tools(services(simulated=simulated))[name]
    result = await tool.run(ARGUMENTS.get(name, {}), ToolCall())
    jsonschema.Draft202012Validator(tool.spec.output_schema).validate(json.loads(json.dumps(result.structured)))
    assert result.structured["simulated"] is simulated
    assert result.text.endswith(SIMULATED_NOTE) is simulated


async def test_an_error_says_so_too_and_keeps_its_fields() -> None:
    tool = build_tools(services(Echo("glm"), simulated=True))["chat"]
    with pytest.raises(ToolError) as caught:
        await tool.run({"prompt": "hi", "model": "gpt-4"}, ToolCall())
    error = caught.value
    assert error.what.endswith(SIMULATED_NOTE)
    assert (error.outcome, error.error_type) == (Outcome.CLIENT_ERROR, "unknown_model")
    assert error.remedy.startswith("one of")
