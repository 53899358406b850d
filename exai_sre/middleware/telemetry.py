"""Everything at once: logs, metrics and traces for a service in a few lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TextIO

from exai_sre.clock import Clock, SystemClock
from exai_sre.logs import LogTail, Sanitizer, configure_logging, get_logger
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import HttpServerMetrics, ProcessMetrics, TelemetryMetrics
from exai_sre.metrics.process import ProcessSampler
from exai_sre.middleware.asgi_routes import route_templates
from exai_sre.middleware.correlation_id import count_rejections
from exai_sre.middleware.http_server import HttpInstruments
from exai_sre.middleware.mcp import Instrumentation, instrument
from exai_sre.middleware.metrics_page import MetricsPage
from exai_sre.middleware.request_logging import RequestLogger
from exai_sre.tracing import Tracing, configure_tracing
from exai_sre.tracing.error_lines import keep_spans_of_errors

if TYPE_CHECKING:
    from exai_sre.metrics.multiprocess import Workers

__all__ = ["METRICS_PATH", "Telemetry", "configure_telemetry"]

METRICS_PATH: Final = "/metrics"
"""Where the metrics stand unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What observes one service; made by :func:`configure_telemetry`.

    Attributes:
        catalog: every metric of the service; declare your own here.
        shown: what its pages show: the same, or that of all its workers.
        logger: where each request leaves its line.
        sanitizer: takes secrets out of lines and spans.
        tracing: makes the spans.
        metrics: what the telemetry itself did.
        clock: for durations.
        logger_redacts: whether the logger is one of ours, which takes secrets out of all texts.
    """

    catalog: Catalog
    shown: Catalog
    logger: RequestLogger
    sanitizer: Sanitizer
    tracing: Tracing
    metrics: TelemetryMetrics
    clock: Clock
    logger_redacts: bool = False

    def instruments(self, routes: Iterable[str]) -> HttpInstruments:
        """What the requests of an HTTP application leave behind.

        Args:
            routes: templates of its routes; requests to others count as ``_OTHER``.
        """
        return HttpInstruments(
            metrics=HttpServerMetrics.declare(self.catalog, sorted({*routes, METRICS_PATH})),
            logger=self.logger,
            tracing=self.tracing,
            rejected=count_rejections(self.metrics),
            clock=self.clock,
        )

    def aiohttp(self, app: Any, *, path: str | None = METRICS_PATH) -> None:
        """Instrument an ``aiohttp.web.Application`` whose routes stand, before it starts.

        Args:
            app: the application; routes that are added later count as ``_OTHER``.
            path: where it shows its metrics; ``None`` for nowhere.
        """
        from exai_sre.middleware.aiohttp_server import instrument_app

        if path is not None:
            app.router.add_get(path, MetricsPage(self.shown, path).aiohttp)
        resources = (route.resource for route in app.router.routes())
        instrument_app(app, self.instruments(each.canonical for each in resources if each is not None))

    def asgi(self, app: Any, *, path: str | None = METRICS_PATH) -> None:
        """Instrument a FastAPI or Starlette application whose routes stand, before it starts.

        Args:
            app: the application; routes that are added later count as ``_OTHER``.
            path: where it shows its metrics; ``None`` for nowhere.
        """
        from exai_sre.middleware.asgi import instrument_asgi

        if path is not None:
            app.add_route(path, MetricsPage(self.shown, path), include_in_schema=False)
        instrument_asgi(app, self.instruments(route_templates(app.routes)))

    def mcp(
        self, server: Any, *, tools: Collection[str] = (), path: str | None = METRICS_PATH, **options: Any
    ) -> Instrumentation:
        """Instrument an MCP server: see :func:`exai_sre.middleware.mcp.instrument`.

        Args:
            server: a server of the official SDK, or a ``FastMCP``.
            tools: names of its tools, where they are known.
            path: where its HTTP application shows the metrics; ``None`` for nowhere. The SDK's low-level
                server has no routes of its own: give its application a :class:`MetricsPage`.
            options: further options of ``instrument``.
        """
        made = instrument(
            server,
            **{
                "catalog": self.catalog,
                "tools": tools,
                "logger": self.logger,
                "tracing": self.tracing,
                "sanitizer": self.sanitizer,
                "logger_redacts": self.logger_redacts and "logger" not in options,
                "clock": self.clock,
                **options,
            },
        )
        if path is not None and hasattr(server, "custom_route"):
            server.custom_route(path, methods=["GET"])(MetricsPage(self.shown, path))
        return made


def _keeper_of_spans() -> LogTail:
    """Sees to it that error lines lead to spans; of the lines themselves it keeps one."""
    tail = LogTail(1)
    tail.on_line(keep_spans_of_errors)
    return tail


def _declared(yours: Catalog | None, workers: Workers | None) -> tuple[Catalog, TelemetryMetrics, Sanitizer]:
    """The catalog, the telemetry's own metrics in it, and the sanitizer that counts there."""
    catalog = yours
    if catalog is None:
        catalog = Catalog() if workers is None else workers.catalog
    metrics = TelemetryMetrics.declare(catalog)
    sanitizer = Sanitizer(metrics=metrics)
    if yours is None:
        catalog.redact_labels(sanitizer.redact_text)
    return catalog, metrics, sanitizer


def configure_telemetry(
    service: str,
    *,
    version: str = "",
    catalog: Catalog | None = None,
    workers: Workers | None = None,
    logger: RequestLogger | None = None,
    level: str = "info",
    renderer: str = "json",
    stream: TextIO | None = None,
    sampler_ratio: float | None = None,
    exporter: Any | None = None,
    batch: bool = True,
    share: bool = True,
    clock: Clock | None = None,
) -> Telemetry:
    """Logs without secrets, metrics and traces for one service.

    Lines of all loggers go to one stream; handlers that you have stay. Spans go where the
    ``OTEL_*`` variables say, or to the tracer provider that you have; else calls carry ids alone.

    Args:
        service: name of the service.
        version: its version.
        catalog: where metrics are declared; a new one, or that of ``workers``, by default, whose open
            labels are then redacted. One of yours stays as it is: see ``Catalog.redact_labels``.
        workers: the processes among which this is one, where there are several.
        logger: where requests leave their lines; with one given, logging is left as it is.
        level: lowest level that is logged.
        renderer: ``json``, ``console`` or ``logfmt``.
        stream: where log lines go; standard error by default.
        sampler_ratio: share of traces starting here that are recorded, 0 to 1.
        exporter: an OpenTelemetry ``SpanExporter`` to use in place of the environment's.
        batch: export spans from a background thread.
        share: make the tracer provider the process-wide one where none is set.
        clock: for durations and times of lines.

    Raises:
        SettingError: a level, a renderer or an ``OTEL_*`` variable cannot be used.
        MissingExtraError: an endpoint is configured and OpenTelemetry is not installed.
    """
    clock = clock or SystemClock()
    catalog, metrics, sanitizer = _declared(catalog, workers)
    ours = logger is None
    if logger is None:
        configure_logging(
            service, renderer, level=level, stream=stream, sanitizer=sanitizer, metrics=metrics, clock=clock,
            tail=_keeper_of_spans(),
        )  # fmt: skip
        # Bound once: to look a logger up anew for each line costs more than half of the line.
        logger = get_logger(service).bind()
    tracing = configure_tracing(
        service=service, version=version, sampler_ratio=sampler_ratio, exporter=exporter, batch=batch, share=share,
        redact=sanitizer.redact_text, redact_spans=sanitizer.redact, metrics=metrics, clock=clock,
    )  # fmt: skip
    ProcessSampler(ProcessMetrics.declare(catalog), version=version).attach(catalog)
    shown = catalog if workers is None else workers.merged
    return Telemetry(catalog, shown, logger, sanitizer, tracing, metrics, clock, logger_redacts=ours)
