"""Log lines through OTLP over HTTP to a real receiver: all of them, redacted, with their ids."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import structlog
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse

from exai_sre.context import TraceContext, correlation_id, current_trace
from exai_sre.logs import configure_logging, get_logger, shutdown_logging

TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)


class Receiver(ThreadingHTTPServer):
    """Decodes what an OTLP/HTTP exporter posts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.paths: list[str] = []
        self.requests: list[ExportLogsServiceRequest] = []


class Receiving(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.paths.append(self.path)
        self.server.requests.append(ExportLogsServiceRequest.FromString(body))
        answer = ExportLogsServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing: this log is not the one under test."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
        yield server
        server.shutdown()
        thread.join()
    shutdown_logging()
    structlog.reset_defaults()


def test_every_line_reaches_the_collector_redacted_and_with_its_ids(receiver: Receiver) -> None:
    stream = io.StringIO()
    configure_logging("svc", "logfmt", stream=stream, otel=True)
    tokens = correlation_id.set("c-1234567"), current_trace.set(TRACE)
    for number in range(700):
        get_logger("shop.orders").error("order \ud800 failed", number=number, password="hunter2-x9")
    correlation_id.reset(tokens[0])
    current_trace.reset(tokens[1])
    shutdown_logging()
    assert set(receiver.paths) == {"/v1/logs"}
    records = [
        record
        for request in receiver.requests
        for resource in request.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]
    assert [record.attributes[1].value.int_value for record in records] == list(range(700))
    for record in records:
        attributes = {item.key: item.value.string_value for item in record.attributes}
        assert (record.trace_id.hex(), record.span_id.hex(), record.flags) == (TRACE.trace_id, TRACE.span_id, 1)
        assert attributes["exai.correlation_id"] == "c-1234567"
        assert attributes["password"].startswith("[REDACTED:")
        assert (record.body.string_value, record.severity_number) == ("order \\ud800 failed", 17)
    (name,) = {
        item.value.string_value
        for request in receiver.requests
        for item in request.resource_logs[0].resource.attributes
        if item.key == "service.name"
    }
    assert name == "shop"
    assert len(stream.getvalue().splitlines()) == 700
