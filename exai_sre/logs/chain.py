"""The chain from an event to its line, for structlog's loggers and for formatters of the standard library."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from exai_sre.clock import Clock, SystemClock
from exai_sre.logs.processors import Complete, Redact, format_exception
from exai_sre.logs.renderers import renderer_for
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.names import LogField

if TYPE_CHECKING:
    from structlog.typing import Processor

__all__ = ["formatter_over", "line_formatter", "line_processors"]


def line_processors(
    service: str,
    *,
    sanitizer: Sanitizer | None = None,
    clock: Clock | None = None,
) -> list[Processor]:
    """The processors that make an event a finished line, but for its renderer.

    For a set-up of your own: put yours before them, and a renderer of
    :mod:`exai_sre.logs.renderers` behind them.

    Args:
        service: name of the service, on every line.
        sanitizer: what redacts; by default one that removes secrets.
        clock: source of the lines' time.
    """
    sanitizer = sanitizer or Sanitizer()
    return [format_exception, Redact(sanitizer), Complete(service, clock or SystemClock(), sanitizer.redact_text)]


def line_formatter(
    service: str,
    renderer: str = "json",
    *,
    sanitizer: Sanitizer | None = None,
    clock: Clock | None = None,
) -> logging.Formatter:
    """A formatter for handlers of your own, such as those of ``logging.config.dictConfig``.

    Args:
        service: name of the service, on every line.
        renderer: ``json``, ``console`` or ``logfmt``.
        sanitizer: what redacts; by default one that removes secrets.
        clock: source of the lines' time.

    Raises:
        SettingError: there is no such renderer.
    """
    render = renderer_for(renderer)
    return formatter_over([*line_processors(service, sanitizer=sanitizer, clock=clock), render])


def formatter_over(
    chain: Sequence[Processor], *, before: Sequence[Callable[[Any, str, Any], Any]] = ()
) -> logging.Formatter:
    """A formatter whose records go through ``before``, with the record itself at hand, and then through ``chain``."""
    from structlog.contextvars import merge_contextvars
    from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_logger_name

    return ProcessorFormatter(
        foreign_pre_chain=[*before, merge_contextvars, ExtraAdder(), add_logger_name, _told_before],
        processors=[ProcessorFormatter.remove_processors_meta, *chain],
    )


def _told_before(_logger: Any, _method: str, event: Any) -> Any:
    """Take over the text of an exception that is on its record no more.

    A ``RedactionFilter`` of another handler put the text in its place, or the record came from another process.
    """
    record = event["_record"]
    if record.exc_text and not record.exc_info:
        event[LogField.EXCEPTION] = record.exc_text
    return event
