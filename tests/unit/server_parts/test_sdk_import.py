"""The SDK's models are built when they are used; everybody else's are as they were."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json
import sys
import server.demo.command
import server.serve

too_soon = [name for name in ("mcp", "mcp_types", "pydantic") if name in sys.modules]

from server.mcp.sdk import import_sdk
from pydantic import BaseModel, ValidationError

before = BaseModel.model_config
import_sdk()

import mcp_types
import server.ports

def derived(model):
    for each in model.__subclasses__():
        yield each
        yield from derived(each)

models = [each for each in derived(BaseModel) if each.__module__.startswith("mcp_types.")]
waiting = [each for each in models if not each.__pydantic_complete__]
tool = mcp_types.Tool.model_validate({"name": "chat", "inputSchema": {"type": "object"}})
try:
    mcp_types.Tool.model_validate({"name": 3})
    refused = False
except ValidationError:
    refused = True

class Later(BaseModel):
    number: int

print(json.dumps({
    "too_soon": too_soon, "models": len(models), "waiting": len(waiting),
    "tool": tool.model_dump(by_alias=True, exclude_none=True),
    "refused": refused, "restored": BaseModel.model_config is before, "later": Later.__pydantic_complete__,
}))
"""


@pytest.fixture(scope="module")
def told(root):
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_models_of_the_wire_wait_until_they_are_used(told):
    assert told["models"] > 300
    assert told["waiting"] > 0.9 * told["models"]


def test_what_runs_before_that_import_imports_none_of_it(told):
    assert told["too_soon"] == []


def test_a_model_that_waited_reads_and_refuses_as_ever(told):
    assert told["tool"] == {"name": "chat", "inputSchema": {"type": "object"}}
    assert told["refused"]


def test_models_declared_afterwards_are_built_at_once(told):
    assert told["restored"]
    assert told["later"]
