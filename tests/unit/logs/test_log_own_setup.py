"""The parts of the log in set-ups of others: their structlog chain, their handlers, their logging.config."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog

from exai_sre.errors import SettingError
from exai_sre.logs import configure_logging, shutdown_logging
from exai_sre.logs.chain import line_formatter, line_processors
from exai_sre.logs.processors import Complete, Redact, format_exception
from exai_sre.logs.renderers import JsonRenderer, LogfmtRenderer
from exai_sre.logs.sampling import EventSampling
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.testing import VirtualClock

CLOCK = VirtualClock(epoch=1768415726.408433)
SANITIZER = Sanitizer()


@pytest.fixture
def lib() -> Iterator[logging.Logger]:
    logger = logging.getLogger("own.lib")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    yield logger
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)
    structlog.reset_defaults()


@pytest.mark.parametrize("beside_ours", [False, True])
def test_the_processors_work_in_a_chain_of_the_users(*, beside_ours: bool) -> None:
    if beside_ours:
        configure_logging("shop", stream=io.StringIO(), sanitizer=SANITIZER)
    stream = io.StringIO()
    chain = [structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.FUNC_NAME])]
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[*chain, *line_processors("shop", sanitizer=SANITIZER, clock=CLOCK), JsonRenderer()],
    )
    log.info("login", password="hunter2")
    shutdown_logging()
    structlog.reset_defaults()
    line = json.loads(stream.getvalue())
    assert line["password"].startswith("[REDACTED:key")
    assert line["func_name"] == "test_the_processors_work_in_a_chain_of_the_users"
    assert line["ts"] == "2026-01-14T18:35:26.408433Z"


def test_a_chain_of_the_users_filters_for_itself_beside_ours() -> None:
    ours, theirs = io.StringIO(), io.StringIO()
    configure_logging("shop", stream=ours, level="error", sanitizer=SANITIZER)
    log = structlog.wrap_logger(structlog.WriteLogger(theirs), processors=[LogfmtRenderer()])
    log.info("theirs")
    enabled = log.bind().is_enabled_for(10), log.bind().get_effective_level()
    shutdown_logging()
    log.debug("still theirs")
    structlog.reset_defaults()
    assert theirs.getvalue() == 'event=theirs\nevent="still theirs"\n'
    assert ours.getvalue() == ""
    assert enabled == (True, 0)


def test_each_processor_works_alone() -> None:
    stream = io.StringIO()
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream), processors=[EventSampling({"tick": 0}), Redact(SANITIZER), LogfmtRenderer()]
    )
    log.info("tick")
    log.info("tock", api_key="sk-x")
    assert stream.getvalue().startswith("api_key=[REDACTED:key")
    assert stream.getvalue().endswith("event=tock\n")
    stream = io.StringIO()
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream), processors=[format_exception, structlog.processors.JSONRenderer()]
    )
    log.info("failed", exc_info=ValueError("bad"))
    assert json.loads(stream.getvalue())["exception_type"] == "ValueError"


def test_the_formatter_serves_a_handler_of_the_users(lib: logging.Logger) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter("shop", sanitizer=SANITIZER, clock=CLOCK))
    lib.addHandler(handler)
    lib.warning("login with %s", "password=hunter2x9", extra={"attempt": 2})
    lib.warning("two\nlines")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["level"], first["logger"], first["attempt"]) == ("warning", "own.lib", 2)
    assert "hunter2x9" not in first["event"]
    assert second["event"] == "two\nlines"


def test_the_formatter_can_be_named_in_a_logging_config(lib: logging.Logger, tmp_path: object) -> None:
    stream = io.StringIO()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": line_formatter, "service": "shop", "renderer": "logfmt"}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line", "stream": stream}},
            "loggers": {"own.lib": {"handlers": ["out"], "level": "INFO", "propagate": False}},
        }
    )
    lib.info("api_key=sk-9f8e7d6c5b4a3210 sent")
    assert "sk-9f8e7d6c5b4a3210" not in stream.getvalue()
    assert "service=shop logger=own.lib" in stream.getvalue()


def test_a_renderer_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SettingError, match="renderer='xml'"):
        line_formatter("shop", "xml")


def test_an_exception_that_cannot_be_told_does_not_reach_its_logger() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    event = format_exception(None, "error", {"event": "x", "exc_info": Mute()})
    assert event["exception_message"] == "<exception str() failed>"
    assert event["exception_type"].endswith("Mute")

    class Noteless(Exception):
        @property
        def __notes__(self) -> list[str]:
            raise RuntimeError

    event = format_exception(None, "error", {"event": "x", "exc_info": Noteless("bad")})
    assert event["exception"] == "<exception has no traceback>"
    assert event["exception_message"] == "bad"


@pytest.mark.parametrize("given", [(), (None,), ("no", "exception", None), (None, None, None), "yes"])
def test_what_is_given_for_an_exception_and_is_none_adds_nothing(given: object) -> None:
    assert format_exception(None, "error", {"event": "x", "exc_info": given}) == {"event": "x"}


def test_no_field_of_a_caller_is_lost_or_takes_the_place_of_ours() -> None:
    event = {"event": "e", "level": 1, "level_": 2, "service": 3, 1: "a", "1": "b"}
    line = Complete("svc", CLOCK, SANITIZER.redact_text)(None, "info", event)  # type: ignore[arg-type]
    assert line["level"] == "info"
    assert line["service"] == "svc"
    assert [line[name] for name in ("level_", "level__", "service_", "1", "1_")] == [1, 2, 3, "a", "b"]
