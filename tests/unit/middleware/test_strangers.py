"""What callers that nobody knows can make of a server: neither its metrics, nor its traces, nor its baggage."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import Baggage, current_baggage, current_trace, extract
from exai_sre.metrics import Catalog
from exai_sre.middleware.correlation_id import ids_of_request
from exai_sre.middleware.http_server import HttpFrame, HttpInstruments
from exai_sre.middleware.mcp_requests import McpOptions, McpRequests
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.tracing import configure_tracing

IDS = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "baggage": "tenant=theirs"}


@dataclass
class Call:
    """A call of a tool as the SDK describes it."""

    params: Any
    method: str = "tools/call"
    request_id: Any = 1
    request: Any = None
    protocol_version: str = "2026-07-28"


class Rig:
    """A server of MCP without the SDK, and what its requests leave behind."""

    def __init__(self, **options: Any) -> None:
        self.exporter = InMemorySpanExporter()
        tracing = configure_tracing(service="t", exporter=self.exporter, batch=False, share=False, environ={})
        self.requests = McpRequests(Catalog(), McpOptions(tracing=tracing, loops=None, **options))
        self.seen: list[tuple[str, Baggage]] = []

    async def fine(self) -> Any:
        trace = current_trace.get()
        assert trace is not None
        self.seen.append((trace.trace_id, current_baggage.get()))
        return {"content": []}

    async def refused(self) -> Any:
        raise ConnectionRefusedError

    async def call(self, name: str, answer: Any, **meta: str) -> None:
        await self.requests.serve(Call({"name": name, "_meta": meta}), answer)

    def tools(self) -> set[str]:
        return {bound.values[1] for bound in self.requests.metrics.operation_duration.series() if bound.total}


async def test_names_that_only_fail_leave_room_for_real_tools():
    rig = Rig()
    for number in range(400):
        with pytest.raises(ConnectionRefusedError):
            await rig.call(f"random-{number}", rig.refused)
    await rig.call("real", rig.fine)
    assert "real" in rig.tools()
    assert len(rig.tools()) < 30
    assert len({span.name for span in rig.exporter.get_finished_spans()}) < 200


async def test_a_tool_that_failed_first_keeps_its_name_once_it_has_answered():
    rig = Rig()
    with pytest.raises(ConnectionRefusedError):
        await rig.call("real", rig.refused)
    for number in range(400):
        with pytest.raises(ConnectionRefusedError):
            await rig.call(f"random-{number}", rig.refused)
    await rig.call("real", rig.fine)
    assert [span.name for span in rig.exporter.get_finished_spans()][-2:] == ["tools/call", "tools/call real"]
    assert "real" in rig.tools()


@pytest.mark.parametrize("public", [True, False])
async def test_a_stranger_chooses_no_trace_and_no_baggage_by_meta(public):
    rig = Rig(public=public)
    await rig.call("echo", rig.fine, **IDS)
    ((trace_id, baggage),) = rig.seen
    (span,) = rig.exporter.get_finished_spans()
    links = [f"{link.context.trace_id:032x}" for link in span.links]
    if public:
        assert (trace_id != "a" * 32, baggage, links) == (True, Baggage(), ["a" * 32])
    else:
        assert (trace_id, str(baggage), links) == ("a" * 32, IDS["baggage"], [])


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("carrier", [SimpleNamespace(headers=IDS), WebSocketRequest(IDS)])
async def test_a_stranger_chooses_no_trace_and_no_baggage_by_headers_that_no_frame_has_judged(carrier, public):
    rig = Rig(public=public)
    await rig.requests.serve(Call({"name": "echo"}, request=carrier), rig.fine)
    ((trace_id, baggage),) = rig.seen
    (span,) = rig.exporter.get_finished_spans()
    shared = isinstance(carrier, WebSocketRequest)
    assert (trace_id == "a" * 32) is (not public and not shared)
    assert str(baggage) == ("" if public else IDS["baggage"])
    assert [f"{link.context.trace_id:032x}" for link in span.links] == (["a" * 32] if public or shared else [])


async def test_what_a_frame_has_judged_is_taken_over():
    rig = Rig(public=True)
    with ids_of_request(extract(IDS)).open():
        await rig.requests.serve(Call({"name": "echo"}, request=SimpleNamespace(headers={})), rig.fine)
    assert [(trace_id, str(baggage)) for trace_id, baggage in rig.seen] == [("a" * 32, IDS["baggage"])]


@pytest.mark.parametrize("public", [True, False])
def test_a_strangers_baggage_is_dropped_on_a_websocket_too(public):
    ids = HttpFrame(HttpInstruments(public=public)).arrive(extract(IDS))
    with ids.open(), WebSocketRequest(IDS).message():
        assert str(current_baggage.get()) == ("" if public else IDS["baggage"])
