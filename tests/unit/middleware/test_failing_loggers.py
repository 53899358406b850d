"""A logger that fails loses its line, never the caller's answer."""

from types import SimpleNamespace
from typing import Any

import pytest

from exai_sre.metrics import Catalog
from exai_sre.middleware.mcp_loops import AgentLoop, LoopOptions
from exai_sre.middleware.mcp_requests import McpOptions, McpRequests
from exai_sre.middleware.request_logging import write_line
from exai_sre.outcome import Outcome
from tests.unit.middleware.asgi_rig import Rig


class Failing:
    """A logger that fails as a serialiser does over a number too large for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def info(self, event: str, **fields: Any) -> None:
        self.asked.append(event)
        raise TypeError("Integer exceeds 64-bit range")

    debug = warning = error = info


@pytest.fixture
def logger():
    return Failing()


def call_of_a_tool() -> Any:
    return SimpleNamespace(
        method="tools/call", params={"name": "t"}, request_id=2**70, request=None, protocol_version="2026-07-28"
    )


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_line_that_cannot_be_written_is_lost_whatever_its_level(logger, outcome):
    write_line(logger, "event", outcome, {"n": 2**70})
    assert logger.asked == ["event"]


async def test_over_asgi_the_answer_is_whole(logger):
    async def fine(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    rig = Rig(fine, logger=logger)
    await rig.get("/")
    assert [each["type"] for each in rig.sent] == ["http.response.start", "http.response.body"]
    assert logger.asked == ["http_request"]


async def test_a_result_over_mcp_is_the_tools_own(logger):
    result = {"content": []}

    async def answer() -> Any:
        return result

    requests = McpRequests(Catalog(), McpOptions(tools=("t",), logger=logger))
    assert await requests.serve(call_of_a_tool(), answer) is result
    assert logger.asked == ["mcp_operation"]


async def test_an_agent_loop_that_cannot_be_written_down_is_counted_and_told(logger):
    told: list[AgentLoop] = []
    result = {"isError": True, "content": []}

    async def answer() -> Any:
        return result

    loops = LoopOptions(after=2, on_loop=told.append)
    catalog = Catalog()
    requests = McpRequests(catalog, McpOptions(tools=("t",), logger=logger, loops=loops))
    for _ in range(2):
        assert await requests.serve(call_of_a_tool(), answer) is result
    assert logger.asked == ["mcp_operation", "mcp_agent_loop", "mcp_operation"]
    assert told == [AgentLoop("t", 2, Outcome.ERROR)]
    assert catalog.family("exai_mcp_agent_loops_total").labels().value == 1
