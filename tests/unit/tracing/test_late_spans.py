"""Calls that sampling left out, and which leave a span after all: one late span with their true ids."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import TraceContext, unit_of_work
from exai_sre.logs import LogTail
from exai_sre.testing import VirtualClock
from exai_sre.tracing import Tracing, configure_tracing
from exai_sre.tracing.error_lines import keep_spans_of_errors
from exai_sre.tracing.running import error_logged

REMOTE = TraceContext("c" * 32, "d" * 16, sampled=False, tracestate="a=1")
NANOSECONDS = 1_000_000_000


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def tracing(exporter, clock) -> Tracing:
    settings = {"sampler_ratio": 0.0, "slow_after": 2.0, "clock": clock}
    return configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={}, **settings)


def late(exporter) -> dict[str, str]:
    return {span.name: span.attributes["exai.late"] for span in exporter.get_finished_spans()}


def test_a_call_that_fails_leaves_one_span_with_its_true_ids_times_and_parent(exporter, tracing, clock):
    began = clock.time()
    with suppress(ValueError), tracing.start("call", "server", REMOTE, attributes={"a": 1}) as span:
        clock.advance(0.5)
        raise ValueError("secret")
    (found,) = exporter.get_finished_spans()
    assert (f"{found.context.trace_id:032x}", f"{found.context.span_id:016x}") == (
        REMOTE.trace_id,
        span.context.span_id,
    )
    assert f"{found.parent.span_id:016x}" == REMOTE.span_id
    assert found.context.trace_state.to_header() == "a=1"
    assert found.start_time == pytest.approx(began * NANOSECONDS, abs=1000)
    assert found.end_time - found.start_time == pytest.approx(0.5 * NANOSECONDS, abs=1000)
    assert found.attributes == {"a": 1, "error.type": "ValueError", "exai.late": "failed"}
    assert found.status.status_code is trace.StatusCode.ERROR
    assert "secret" not in found.to_json()


@pytest.mark.parametrize(("seconds", "expected"), [(1.9, {}), (2.0, {"call": "slow"})])
def test_a_call_leaves_a_span_from_the_duration_on_that_counts_as_slow(exporter, tracing, clock, seconds, expected):
    with tracing.start("call"):
        clock.advance(seconds)
    assert late(exporter) == expected
    assert all(span.status.status_code is trace.StatusCode.UNSET for span in exporter.get_finished_spans())


def test_no_duration_counts_as_slow_where_that_is_switched_off(exporter, tracing, clock):
    tracing.slow_after = None
    with tracing.start("call"):
        clock.advance(1e6)
    assert late(exporter) == {}


def test_the_children_of_a_failed_call_are_absent(exporter, tracing):
    with suppress(KeyError), tracing.start("call", "server"):
        for _ in range(3):
            with suppress(OSError), tracing.start("attempt", "client"):
                raise OSError
        raise KeyError
    assert late(exporter) == {"call": "failed"}


def test_a_call_that_came_good_after_failed_attempts_leaves_nothing(exporter, tracing):
    with tracing.start("call", "server"):
        with suppress(OSError), tracing.start("attempt", "client"):
            raise OSError
        with tracing.start("attempt", "client"):
            pass
    assert late(exporter) == {}


def test_a_failed_message_within_a_good_request_leaves_its_span_and_the_one_it_hangs_from(exporter, tracing):
    with tracing.start("POST /mcp", "server"), tracing.start("tools/call", "server") as span:
        span.fail("tool_error")
    assert late(exporter) == {"tools/call": "failed", "POST /mcp": "referred_to"}
    inner, outer = exporter.get_finished_spans()
    assert inner.parent.span_id == outer.context.span_id


def test_a_call_in_which_an_error_was_logged_leaves_its_span_and_those_around_it(exporter, tracing):
    with tracing.start("call", "server"):
        with tracing.start("step") as step, tracing.start("quiet"):
            pass
        with tracing.start("logs") as logs:
            error_logged()
            error_logged()
    assert late(exporter) == {"logs": "referred_to", "call": "referred_to"}
    found = {f"{span.context.span_id:016x}" for span in exporter.get_finished_spans()}
    assert logs.context.span_id in found
    assert step.context.span_id not in found


def test_a_withdrawn_or_excused_call_leaves_nothing(exporter, tracing):
    with suppress(asyncio.CancelledError), tracing.start("withdrawn"):
        raise asyncio.CancelledError
    with suppress(KeyError), tracing.start("excused") as span:
        span.excuse()
        raise KeyError
    assert late(exporter) == {}


async def test_an_error_logged_by_a_task_that_outlived_its_call_brings_the_span_of_the_call_once(
    exporter, tracing, clock
):
    over = asyncio.Event()

    async def background():
        await over.wait()
        error_logged()
        error_logged()

    with tracing.start("call") as span:
        task = asyncio.create_task(background())
        await asyncio.sleep(0)
        clock.advance(1.0)
    assert late(exporter) == {}
    clock.advance(60.0)
    over.set()
    await task
    (found,) = exporter.get_finished_spans()
    assert f"{found.context.span_id:016x}" == span.context.span_id
    assert found.end_time - found.start_time == pytest.approx(NANOSECONDS, abs=1000)


def test_an_error_logged_outside_of_any_call_or_in_a_recorded_one_changes_nothing(exporter, tracing):
    error_logged()
    with Tracing().start("no recorder"):
        error_logged()
    with tracing.start("sampled", parent=TraceContext("a" * 32, "b" * 16, sampled=True)):
        error_logged()
    (found,) = exporter.get_finished_spans()
    assert found.attributes == {}


def test_units_of_work_in_one_task_do_not_hang_from_each_other(exporter, tracing):
    with (
        tracing.start("connection", "server"),
        unit_of_work(trace=REMOTE),
        tracing.start("message", "internal") as span,
    ):
        span.fail("x")
    assert late(exporter) == {"message": "failed"}


def test_late_spans_are_redacted(exporter):
    tracing = configure_tracing(
        service="t", exporter=exporter, batch=False, share=False, environ={}, sampler_ratio=0.0, redact=str.upper
    )
    with tracing.start("call", attributes={"a": "b"}) as span:
        span.fail("x")
    (found,) = exporter.get_finished_spans()
    assert found.attributes["a"] == "B"


async def test_a_task_that_outlives_its_call_starts_a_trace_linked_to_it(exporter, clock):
    tracing = configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={}, clock=clock)
    over = asyncio.Event()

    async def background():
        with tracing.start("meanwhile") as child:
            pass
        await over.wait()
        assert tracing.current() is None
        with tracing.start("afterwards"), tracing.start("below"):
            pass
        return child.context

    with tracing.start("call") as span:
        task = asyncio.create_task(background())
        await asyncio.sleep(0)
    over.set()
    child = await task
    spans = {found.name: found for found in exporter.get_finished_spans()}
    assert child.trace_id == span.context.trace_id
    assert spans["meanwhile"].links == ()
    assert spans["afterwards"].parent is None
    assert f"{spans['afterwards'].context.trace_id:032x}" != span.context.trace_id
    assert [f"{link.context.span_id:016x}" for link in spans["afterwards"].links] == [span.context.span_id]
    assert spans["below"].parent.span_id == spans["afterwards"].context.span_id


@pytest.mark.parametrize(("level", "kept"), [("error", 1), ("critical", 1), ("warning", 0), ("info", 0), (None, 0)])
def test_lines_of_level_error_keep_the_span_in_which_they_are_logged(exporter, tracing, level, kept):
    tail = LogTail()
    tail.on_line(keep_spans_of_errors)
    with tracing.start("call"):
        tail.append({"event": "x"} if level is None else {"event": "x", "level": level})
    assert len(exporter.get_finished_spans()) == kept
