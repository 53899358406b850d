"""Set-up of logging: structlog and the standard library through one chain to one stream."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from exai_sre.clock import Clock, SystemClock
from exai_sre.logs.foreign import LineHandler, installed_handlers
from exai_sre.logs.levels import level_number
from exai_sre.logs.processors import Complete, Deliver, Redact, format_exception
from exai_sre.logs.renderers import renderer_for
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.tail import LogTail
from exai_sre.logs.writer import LineWriter
from exai_sre.names import LabelName

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

    from exai_sre.metrics.families.telemetry import TelemetryMetrics

__all__ = ["configure_logging", "get_logger", "shutdown_logging"]


def configure_logging(
    service: str,
    renderer: str = "json",
    *,
    level: str = "info",
    stream: TextIO | None = None,
    sanitizer: Sanitizer | None = None,
    metrics: TelemetryMetrics | None = None,
    tail: LogTail | None = None,
    clock: Clock | None = None,
) -> None:
    """Send every log line of the process through redaction to one stream.

    structlog's loggers and those of the standard library come out alike. Handlers that others
    put on the root logger stay. Calling it again replaces the former set-up.

    Args:
        service: name of the service, on every line.
        renderer: ``json``, ``console`` or ``logfmt``.
        level: lowest level that is logged: ``debug``, ``info``, ``warning``, ``error``, ``critical``.
        stream: where lines go, standard error by default; it is never closed.
        sanitizer: what redacts; by default one that removes secrets and counts in ``metrics``.
        metrics: counts lines, drops and redactions.
        tail: keeps the last lines for whoever shows them.
        clock: source of the lines' time.

    Raises:
        SettingError: level or renderer does not exist.
    """
    number = level_number(level)
    out = stream if stream is not None else sys.stderr
    render = renderer_for(renderer, colours=out.isatty())
    previous_level = shutdown_logging()
    writer = LineWriter(out, on_drop=_counter(metrics))
    chain: list[Processor] = [
        format_exception,
        Redact(sanitizer or Sanitizer(metrics=metrics)),
        Complete(service, clock or SystemClock()),
        Deliver(metrics, tail),
        render,
    ]
    _configure_structlog(chain, number, writer)
    _configure_root(chain, number, LineHandler(writer, previous_level))


def shutdown_logging() -> int:
    """Write what is queued and take the handler from the root logger.

    Lines that come later are written at once, by the thread that logs them.

    Returns:
        The level of the root logger, as it was before :func:`configure_logging`.
    """
    root = logging.getLogger()
    for handler in installed_handlers():
        root.removeHandler(handler)
        root.setLevel(handler.previous_level)
        handler.writer.close()
        handler.close()
    return root.level


def get_logger(name: str) -> FilteringBoundLogger:
    """A structlog logger whose lines carry ``name`` as their logger; it follows later set-ups."""
    import structlog

    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def _counter(metrics: TelemetryMetrics | None) -> Any:
    if metrics is None:
        return None
    dropped = metrics.log_dropped

    def count(reason: str, lines: int) -> None:
        dropped.labels(**{LabelName.REASON: reason}).inc(lines)

    return count


def _configure_structlog(chain: Sequence[Processor], level: int, writer: LineWriter) -> None:
    import structlog

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *chain],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_LoggerFactory(writer),
        cache_logger_on_first_use=False,
    )


def _configure_root(chain: Sequence[Processor], level: int, handler: LineHandler) -> None:
    from structlog.contextvars import merge_contextvars
    from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_logger_name

    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[merge_contextvars, ExtraAdder(), add_logger_name],
            processors=[ProcessorFormatter.remove_processors_meta, *chain],
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)


class _LoggerFactory:
    """Makes the innermost loggers that structlog wraps, from the arguments of ``structlog.get_logger``."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = writer

    def __call__(self, *names: object) -> _LineLogger:
        return _LineLogger(str(names[0]) if names else None, self._writer)


class _LineLogger:
    """Takes rendered lines under the names of structlog's levels."""

    __slots__ = ("msg", "name")

    def __init__(self, name: str | None, writer: LineWriter) -> None:
        self.name = name
        self.msg = writer.write

    def __getattr__(self, _level: str) -> Any:
        return self.msg
