"""Redaction as a ``logging.Filter``: every part of a record, for whatever handler and formatter."""

from __future__ import annotations

import io
import json
import logging
import logging.handlers
import queue
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exai_sre.logs.redaction_filter import RedactionFilter
from exai_sre.logs.sanitize import Sanitizer, marker

TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
GONE = marker("github-token", len(TOKEN))
PASSWORD = "hunter2horse"


class Recorder(logging.Handler):
    """Keeps records as they are after the filters."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.Logger("app")
    yield logger
    for handler in logger.handlers:
        handler.close()


@pytest.fixture
def recorder(log: logging.Logger) -> Recorder:
    handler = Recorder()
    handler.addFilter(RedactionFilter())
    log.addHandler(handler)
    return handler


def everything(record: logging.LogRecord) -> str:
    """All that a handler could get out of a record."""
    text = logging.Formatter("%(message)s %(name)s %(threadName)s %(processName)s %(funcName)s").format(record)
    return f"{text} {vars(record)!r} {record.getMessage()}"


@pytest.mark.parametrize(
    ("message", "arguments", "expected"),
    [
        (f"got {TOKEN}", (), f"got {GONE}"),
        ("got %s", (TOKEN,), f"got {GONE}"),
        ("got %r %d", ({"k": TOKEN}, 3), f"got {{'k': '{GONE}'}} 3"),
        ("got %(k)s", ({"k": TOKEN, "n": 1},), f"got {GONE}"),
        ("got %s", ({"password": PASSWORD},), f"got {{'password': '{marker('key', len(PASSWORD))}'}}"),
        ("password=%s", (PASSWORD,), f"password={marker('key-value', len(PASSWORD))}"),
        ("%s 100%% done", (TOKEN,), f"{GONE} 100% done"),
        (ValueError(TOKEN), (), f"ValueError: {GONE}"),
    ],
)
def test_a_secret_goes_from_message_and_arguments(
    log: logging.Logger, recorder: Recorder, message: Any, arguments: Any, expected: str
) -> None:
    log.error(message, *arguments)
    (record,) = recorder.records
    assert record.getMessage() == expected
    assert TOKEN not in everything(record)
    assert PASSWORD not in everything(record)


def test_a_record_without_secrets_keeps_its_template_and_the_very_arguments(
    log: logging.Logger, recorder: Recorder
) -> None:
    given = {"user": "bob"}
    log.info("%s has %d", given, 3, extra={"given": given})
    (record,) = recorder.records
    assert record.msg == "%s has %d"
    assert isinstance(record.args, tuple)
    assert record.args[0] is given
    assert vars(record)["given"] is given


def test_nothing_that_the_caller_handed_in_is_changed(log: logging.Logger, recorder: Recorder) -> None:
    given = {"user": "bob", "password": PASSWORD, "deep": [{"t": TOKEN}]}
    error = ValueError(TOKEN)
    log.error("%s", given, extra={"request": given}, exc_info=error)
    assert given == {"user": "bob", "password": PASSWORD, "deep": [{"t": TOKEN}]}
    assert error.args == (TOKEN,)
    assert PASSWORD not in everything(recorder.records[0])
    assert TOKEN not in everything(recorder.records[0])


def test_extra_fields_are_judged_by_key_and_by_text_and_their_names_too(
    log: logging.Logger, recorder: Recorder
) -> None:
    log.info("a", extra={"api_key": PASSWORD, "url": f"https://h/?k={TOKEN}", TOKEN: 1, "n": 5})
    (record,) = recorder.records
    fields = vars(record)
    assert fields["api_key"] == marker("key", len(PASSWORD))
    assert fields["url"] == f"https://h/?k={GONE}"
    assert fields[GONE] == 1
    assert fields["n"] == 5
    assert TOKEN not in fields


def test_an_exception_becomes_text_with_chain_and_notes_and_without_locals(
    log: logging.Logger, recorder: Recorder
) -> None:
    local = "only-in-a-local-variable"
    try:
        try:
            raise KeyError(local and "inner")
        except KeyError as error:
            error.add_note(f"note {TOKEN}")
            raise RuntimeError(f"outer {TOKEN}") from error
    except RuntimeError:
        log.exception("failed")
    (record,) = recorder.records
    text = logging.Formatter().format(record)
    assert f"note {GONE}" in text
    assert f"RuntimeError: outer {GONE}" in text
    assert "in test_an_exception_becomes_text" in text
    assert record.exc_info is None
    assert TOKEN not in everything(record)


def test_the_text_of_an_exception_that_another_handler_cached_is_looked_at(recorder: Recorder) -> None:
    record = logging.LogRecord("app", 40, "a.py", 1, "failed", None, None)
    record.exc_text, record.message = f"ValueError: {TOKEN}", f"failed {TOKEN}"
    recorder.handle(record)
    assert TOKEN not in everything(record)
    assert record.exc_text == f"ValueError: {GONE}"


def test_an_exception_stays_on_the_record_only_on_demand_and_only_without_secrets(log: logging.Logger) -> None:
    handler = Recorder()
    handler.addFilter(RedactionFilter(keep_exceptions=True))
    log.addHandler(handler)
    harmless = ValueError("plain")
    log.error("a", exc_info=harmless)
    log.error("b", exc_info=ValueError(TOKEN))
    assert handler.records[0].exc_info is not None
    assert handler.records[0].exc_info[1] is harmless
    assert handler.records[1].exc_info is None


def test_no_exception_stays_none(log: logging.Logger, recorder: Recorder) -> None:
    log.error("a", exc_info=(None, None, None))
    assert recorder.records[0].exc_text is None


def test_stack_and_thread_names_are_looked_at(log: logging.Logger, recorder: Recorder) -> None:
    record = log.makeRecord(f"app.{TOKEN}", 20, "a.py", 1, "a", (), None)
    record.threadName = f"worker-{TOKEN}"
    record.stack_info = f"Stack (most recent call last):\n  f({TOKEN!r})"
    recorder.handle(record)
    assert TOKEN not in everything(record)
    assert GONE in str(record.stack_info)


@pytest.mark.parametrize(
    ("message", "arguments"), [("%d", (TOKEN,)), ("%s %s", (TOKEN,)), ("%(a)s", ({TOKEN: 1},)), ("%s", (TOKEN, 2))]
)
def test_arguments_that_do_not_fit_are_left_out_and_not_printed(
    log: logging.Logger, recorder: Recorder, capsys: pytest.CaptureFixture[str], message: str, arguments: Any
) -> None:
    stream = logging.StreamHandler(sys.stderr)
    stream.addFilter(RedactionFilter())
    log.addHandler(stream)
    log.info(message, *arguments)
    assert capsys.readouterr().err == f"{message} [not formatted]\n"
    assert TOKEN not in everything(recorder.records[0])


def test_arguments_that_fit_no_more_when_redacted_are_left_out(log: logging.Logger, recorder: Recorder) -> None:
    log.info("%(password)d %(n)d", {"password": 12345, "n": 7})
    assert recorder.records[0].getMessage() == "%(password)d %(n)d [not formatted]"


def test_an_event_of_structlog_stays_an_event(log: logging.Logger, recorder: Recorder) -> None:
    log.info({"event": "login", "password": PASSWORD, "n": 1})
    assert recorder.records[0].msg == {"event": "login", "password": marker("key", len(PASSWORD)), "n": 1}


@pytest.mark.parametrize("part", ["redact", "redact_text"])
def test_where_the_redaction_fails_the_record_passes_without_what_was_said(part: str) -> None:
    def fail(_value: Any) -> Any:
        raise RuntimeError(TOKEN)

    sanitizer = Sanitizer()
    setattr(sanitizer, part, fail)
    record = logging.LogRecord("app", 20, "a.py", 1, "a %s", ({"k": TOKEN},), None)
    vars(record)["token"] = TOKEN
    record.exc_text, record.stack_info, record.message = TOKEN, TOKEN, TOKEN
    assert RedactionFilter(sanitizer).filter(record)
    assert record.getMessage() == marker("failed")
    assert TOKEN not in everything(record)
    assert record.levelname == "INFO"


def test_two_filters_are_as_one(log: logging.Logger, recorder: Recorder) -> None:
    recorder.addFilter(RedactionFilter())
    log.error("got %s", TOKEN, extra={"token": TOKEN}, exc_info=ValueError(TOKEN))
    (record,) = recorder.records
    assert record.getMessage() == f"got {GONE}"
    assert vars(record)["token"] == marker("key", len(TOKEN))


def formatted_as_json(record: logging.LogRecord) -> str:
    return json.dumps({name: str(value) for name, value in vars(record).items()})


@pytest.mark.parametrize("formatter", [logging.Formatter().format, formatted_as_json, repr])
def test_no_handler_gets_a_secret_also_from_another_thread_or_process(
    log: logging.Logger, formatter: Callable[[logging.LogRecord], str]
) -> None:
    waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    handler = logging.handlers.QueueHandler(waiting)  # type: ignore[arg-type]
    handler.addFilter(RedactionFilter())
    log.addHandler(handler)
    log.error("got %s", TOKEN, extra={"token": TOKEN}, exc_info=ValueError(TOKEN), stack_info=True)
    out = io.StringIO(formatter(waiting.get_nowait()))
    assert TOKEN not in out.getvalue()
