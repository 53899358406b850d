"""Set-up of logging: structlog and the standard library through one chain to the same exits."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TextIO

from exai_sre.clock import Clock, SystemClock
from exai_sre.errors import ExaiSreError
from exai_sre.logs.chain import formatter_over, line_processors
from exai_sre.logs.exits import Exits
from exai_sre.logs.file import LogFile
from exai_sre.logs.foreign import LineHandler, installed_handlers
from exai_sre.logs.levels import level_number, level_numbers
from exai_sre.logs.processors import Complete, Deliver
from exai_sre.logs.renderers import Renderer, renderer_for
from exai_sre.logs.sampling import EventSampling
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.tail import LogTail
from exai_sre.logs.writer import LineStream
from exai_sre.names import Event, LabelName, LogField

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

    from exai_sre.logs.loggers import LineLoggerFactory
    from exai_sre.metrics.families.telemetry import TelemetryMetrics

__all__ = ["configure_logging", "get_logger", "set_sampling", "shutdown_logging"]

_ROOT: Final = ""

OnDrop = Callable[[str, int], None]


def configure_logging(
    service: str,
    renderer: str = "json",
    *,
    level: str = "info",
    levels: Mapping[str, str] | None = None,
    sampling: Mapping[str, float] | None = None,
    stream: TextIO | None = None,
    file: str | os.PathLike[str] | LogFile | None = None,
    otel: Any = False,
    sanitizer: Sanitizer | None = None,
    metrics: TelemetryMetrics | None = None,
    tail: LogTail | None = None,
    clock: Clock | None = None,
) -> None:
    """Send every log line of the process through redaction to a stream, a file, OpenTelemetry.

    structlog's loggers and those of the standard library come out alike. Handlers that others
    put on the root logger stay. Calling it again replaces the former set-up; an error changes nothing.

    Args:
        service: name of the service, on every line.
        renderer: ``json``, ``console`` or ``logfmt``.
        level: lowest level that is logged: ``debug``, ``info``, ``warning``, ``error``, ``critical``.
        levels: other levels for loggers and what lies below them, by dotted name.
        sampling: share of lines kept, 0 to 1, by event name; see :class:`~exai_sre.logs.sampling.EventSampling`.
        stream: where lines go, standard error by default; it is never closed.
        file: a file for the lines, rotated and kept for 30 days; there is no stream then unless one is named.
        otel: a logger provider of OpenTelemetry that gets the lines as well; ``True`` for the
            application's, or else for one that exports where the ``OTEL_*`` variables say, if they say so.
        sanitizer: what redacts; by default one that removes secrets and counts in ``metrics``.
        metrics: counts lines, drops and redactions.
        tail: keeps the last lines for whoever shows them.
        clock: source of the lines' time.

    Raises:
        SettingError: a level, renderer, share, file or ``OTEL_*`` variable cannot be used.
        MissingExtraError: OpenTelemetry is wanted and not installed.
    """
    clock = clock or SystemClock()
    root, others = level_number(level), level_numbers(levels or {})
    on_drop = _counter(metrics)
    sample = EventSampling(sampling or {}, on_drop=on_drop)
    streams = _streams(stream, file, clock, renderer)
    render = renderer_for(renderer, colours=all(getattr(one, "isatty", bool)() for one in streams))
    bridge, provider = _bridge(otel, service, on_drop)
    sanitizer = sanitizer or Sanitizer(metrics=metrics)
    shutdown_logging()
    gap = _gap_line(render, Complete(service, clock, sanitizer.redact_text))
    exits = Exits(streams, provider=provider, on_drop=on_drop, gap=gap)
    before = line_processors(service, sanitizer=sanitizer, clock=clock)
    chain: list[Processor] = [*before, Deliver(metrics, tail)]
    factory = _configure_structlog([*chain, *bridge, render], sample, exits.write, sanitizer.redact_text)
    handler = LineHandler(exits, _previous(others), sample, before_end=factory.freeze)
    handler.setFormatter(formatter_over([*chain, *([] if _bridged_by_others() else bridge), render], before=[sample]))
    _configure_root(handler, {_ROOT: root, **others})


def shutdown_logging() -> int:
    """Write what is queued, take the handler from the root logger, and restore the levels.

    Lines that come later are written at once, by the thread that logs them.

    Returns:
        The level of the root logger, as it was before :func:`configure_logging`.
    """
    for handler in installed_handlers():
        handler.undo()
    return logging.getLogger().level


def get_logger(name: str) -> FilteringBoundLogger:
    """A structlog logger whose lines carry ``name`` as their logger; it follows later set-ups."""
    import structlog

    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def set_sampling(event: str, ratio: float) -> None:
    """From now on, keep that share, 0 to 1, of the lines of ``event``.

    Raises:
        SettingError: the share is not from 0 to 1.
        ExaiSreError: logging is not configured.
    """
    handlers = installed_handlers()
    if not handlers:
        raise ExaiSreError("logging is not configured, so nothing is sampled", remedy="call configure_logging() first")
    for handler in handlers:
        handler.sampling.set(event, ratio)


def _counter(metrics: TelemetryMetrics | None) -> OnDrop | None:
    if metrics is None:
        return None
    dropped = metrics.log_dropped

    def count(reason: str, lines: int) -> None:
        dropped.labels(**{LabelName.REASON: reason}).inc(lines)

    return count


def _streams(
    stream: TextIO | None, file: str | os.PathLike[str] | LogFile | None, clock: Clock, renderer: str
) -> list[LineStream]:
    renderer_for(renderer)
    if file is None:
        return [stream if stream is not None else sys.stderr]
    log_file = file if isinstance(file, LogFile) else LogFile(file, clock=clock)
    return [log_file] if stream is None else [stream, log_file]


def _bridge(otel: Any, service: str, on_drop: OnDrop | None) -> tuple[list[Processor], Any | None]:
    """The bridge to OpenTelemetry, if one is wanted, and the provider that ends with the set-up, if it is ours."""
    if otel is False or otel is None:
        return [], None
    from exai_sre.logs.otel import otel_bridge, provider_for

    found = provider_for(service, os.environ) if otel is True else (otel, False)
    if found is None:
        return [], None
    provider, ours = found
    return [otel_bridge(provider, on_drop=on_drop)], provider if ours else None


def _bridged_by_others() -> bool:
    """Whether an OpenTelemetry handler at the root logger exports the standard library's records already."""
    return any(type(handler).__module__.startswith("opentelemetry.") for handler in logging.getLogger().handlers)


def _gap_line(render: Renderer, complete: Complete) -> Callable[[int], str]:
    def gap(lines: int) -> str:
        event = {LogField.EVENT: Event.LOG_LINES_DROPPED, LogField.LINES: lines}
        return render(None, "warning", complete(None, "warning", event))

    return gap


def _configure_structlog(
    chain: list[Processor], sample: EventSampling, write: Callable[[str], None], redact: Callable[[str], str]
) -> LineLoggerFactory:
    import structlog

    from exai_sre.logs.loggers import LevelledLogger, LineLoggerFactory

    factory = LineLoggerFactory(write, redact)
    structlog.configure(
        processors=[sample, structlog.contextvars.merge_contextvars, *chain],
        wrapper_class=LevelledLogger,
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )
    return factory


def _previous(names: Mapping[str, int]) -> dict[str, int]:
    return {name: logging.getLogger(name or None).level for name in (_ROOT, *names)}


def _configure_root(handler: LineHandler, levels: Mapping[str, int]) -> None:
    logging.getLogger().addHandler(handler)
    for name, number in levels.items():
        logging.getLogger(name or None).setLevel(number)
