"""A real OTLP receiver, over HTTP and over gRPC, that keeps what it is sent."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as traces_grpc

PATHS = {
    "/v1/traces": (traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse),
    "/v1/metrics": (metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse),
    "/v1/logs": (logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse),
}


@dataclass(frozen=True)
class ReceivedSpan:
    """One span with who sent it and what made it."""

    span: Any
    resource: dict[str, Any]
    scope: str

    @property
    def ids(self) -> tuple[str, str]:
        """Trace id and span id, hexadecimal."""
        return self.span.trace_id.hex(), self.span.span_id.hex()

    @property
    def parent(self) -> tuple[str, str] | None:
        """Ids of the parent; ``None`` for the root of a trace."""
        return (self.span.trace_id.hex(), self.span.parent_span_id.hex()) if self.span.parent_span_id else None

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the span."""
        return plain(self.span.attributes)


@dataclass
class Received:
    """What came, in the order of its arrival; ``url`` is where to send."""

    url: str = ""
    requests: list[Any] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Any) -> None:
        """Keep one request."""
        with self.lock:
            self.requests.append(request)

    def spans(self) -> list[ReceivedSpan]:
        """All spans."""
        return [
            ReceivedSpan(span, plain(of_resource.resource.attributes), of_scope.scope.name)
            for request in self._of(traces.ExportTraceServiceRequest)
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        ]

    def metric_scopes(self) -> dict[str, set[str]]:
        """Names of metrics, each with the scopes that sent it."""
        found: dict[str, set[str]] = {}
        for request in self._of(metrics.ExportMetricsServiceRequest):
            for of_resource in request.resource_metrics:
                for of_scope in of_resource.scope_metrics:
                    for metric in of_scope.metrics:
                        found.setdefault(metric.name, set()).add(of_scope.scope.name)
        return found

    def _of(self, kind: type) -> list[Any]:
        with self.lock:
            return [request for request in self.requests if isinstance(request, kind)]


def plain(attributes: Any) -> dict[str, Any]:
    """OTLP attributes as a mapping of Python's own values."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}


@contextmanager
def over_http() -> Iterator[Received]:
    """A receiver on a free port of the loopback interface; metrics, logs and traces."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request, response = PATHS[self.path]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.take(request.FromString(body))
            answer = response().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        received.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def over_grpc() -> Iterator[Received]:
    """A receiver of traces on a free port of the loopback interface."""
    received = Received()

    class Service(traces_grpc.TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name in the protocol
            received.take(request)
            return traces.ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    traces_grpc.add_TraceServiceServicer_to_server(Service(), server)
    received.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield received
    finally:
        server.stop(None).wait()
