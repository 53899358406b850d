"""What an MCP request is about and how it ended, without the SDK."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pydantic
import pytest

from exai_sre.context import TraceContext, unit_of_work
from exai_sre.metrics import Catalog
from exai_sre.middleware.mcp_call import McpCall, carrier_of, client_of, message_ids, transport_of
from exai_sre.middleware.mcp_endings import (
    Ending,
    code_outcome,
    ending_of_error,
    ending_of_result,
    error_outcome,
    is_error,
    malformed_request,
    sdk_refused,
)
from exai_sre.middleware.mcp_requests import McpOptions, McpRequests
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.outcome import Outcome


@dataclass
class Ctx:
    """A request as the SDK describes it."""

    method: str = "tools/call"
    params: Any = field(default_factory=dict)
    request_id: Any = 1
    request: Any = None
    protocol_version: str = "2026-07-28"


@pytest.mark.parametrize(
    ("params", "tools", "label", "known"),
    [
        ({"name": "echo"}, (), "echo", True),
        ({"name": "echo"}, ("echo",), "echo", True),
        ({"name": "nope"}, ("echo",), "_OTHER", False),
        ({"name": "x" * 129}, (), "_OTHER", False),
        ({"name": "a b\n"}, (), "_OTHER", False),
        ({"name": 7}, (), "_OTHER", False),
        ({}, (), "_OTHER", False),
        (None, (), "_OTHER", False),
        ("text", ("echo",), "_OTHER", False),
    ],
)
def test_a_tool_label_is_a_known_name_or_other(params, tools, label, known):
    call = McpCall.read(Ctx(params=params), tools, "pipe")
    assert (call.tool, call.known_tool) == (label, known)


def test_names_of_spans_and_methods_are_of_bounded_variety():
    assert McpCall.read(Ctx(params={"name": "echo"}), (), "pipe").span_name == "tools/call echo"
    assert McpCall.read(Ctx(method="tools/list", params={"name": "x"}), (), "pipe").span_name == "tools/list"
    assert McpCall.read(Ctx(method="made/up"), (), "pipe").span_name == "_OTHER"


def test_ids_of_the_request_keep_their_type_and_have_a_bound():
    call = McpCall.read(Ctx(request_id="r" * 1000, params={"_meta": {"progressToken": 5}}), (), "pipe")
    assert (call.request_id, call.progress_token) == ("r" * 64, 5)
    other = McpCall.read(Ctx(request_id=None, params={"_meta": {"progressToken": True}}), (), "pipe")
    assert (other.request_id, other.progress_token) == (None, None)
    assert "jsonrpc.request.id" not in other.attributes("2026-07-28")


def test_span_attributes_follow_the_conventions():
    call = McpCall.read(Ctx(params={"name": "echo"}), (), "pipe")
    assert call.attributes("2026-07-28") == {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2026-07-28",
        "network.transport": "pipe",
        "jsonrpc.request.id": "1",
        "gen_ai.tool.name": "echo",
        "gen_ai.operation.name": "execute_tool",
    }


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (None, "pipe"),
        (SimpleNamespace(headers={}), "http"),
        (WebSocketRequest({}), "websocket"),
        (SimpleNamespace(transport="carrier-pigeon"), "_OTHER"),
        (SimpleNamespace(), "_OTHER"),
    ],
)
def test_the_transport_is_what_the_request_says_or_shows(request_, expected):
    assert transport_of(Ctx(request=request_)) == expected


def test_the_running_ids_go_before_those_of_the_http_headers():
    ctx = Ctx(request=SimpleNamespace(headers={"x-request-id": "header-id-1"}))
    assert carrier_of(ctx, "http").correlation_id == "header-id-1"
    with unit_of_work("running-id-1"):
        assert carrier_of(ctx, "http").correlation_id == "running-id-1"
        assert carrier_of(Ctx(), "pipe").correlation_id is None
    upgrade = WebSocketRequest({"x-request-id": "header-id-1"})
    assert carrier_of(Ctx(request=upgrade), "websocket") is upgrade.carrier


def test_ids_in_a_message_without_params_are_none():
    assert message_ids(Ctx(params=None)).correlation_id is None
    assert message_ids(Ctx(params={"_meta": {"exai-sre/correlation-id": "message-id"}})).correlation_id == "message-id"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (-32700, Outcome.CLIENT_ERROR),
        (-32601, Outcome.CLIENT_ERROR),
        (-32602, Outcome.CLIENT_ERROR),
        (-32022, Outcome.CLIENT_ERROR),
        (-32603, Outcome.ERROR),
        (-32001, Outcome.TIMEOUT),
        (-32000, Outcome.CANCELLED),
        (17, Outcome.ERROR),
    ],
)
def test_a_json_rpc_code_has_one_outcome(code, outcome):
    assert code_outcome(code) is outcome


class CodedError(Exception):
    """Shaped like the SDK's MCPError."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.error = object()


class SaysSoError(Exception):
    """Knows its own outcome."""

    outcome = Outcome.OVERLOAD


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CodedError(-32602), (Outcome.CLIENT_ERROR, "-32602")),
        (SaysSoError(), (Outcome.OVERLOAD, "SaysSoError")),
        (TimeoutError(), (Outcome.TIMEOUT, "TimeoutError")),
        (asyncio.CancelledError(), (Outcome.CANCELLED, "CancelledError")),
        (KeyError(), (Outcome.ERROR, "KeyError")),
    ],
)
def test_an_error_has_one_outcome_and_a_class(error, expected):
    assert error_outcome(error) == expected


def validation_error(package: str) -> pydantic.ValidationError:
    """A ValidationError that came out of a module of ``package``."""
    space: dict[str, Any] = {"__name__": f"{package}.module", "adapter": pydantic.TypeAdapter(int)}
    exec("def check():\n    adapter.validate_python('x')", space)
    with pytest.raises(pydantic.ValidationError) as raised:
        space["check"]()
    return raised.value


def test_params_that_the_sdk_refuses_are_the_callers_fault_and_a_tools_own_slip_is_ours():
    assert malformed_request(validation_error("mcp_types"))
    assert error_outcome(validation_error("mcp")) == (Outcome.CLIENT_ERROR, "-32602")
    assert not malformed_request(validation_error("server"))
    assert error_outcome(validation_error("server"))[0] is Outcome.ERROR
    assert not malformed_request(ValueError())


def test_an_error_result_is_seen_before_and_after_serialisation():
    assert is_error({"isError": True})
    assert is_error(SimpleNamespace(is_error=True))
    assert not is_error({"isError": "true"})
    assert not is_error(None)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Unknown tool: add", True),
        ("Error executing tool add: 1 validation error for addArguments\na\n", True),
        ("Error executing tool add: 2 validation errors for addArguments\n", True),
        ("Error executing tool add: 1 validation error for Reply\n", False),
        ("Unknown tool: other", False),
        (None, False),
    ],
)
def test_a_refusal_by_the_sdk_is_told_from_a_tools_own_error(text, refused):
    assert sdk_refused({"content": [{"type": "text", "text": text}]}, "add") is refused
    assert sdk_refused(SimpleNamespace(content=[SimpleNamespace(text=text)]), "add") is refused
    assert not sdk_refused({"content": []}, "add")


@pytest.mark.parametrize(
    ("text", "outcome", "unknown"),
    [
        ("Unknown tool: add", Outcome.CLIENT_ERROR, True),
        ("Unknown tool: 'add'", None, True),
        ("Unknown tool: other", None, False),
        ("broken", None, False),
    ],
)
def test_an_error_result_says_whether_the_tool_exists(text, outcome, unknown):
    ending = ending_of_result({"isError": True, "content": [{"type": "text", "text": text}]}, "add")
    assert ending == Ending(outcome, "tool_error", unknown)
    assert ending_of_result({"content": []}, "add") == Ending(Outcome.OK)


class UnknownToolError(CodedError):
    """What a low-level server answers by."""

    def __str__(self) -> str:
        return "Unknown tool: add"


def test_a_json_rpc_error_keeps_its_code_and_says_whether_the_tool_exists():
    error = CodedError(-32603)
    assert ending_of_error(error) == Ending(Outcome.ERROR, "-32603", error=error, code=-32603)
    assert ending_of_error(UnknownToolError(-32602), "add").unknown_tool
    assert not ending_of_error(UnknownToolError(-32602), "web").unknown_tool, "an upstream may say so of its own"
    assert not ending_of_error(UnknownToolError(-32603), "add").unknown_tool
    plain = SystemExit(3)
    assert ending_of_error(plain) == Ending(Outcome.CANCELLED, "SystemExit", error=plain)


async def test_a_tool_whose_upstream_knows_no_such_tool_keeps_its_label():
    requests = McpRequests(Catalog(), McpOptions(tools=("web",)))

    async def upstream() -> Any:
        raise UnknownToolError(-32602)

    with pytest.raises(UnknownToolError):
        await requests.serve(Ctx(params={"name": "web"}), upstream)
    counted = [bound.values for bound in requests.metrics.operation_duration.series() if bound.total]
    assert counted == [("tools/call", "web", "client_error")]


@pytest.mark.parametrize(
    ("request_", "client"),
    [
        (None, "pipe"),
        (WebSocketRequest({}, connection_id="connection-1"), "connection-1"),
        (SimpleNamespace(headers={"mcp-session-id": "s" * 300}), "s" * 256),
        (SimpleNamespace(headers={}), None),
        (SimpleNamespace(), None),
    ],
)
def test_a_client_is_told_by_connection_or_session(request_, client):
    assert client_of(Ctx(request=request_)) == client


def test_a_client_without_a_session_is_told_by_its_trace():
    trace = TraceContext("a" * 32, "b" * 16, sampled=False)
    with unit_of_work("unit-id-1", trace):
        assert client_of(Ctx(request=SimpleNamespace(headers={}))) == "a" * 32
