"""S16 to S18 of the statements on correlation: metrics, log lines and spans of one request name each other."""

import asyncio
import io
import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import correlation_id, current_trace, new_correlation_id, unit_of_work
from exai_sre.context.ids import CorrelationIds, correlation_id_of, trace_id_of
from exai_sre.logs import configure_logging, get_logger, shutdown_logging
from exai_sre.logs.otel import own_provider
from exai_sre.tracing import configure_tracing
from tests.unit.context.hop_rigs import RIGS

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"
# OpenTelemetry's logs are public by documentation, under a name that says that they may still change.
InMemoryLogs: Any = import_module("opentelemetry.sdk._logs.export").InMemoryLogRecordExporter


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    shutdown_logging()
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    shutdown_logging()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def exemplars(rig: Any) -> set[str]:
    marked = [
        series.exemplar(at) for series in rig.service.metrics.duration.series() for at in range(len(series.buckets))
    ]
    return {each.trace_id for each in marked if each is not None}


def exported(exporter: InMemorySpanExporter) -> dict[str, str]:
    """Trace id by span id of all spans that were exported."""
    return {f"{span.context.span_id:016x}": f"{span.context.trace_id:032x}" for span in exporter.get_finished_spans()}


@pytest.mark.parametrize("ratio", [0.5, 0.0])
@pytest.mark.parametrize("framework", ["aiohttp", "fastapi", "asgi"])
async def test_s16_lines_spans_and_exemplars_of_one_run_name_each_other(stream, framework, ratio):
    exporter = InMemorySpanExporter()
    tracing = configure_tracing(
        service="t", exporter=exporter, batch=False, share=False, environ={}, sampler_ratio=ratio
    )
    configure_logging("svc", stream=stream)
    async with RIGS[framework](tracing=tracing, logger=get_logger("http")).running() as rig:
        await asyncio.gather(*(rig.get(path) for path in ("/ids", "/fail", "/late", "/stream") for _ in range(5)))
        await asyncio.gather(*(rig.get("/ids", {"traceparent": PARENT}) for _ in range(3)))
        marked = exemplars(rig)
    lines, spans = written(stream), exported(exporter)
    requests = [line for line in lines if line["event"] == "http_request"]
    assert len(requests) == 23
    for line in requests:
        assert (len(line["trace_id"]), len(line["span_id"]), len(line["correlation_id"])) == (32, 16, 36)
        sampled = bool(int(line["trace_flags"], 16) & 1)
        assert not sampled or spans[line["span_id"]] == line["trace_id"]
        assert sampled or line["trace_id"] not in marked
    errors = [line for line in requests if line["level"] in ("error", "warning")]
    assert len(errors) >= 10
    assert all(spans[line["span_id"]] == line["trace_id"] for line in errors)
    assert marked <= set(spans.values())
    assert bool(marked) is (ratio > 0.0) or "a" * 32 in marked


def test_s17_a_new_id_is_a_uuid_of_version_7_that_sorts_by_its_time():
    at = iter(range(1_700_000_000_000_000_000, 1_700_000_100_000_000_000, 1_000_000_000))
    ids = CorrelationIds(lambda: next(at), lambda bits: (1 << bits) - 1)
    made = [ids.next() for _ in range(100)]
    assert made == sorted(made)
    parsed = [uuid.UUID(text) for text in made]
    assert {(each.version, each.variant) for each in parsed} == {(7, uuid.RFC_4122)}
    assert [each.int >> 80 for each in parsed] == [1_700_000_000_000 + 1000 * number for number in range(100)]


def test_s17_a_million_ids_of_one_process_ascend_strictly():
    code = (
        "from itertools import pairwise\n"
        "from exai_sre.context import new_correlation_id\n"
        "made = (new_correlation_id() for _ in range(1_000_000))\n"
        "print(sum(first < second for first, second in pairwise(made)))"
    )
    # In a process of its own, which no measurement of coverage slows down.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 999_999


def test_s17_correlation_ids_and_trace_ids_are_converted_without_a_table():
    for _ in range(100):
        unit = new_correlation_id()
        trace = trace_id_of(unit)
        assert trace is not None
        assert (len(trace), correlation_id_of(trace)) == (32, unit)
    assert trace_id_of(correlation_id_of("0af7651916cd43dd8448eb211c80319c")) == "0af7651916cd43dd8448eb211c80319c"
    for neither in ("caller-id-1", "", "0" * 32, "A" * 32, str(uuid.UUID(int=0)), f"{uuid.uuid4()}".upper()):
        assert trace_id_of(neither) is None
        assert correlation_id_of(neither) is None


@pytest.fixture
def bridged(stream: io.StringIO) -> Callable[[], list[Any]]:
    exporter = InMemoryLogs()
    configure_logging("svc", stream=stream, level="debug", otel=own_provider(exporter, {}, batch=False))
    return lambda: [each.log_record for each in exporter.get_finished_logs()]


@pytest.mark.parametrize(
    ("level", "severity"), [("debug", 5), ("info", 9), ("warning", 13), ("error", 17), ("critical", 21)]
)
def test_s18_a_level_is_a_severity_number_and_the_event_the_body(bridged, level, severity):
    getattr(get_logger("my.module"), level)("something happened", tool="chat")
    (record,) = bridged()
    assert (record.severity_number.value, record.body, record.attributes["tool"]) == (
        severity,
        "something happened",
        "chat",
    )


def test_s18_a_record_names_the_span_and_the_unit_of_work_that_its_line_names(bridged, stream):
    tracing = configure_tracing(service="t", exporter=InMemorySpanExporter(), batch=False, share=False, environ={})
    with unit_of_work("unit-id-1"), tracing.start("work") as span:
        assert current_trace.get() == span.context
        logging.getLogger("foreign").error("standard library")
    (record,) = bridged()
    assert (f"{record.trace_id:032x}", f"{record.span_id:016x}") == (span.context.trace_id, span.context.span_id)
    assert record.attributes["exai.correlation_id"] == "unit-id-1"
    (line,) = written(stream)
    assert (line["trace_id"], line["correlation_id"]) == (span.context.trace_id, "unit-id-1")


def test_s18_an_exception_is_attributes_and_the_secret_in_it_is_gone_before(bridged):
    secret = "".join(("hunter", "2", "-correct-horse"))
    try:
        raise ValueError(f"login failed: password={secret}")
    except ValueError:
        get_logger("my.module").exception("failed", url=f"https://u:{secret}@host/x")
    (record,) = bridged()
    assert record.attributes["exception.type"] == "ValueError"
    assert "login failed" in record.attributes["exception.message"]
    assert "test_statements_join" in record.attributes["exception.stacktrace"]
    assert secret not in str(record.attributes) + str(record.body)


def test_s18_what_an_exporter_logs_of_its_own_is_not_exported_again(stream):
    class Talks(InMemoryLogs):
        def export(self, batch: Any) -> Any:
            logging.getLogger("opentelemetry.exporter").error("retrying")
            logging.getLogger("urllib3.connectionpool").error("connection pool is full")
            return super().export(batch)

    exporter = Talks()
    configure_logging("svc", stream=stream, otel=own_provider(exporter, {}, batch=False))
    get_logger("my.module").info("once")
    assert [each.log_record.body for each in exporter.get_finished_logs()] == ["once"]
    assert correlation_id.get() is None
