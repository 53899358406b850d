"""Levels per module, for structlog and the standard library alike, changed while the service runs."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest
import structlog

from exai_sre.errors import SettingError
from exai_sre.logs import Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.logs.levels import LEVELS, level_name, set_level

NAMES = ("", "shop", "shop.payments", "shop.payments.card", "lib")

configure = partial(configure_logging, sanitizer=Sanitizer())


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    before = {name: logging.getLogger(name or None).level for name in NAMES}
    yield io.StringIO()
    shutdown_logging()
    structlog.reset_defaults()
    for name, level in before.items():
        logging.getLogger(name or None).setLevel(level)


def said(stream: io.StringIO) -> list[str]:
    shutdown_logging()
    return [line.partition("event=")[2].partition(" ")[0] for line in stream.getvalue().splitlines()]


def test_a_level_holds_for_a_module_and_what_lies_below_it(stream: io.StringIO) -> None:
    levels = {"shop.payments": "debug", "shop": "error"}
    configure("svc", "logfmt", stream=stream, levels=levels)
    for name in ("shop", "shop.payments", "shop.payments.card", "other"):
        for log in (get_logger(name), logging.getLogger(name)):
            log.debug(f"debug-{name}")
            log.info(f"info-{name}")
            log.error(f"error-{name}")
    expected = [
        *["error-shop"] * 2,
        *["debug-shop.payments", "info-shop.payments", "error-shop.payments"] * 2,
        *["debug-shop.payments.card", "info-shop.payments.card", "error-shop.payments.card"] * 2,
        *["info-other", "error-other"] * 2,
    ]
    assert said(stream) == expected


def test_a_level_changes_at_once_for_loggers_that_exist_and_are_bound(stream: io.StringIO) -> None:
    configure("svc", "logfmt", stream=stream)
    bound, plain = get_logger("shop.payments").bind(order=1), logging.getLogger("shop.payments")
    bound.debug("before")
    plain.debug("before")
    set_level("shop", "DEBUG")
    bound.debug("during")
    plain.debug("during")
    set_level("shop", None)
    bound.debug("after")
    plain.debug("after")
    assert said(stream) == ["during", "during"]


def test_the_root_has_no_name(stream: io.StringIO) -> None:
    configure("svc", "logfmt", stream=stream)
    set_level("", "error")
    structlog.get_logger().warning("no")
    get_logger("shop").warning("no")
    set_level("", "debug")
    structlog.get_logger().debug("yes")
    assert said(stream) == ["yes"]


def test_the_standard_librarys_own_way_works_too(stream: io.StringIO) -> None:
    configure("svc", "logfmt", stream=stream)
    logging.getLogger("shop").setLevel(logging.ERROR)
    get_logger("shop.payments").warning("no")
    logging.disable(logging.CRITICAL)
    get_logger("shop").error("no")
    logging.disable(logging.NOTSET)
    get_logger("shop").error("yes")
    assert said(stream) == ["yes"]


def test_a_logger_that_a_later_logging_config_disabled_still_logs_by_its_level(stream: io.StringIO) -> None:
    configure("svc", "logfmt", stream=stream, levels={"shop": "warning"})
    logging.getLogger("shop").disabled = True
    try:
        get_logger("shop").info("no")
        get_logger("shop").warning("yes")
    finally:
        logging.getLogger("shop").disabled = False
    assert said(stream) == ["yes"]


def test_a_logger_tells_its_level(stream: io.StringIO) -> None:
    configure("svc", stream=stream, levels={"shop": "warning"})
    log = get_logger("shop").bind()
    assert (log.is_enabled_for(20), log.is_enabled_for(30), log.get_effective_level()) == (False, True, 30)
    set_level("shop", "debug")
    assert (log.is_enabled_for(10), log.get_effective_level()) == (True, 10)


def test_fields_in_a_dict_make_the_same_line_as_keywords(stream: io.StringIO) -> None:
    configure("svc", "logfmt", stream=stream, levels={"shop": "warning"}, sampling={"rare": 0.0})
    log = get_logger("shop").bind(order=1)
    fields = {"number": 7, "nested": {"a": "b"}, "api_key": "0123456789abcdef"}
    log.warning("met", **fields)
    log.exai_log_fields("warning", "met", fields)
    log.exai_log_fields("info", "too-low", fields)
    log.exai_log_fields("critical", "rare", fields)
    set_level("shop", "info")
    log.exai_log_fields("info", "rare", fields)
    shutdown_logging()
    first, second, rare = (line.partition(" ")[2] for line in stream.getvalue().splitlines())
    assert first == second
    assert "event=met" in first
    assert "event=rare" in rare
    assert "level=critical" in rare
    assert "0123456789abcdef" not in stream.getvalue()
    assert fields == {"number": 7, "nested": {"a": "b"}, "api_key": "0123456789abcdef"}


def test_two_first_loggers_of_one_name_both_keep_their_level_after_the_end(stream: io.StringIO) -> None:
    start = threading.Barrier(2)
    made = []

    class Slow(Sanitizer):
        def redact_text(self, text: str) -> str:
            if text == "late" and not start.broken:
                with suppress(threading.BrokenBarrierError):
                    start.wait(0.5)
            return super().redact_text(text)

    configure_logging("svc", "logfmt", stream=stream, sanitizer=Slow())
    threads = [threading.Thread(target=lambda: made.append(get_logger("late").bind())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shutdown_logging()
    for log in made:
        log.info("late")
    assert said(stream) == ["late", "late"]


def test_the_shutdown_restores_the_levels_that_were_set(stream: io.StringIO) -> None:
    logging.getLogger("lib").setLevel(logging.ERROR)
    root = logging.getLogger().level
    configure("svc", stream=stream, level="debug", levels={"lib": "debug", "shop": "error"})
    configure("svc", stream=stream, level="error", levels={"lib": "info"})
    assert logging.getLogger("shop").level == logging.NOTSET
    assert shutdown_logging() == root
    assert logging.getLogger("lib").level == logging.ERROR


def test_a_level_that_does_not_exist_is_an_error(stream: io.StringIO) -> None:
    with pytest.raises(SettingError, match="level='loud'"):
        set_level("shop", "loud")
    with pytest.raises(SettingError, match="level='loud'"):
        configure("svc", stream=stream, levels={"shop": "loud"})


async def test_the_asynchronous_methods_go_by_the_level(stream: io.StringIO) -> None:
    configure("svc", "logfmt", stream=stream, levels={"shop": "error"})
    await get_logger("shop").awarning("no")
    await get_logger("shop").aerror("yes")
    get_logger("shop").log(logging.WARNING, "no")
    get_logger("shop").fatal("dead")
    assert said(stream) == ["yes", "dead"]


@pytest.mark.parametrize("name", ["debug", "info", "msg", "warning", "warn", "error", "critical", "fatal", "exception"])
def test_every_method_and_its_awaited_form_go_by_the_level(stream: io.StringIO, name: str) -> None:
    configure("svc", "logfmt", stream=stream, level="error")
    log = get_logger("shop").bind()
    getattr(log, name)("called")
    asyncio.run(getattr(log, f"a{name}")("awaited"))
    number = LEVELS[level_name("info" if name == "msg" else name)]
    log.log(number, "numbered")
    asyncio.run(log.alog(number, "numbered-awaited"))
    expected = ["called", "awaited", "numbered", "numbered-awaited"] if number >= LEVELS["error"] else []
    assert said(stream) == expected
