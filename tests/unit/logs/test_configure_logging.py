"""Logging as a user sets it up: structlog and the standard library to one stream."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from exai_sre.context import TraceContext, correlation_id, current_trace
from exai_sre.errors import SettingError
from exai_sre.logs import LogTail, Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.logs.foreign import installed_handlers
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.names import LabelName
from exai_sre.testing import VirtualClock

TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    shutdown_logging()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    def read() -> list[dict[str, Any]]:
        shutdown_logging()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return read


def test_a_line_has_time_level_event_service_and_logger_first(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream, clock=VirtualClock(epoch=1768415726.408433))
    get_logger("my.module").warning("something happened", tool="chat")
    (line,) = lines()
    assert list(line.items()) == [
        ("ts", "2026-01-14T18:35:26.408433Z"),
        ("level", "warning"),
        ("event", "something happened"),
        ("service", "svc"),
        ("logger", "my.module"),
        ("tool", "chat"),
    ]


def test_a_line_carries_the_ids_of_the_running_unit_of_work(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream)
    reset = correlation_id.set("c-1"), current_trace.set(TRACE)
    get_logger("a").info("inside", correlation_id="the caller's", level="high", ts=1)
    logging.getLogger("b").warning("inside")
    correlation_id.reset(reset[0])
    current_trace.reset(reset[1])
    structlog.get_logger().info("outside")
    inside, foreign, outside = lines()
    for line in (inside, foreign):
        assert line["correlation_id"] == "c-1"
        assert (line["trace_id"], line["span_id"], line["trace_flags"]) == (TRACE.trace_id, TRACE.span_id, "01")
    assert (inside["correlation_id_"], inside["level_"], inside["ts_"]) == ("the caller's", "high", 1)
    assert not {"correlation_id", "trace_id", "logger"} & set(outside)


def test_context_variables_of_structlog_are_merged(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream)
    structlog.contextvars.bind_contextvars(tenant="t-1")
    get_logger("a").info("x")
    logging.getLogger("b").warning("y")
    assert [line["tenant"] for line in lines()] == ["t-1", "t-1"]


def test_third_party_lines_look_the_same_and_hold_no_secrets(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream)
    logging.getLogger("lib").warning("login with %s", "password=hunter2", extra={"api_key": "k", "attempt": 2})
    (line,) = lines()
    assert line["event"] == "login with password=[REDACTED:key-value]"
    assert (line["logger"], line["level"], line["api_key"], line["attempt"]) == ("lib", "warning", "[REDACTED:key]", 2)


@pytest.mark.parametrize("said", ["100% %s %s", ValueError("an object %s")])
def test_a_faulty_call_of_a_logger_leaves_a_line_without_its_arguments(
    stream: io.StringIO, lines: Lines, said: object
) -> None:
    configure_logging("svc", stream=stream)
    (handler,) = installed_handlers()
    handler.handle(logging.LogRecord("lib", logging.ERROR, "lib.py", 1, said, ("hunter2", "x", "y"), None))
    (line,) = lines()
    assert " [not formatted: " in line["event"]
    assert (line["logger"], line["level"]) == ("lib", "error")
    assert "hunter2" not in stream.getvalue()


def test_levels_below_the_chosen_one_are_silent(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream, level="ERROR")
    get_logger("a").warning("no")
    logging.getLogger("b").warning("no")
    get_logger("a").error("yes")
    logging.getLogger("b").error("yes")
    assert [line["event"] for line in lines()] == ["yes", "yes"]


def test_a_bad_level_is_an_error_that_names_the_allowed_ones_and_changes_nothing(stream: io.StringIO) -> None:
    configure_logging("svc", stream=stream)
    before = installed_handlers()
    with pytest.raises(SettingError, match=r"level='loud'.*debug, info, warning, error, critical"):
        configure_logging("svc", level="loud")
    with pytest.raises(SettingError, match="renderer='xml'"):
        configure_logging("svc", renderer="xml")
    assert installed_handlers() == before


def test_configuring_again_replaces_the_former_set_up(stream: io.StringIO, lines: Lines) -> None:
    root = logging.getLogger()
    level = root.level
    first = io.StringIO()
    logger = get_logger("a")
    configure_logging("svc", stream=first)
    configure_logging("svc", "logfmt", level="debug", stream=stream)
    configure_logging("svc", stream=stream)
    logger.info("x")
    logging.getLogger("b").warning("y")
    assert [line["event"] for line in lines()] == ["x", "y"]
    assert first.getvalue() == ""
    assert installed_handlers() == []
    assert root.level == level


def test_handlers_of_others_stay(stream: io.StringIO) -> None:
    theirs = logging.NullHandler()
    logging.getLogger().addHandler(theirs)
    try:
        configure_logging("svc", stream=stream)
        shutdown_logging()
        assert theirs in logging.getLogger().handlers
    finally:
        logging.getLogger().removeHandler(theirs)


def test_lines_after_the_shutdown_are_not_lost(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream)
    shutdown_logging()
    get_logger("a").error("late")
    assert [line["event"] for line in lines()] == ["late"]


def test_by_default_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str], stream: io.StringIO) -> None:
    configure_logging("svc")
    get_logger("a").info("x")
    shutdown_logging()
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["event"] == "x"


SECRET = "hunter2"


def explode(password: str) -> None:
    raise ValueError(f"cannot log in with password={password}")


def test_a_traceback_shows_chain_notes_and_groups_and_no_locals(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream)
    try:
        try:
            explode(SECRET)
        except ValueError as error:
            error.add_note("token=abc123def456")
            raise ExceptionGroup("several", [error]) from error
    except ExceptionGroup as group:
        get_logger("a").exception("failed")
        logging.getLogger("b").exception("failed")
        get_logger("a").error("failed", exc_info=group)
        get_logger("a").error("failed", exc_info=(type(group), group, group.__traceback__))
    assert "hunter2" not in stream.getvalue()
    seen = lines()
    assert len(seen) == 4
    for line in seen:
        assert "explode" in line["exception"]
        assert "password=[REDACTED:key-value]" in line["exception"]
        assert "token=[REDACTED:key-value]" in line["exception"]
        assert line["level"] == "error"


def test_exc_info_without_an_exception_adds_nothing(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream)
    get_logger("a").error("x", exc_info=True)
    get_logger("a").error("x", exc_info=False)
    assert all("exception" not in line for line in lines())


def test_stack_info_becomes_text(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream)
    get_logger("a").error("x", stack_info=True)
    logging.getLogger("b").error("x", stack_info=True)
    get_logger("a").error("x", stack_info=False)
    with_stack = lines()
    assert "test_stack_info_becomes_text" in with_stack[0]["stack"]
    assert "test_stack_info_becomes_text" in with_stack[1]["stack"]
    assert "stack" not in with_stack[2]


def test_lines_are_counted_by_level_and_redactions_by_rule(stream: io.StringIO) -> None:
    metrics = TelemetryMetrics.declare(Catalog())
    configure_logging("svc", stream=stream, metrics=metrics)
    get_logger("a").info("x", password="y")
    get_logger("a").exception("x")
    logging.getLogger("b").log(35, "between the levels")
    shutdown_logging()
    assert metrics.log_events.labels(**{LabelName.LEVEL: "info"}).value == 1
    assert metrics.log_events.labels(**{LabelName.LEVEL: "error"}).value == 1
    assert metrics.log_events.labels(**{LabelName.LEVEL: "level 35"}).value == 1
    assert metrics.redactions.labels(**{LabelName.RULE: "key"}).value == 1


def test_dropped_lines_are_counted(stream: io.StringIO) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    metrics = TelemetryMetrics.declare(Catalog())
    configure_logging("svc", stream=Broken(), metrics=metrics)
    get_logger("a").info("x")
    shutdown_logging()
    assert metrics.log_dropped.labels(**{LabelName.REASON: "write_failed"}).value == 1


def test_the_tail_holds_redacted_json_ready_lines(stream: io.StringIO) -> None:
    tail = LogTail()
    configure_logging("svc", stream=stream, tail=tail)
    get_logger("a").info("x", password="hunter2", values={1, 2}, error=ValueError("bad"))
    (line,) = tail.lines()
    assert line["password"] == "[REDACTED:key]"
    json.dumps(line)


def test_a_given_sanitizer_is_used(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream, sanitizer=Sanitizer(pii=True))
    get_logger("a").info("bob@example.com")
    assert [line["event"] for line in lines()] == ["[REDACTED:email]"]


async def test_the_asynchronous_methods_of_a_logger_work(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream)
    correlation_id.set("c-2")
    await get_logger("a").ainfo("x")
    assert lines()[0]["correlation_id"] == "c-2"
