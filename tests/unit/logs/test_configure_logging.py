"""Logging as a user sets it up: structlog and the standard library to one stream."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import structlog

from exai_sre.context import TraceContext, correlation_id, current_trace, extract, new_correlation_id, unit_of_work
from exai_sre.context.connection import connection_id
from exai_sre.errors import SettingError
from exai_sre.logs import LogTail, RedactionFilter, Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.logs.foreign import installed_handlers
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.names import LabelName
from exai_sre.testing import VirtualClock

SANITIZER = Sanitizer()
configure = partial(configure_logging, sanitizer=SANITIZER)
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
    configure("svc", stream=stream)
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


@pytest.mark.parametrize(
    ("rule", "token"),
    [
        ("glm-key", f"{'4795ecc090254f5b' * 2}.{'aB3dE6gH9jK2mN5p'}"),
        ("kimi-key", f"sk-{'aB3dE6gH9jK2' * 4}"),
        ("gitlab-token", f"glpat-{'aB3dE6gH9j' * 2}"),
    ],
)
def test_an_id_from_outside_that_is_a_token_reaches_no_line(
    stream: io.StringIO, lines: Lines, rule: str, token: str
) -> None:
    configure("svc", stream=stream)
    arrived = extract({"X-Request-ID": token}).correlation_id
    reset = connection_id.set(token)
    with unit_of_work(arrived):
        get_logger("a").info("x")
        logging.getLogger("b").warning("y")
    connection_id.reset(reset)
    for line in lines():
        assert line["correlation_id"] == line["connection_id"] == f"[REDACTED:{rule}:{16 if len(token) < 32 else 32}+]"


def test_an_id_of_our_own_form_is_not_looked_at_and_others_are(stream: io.StringIO, lines: Lines) -> None:
    class Seeing(Sanitizer):
        seen: list[str] = []  # noqa: RUF012

        def redact_text(self, text: str) -> str:
            self.seen.append(text)
            return super().redact_text(text)

    configure_logging("svc", stream=stream, sanitizer=Seeing())
    with unit_of_work(new_correlation_id()) as ours:
        get_logger("a").info("x")
    with unit_of_work("request-0001"):
        get_logger("a").info("x")
    assert [line["correlation_id"] for line in lines()] == [ours, "request-0001"]
    assert ours not in Seeing.seen
    assert "request-0001" in Seeing.seen


def test_context_variables_of_structlog_are_merged(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
    structlog.contextvars.bind_contextvars(tenant="t-1")
    get_logger("a").info("x")
    logging.getLogger("b").warning("y")
    assert [line["tenant"] for line in lines()] == ["t-1", "t-1"]


def test_third_party_lines_look_the_same_and_hold_no_secrets(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
    logging.getLogger("lib").warning("login with %s", "password=hunter2", extra={"api_key": "k", "attempt": 2})
    (line,) = lines()
    assert line["event"].startswith("login with password=[REDACTED:key-value")
    assert (line["logger"], line["level"], line["attempt"]) == ("lib", "warning", 2)
    assert line["api_key"].startswith("[REDACTED:key")


def test_the_name_of_a_logger_holds_no_secret_either(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
    name = "client.ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
    get_logger(name).warning("x")
    logging.getLogger(name).warning("y")
    seen = lines()
    assert len(seen) == 2
    assert all("aB3dE6gH9j" not in line["logger"] for line in seen)


@pytest.mark.parametrize("said", ["100% %s %s", ValueError("an object %s")])
def test_a_faulty_call_of_a_logger_leaves_a_line_without_its_arguments(
    stream: io.StringIO, lines: Lines, said: object
) -> None:
    configure("svc", stream=stream)
    (handler,) = installed_handlers()
    handler.handle(logging.LogRecord("lib", logging.ERROR, "lib.py", 1, said, ("hunter2", "x", "y"), None))
    (line,) = lines()
    assert " [not formatted: " in line["event"]
    assert (line["logger"], line["level"]) == ("lib", "error")
    assert "hunter2" not in stream.getvalue()


def test_a_faulty_call_keeps_its_traceback(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
    (handler,) = installed_handlers()
    try:
        explode(SECRET)
    except ValueError as error:
        given = type(error), error, error.__traceback__
        handler.handle(logging.LogRecord("lib", logging.ERROR, "lib.py", 1, "100% %s %s", ("x",), given))
    (line,) = lines()
    assert " [not formatted: " in line["event"]
    assert "in explode" in line["exception"]
    assert SECRET not in stream.getvalue()


def test_levels_below_the_chosen_one_are_silent(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream, level="ERROR")
    get_logger("a").warning("no")
    logging.getLogger("b").warning("no")
    get_logger("a").error("yes")
    logging.getLogger("b").error("yes")
    assert [line["event"] for line in lines()] == ["yes", "yes"]


def test_a_bad_level_is_an_error_that_names_the_allowed_ones_and_changes_nothing(stream: io.StringIO) -> None:
    configure("svc", stream=stream)
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
    configure("svc", stream=stream)
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
        configure("svc", stream=stream)
        shutdown_logging()
        assert theirs in logging.getLogger().handlers
    finally:
        logging.getLogger().removeHandler(theirs)


def test_lines_after_the_shutdown_are_not_lost(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
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
    configure("svc", stream=stream)
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
        assert "password=[REDACTED:key-value" in line["exception"]
        assert "token=[REDACTED:key-value" in line["exception"]
        assert line["level"] == "error"


def test_a_traceback_that_a_filter_before_us_made_text_is_not_lost(stream: io.StringIO, lines: Lines) -> None:
    theirs = logging.NullHandler()
    theirs.addFilter(RedactionFilter())
    logging.getLogger().addHandler(theirs)
    try:
        configure("svc", stream=stream)
        try:
            explode(SECRET)
        except ValueError:
            logging.getLogger("b").exception("failed", extra={"exception": "the caller's"})
    finally:
        logging.getLogger().removeHandler(theirs)
    (line,) = lines()
    assert line["exception"].startswith("Traceback (most recent call last):")
    assert "in explode" in line["exception"]
    assert "password=[REDACTED:key-value" in line["exception"]


def test_the_text_of_an_exception_from_another_process_is_looked_at(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
    sent = {"name": "b", "levelno": 40, "levelname": "ERROR", "msg": "failed", "exc_text": f"E: password={SECRET}"}
    logging.getLogger("b").handle(logging.makeLogRecord(sent))
    (line,) = lines()
    assert line["exception"].startswith("E: password=[REDACTED:key-value")


def test_exc_info_without_an_exception_adds_nothing(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
    get_logger("a").error("x", exc_info=True)
    get_logger("a").error("x", exc_info=False)
    assert all("exception" not in line for line in lines())


def test_stack_info_becomes_text(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
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


def test_lines_that_were_lost_are_told_by_a_line_of_the_log() -> None:
    class Mended(io.StringIO):
        failures = 2

        def write(self, text: str) -> int:
            self.failures -= 1
            if self.failures >= 0:
                raise BrokenPipeError
            return super().write(text)

    stream = Mended()
    configure_logging("svc", stream=stream, sanitizer=SANITIZER)
    (handler,) = installed_handlers()
    for event in ("lost", "lost too", "back"):
        get_logger("a").info(event)
        handler.flush()
    shutdown_logging()
    structlog.reset_defaults()
    back, gap = map(json.loads, stream.getvalue().splitlines())
    assert back["event"] == "back"
    assert (gap["event"], gap["level"], gap["service"], gap["lines"]) == ("log_lines_dropped", "warning", "svc", 2)


def test_the_tail_holds_redacted_json_ready_lines(stream: io.StringIO) -> None:
    tail = LogTail()
    configure_logging("svc", stream=stream, tail=tail)
    get_logger("a").info("x", password="hunter2", values={1, 2}, error=ValueError("bad"))
    (line,) = tail.lines()
    assert line["password"].startswith("[REDACTED:key")
    json.dumps(line)


def test_a_given_sanitizer_is_used(stream: io.StringIO, lines: Lines) -> None:
    configure_logging("svc", stream=stream, sanitizer=Sanitizer(pii=True))
    get_logger("a").info("bob@example.com")
    assert lines()[0]["event"].startswith("[REDACTED:email")


async def test_the_asynchronous_methods_of_a_logger_work(stream: io.StringIO, lines: Lines) -> None:
    configure("svc", stream=stream)
    correlation_id.set("c-2")
    await get_logger("a").ainfo("x")
    assert lines()[0]["correlation_id"] == "c-2"
