"""A collector that takes OTLP metrics over HTTP and over gRPC, on sockets of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)


@dataclass
class Received:
    """What arrived.

    Attributes:
        endpoint: where to send to.
        requests: what was sent, in order.
        status: what HTTP requests are answered with.
    """

    endpoint: str = ""
    requests: list[ExportMetricsServiceRequest] = field(default_factory=list)
    status: int = 200

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics of the last request, by name."""
        return self.metrics_of(self.requests[-1])

    def metrics_of(self, request: ExportMetricsServiceRequest) -> dict[str, Any]:
        """The metrics of a request, by name."""
        (resource,) = request.resource_metrics
        return {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}

    @property
    def resource(self) -> dict[str, str]:
        """Whom the last request was about."""
        (resource,) = self.requests[-1].resource_metrics
        return {each.key: each.value.string_value for each in resource.resource.attributes}


@contextmanager
def http_receiver() -> Iterator[Received]:
    """Listens for the body."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if received.status == 200:
                received.requests.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(received.status)
            self.end_headers()

        def log_message(self, *_parts: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.endpoint = f"http://127.0.0.1:{server.server_port}/v1/metrics"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def grpc_receiver() -> Iterator[Received]:
    """Listens for the body."""
    received = Received()

    class Service(MetricsServiceServicer):  # type: ignore[misc]
        def Export(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
            received.requests.append(request)
            return ExportMetricsServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    add_MetricsServiceServicer_to_server(Service(), server)
    received.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield received
    finally:
        server.stop(None).wait()
