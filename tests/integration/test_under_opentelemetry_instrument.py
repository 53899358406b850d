"""An application under ``opentelemetry-instrument`` that uses this library too gets no double spans or series."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.integration.otlp_receiver import over_http

CALLS = 3
SCRIPT = Path(__file__).with_name("under_auto_instrumentation.py")


def run(url: str, root: Path) -> dict[str, object]:
    program = Path(sys.executable).with_name("opentelemetry-instrument")
    environ = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    ran = subprocess.run(
        [program, sys.executable, SCRIPT, str(CALLS)],
        env={**environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_each_exchange_is_one_span_and_each_number_one_series(root):
    with over_http() as received:
        ours = run(received.url, root)
    spans = {span.ids: span for span in received.spans()}
    kinds = Counter((span.span.kind, span.scope.rpartition(".")[2]) for span in spans.values())
    assert kinds[Span.SPAN_KIND_SERVER, "fastapi"] == 2 * CALLS
    assert kinds[Span.SPAN_KIND_SERVER, "aiohttp_server"] == CALLS
    assert kinds[Span.SPAN_KIND_CLIENT, "aiohttp_client"] == CALLS
    assert not any(scope == "exai_sre" for _, scope in kinds)
    assert not any(
        "planted" in str(span.attributes) for span in spans.values() if span.span.kind == Span.SPAN_KIND_CLIENT
    )

    servers = [span for span in spans.values() if span.scope.endswith(".fastapi") and span.span.kind == 2]
    assert {span.span.trace_id.hex() for span in servers} == {f"{number + 1:032x}" for number in range(CALLS)}
    assert {span.span.parent_span_id.hex() for span in servers} == {"b" * 16}
    failed = [span for span in servers if span.span.status.code == Status.STATUS_CODE_ERROR]
    assert {span.span.name for span in failed} == {"GET /fails"}
    for span in spans.values():
        if span.scope.endswith(".aiohttp_server"):
            assert spans[span.parent].scope.endswith(".aiohttp_client")
            assert spans[spans[span.parent].parent] in servers

    lines = [json.loads(line) for line in ours["lines"]]
    requests = [line for line in lines if line["event"] == "http_request"]
    assert len(requests) == 2 * CALLS
    assert {(line["trace_id"], line["span_id"]) for line in requests} == {span.ids for span in servers}

    page = [line for line in str(ours["metrics"]).splitlines() if line.startswith("http_server_request_duration")]
    counts = [line for line in page if "_count{" in line]
    assert len(counts) == 2
    assert all(line.endswith(f" {CALLS}.0") for line in counts)
    assert all(len(scopes) == len(scopes - {"exai_sre"}) for scopes in received.metric_scopes().values())
