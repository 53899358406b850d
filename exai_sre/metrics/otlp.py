"""Pushing the catalog by OTLP: the numbers that a scrape shows, to a collector that does not scrape."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Event, Thread
from typing import Any, Final

from exai_sre.context.ids import new_correlation_id
from exai_sre.errors import SettingError
from exai_sre.metrics import otel
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.deltas import Deltas
from exai_sre.metrics.families.telemetry import TelemetryMetrics
from exai_sre.metrics.reading import Reading
from exai_sre.names import LabelName
from exai_sre.outcome import Outcome

__all__ = ["OtlpPush", "otlp_push"]

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_EXPORTER: Final = "OTEL_METRICS_EXPORTER"
_INTERVAL: Final = "OTEL_METRIC_EXPORT_INTERVAL"
_TEMPORALITY: Final = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
_ATTRIBUTES: Final = "OTEL_RESOURCE_ATTRIBUTES"
_SERVICE_NAME: Final = "OTEL_SERVICE_NAME"
_KNOWN_PROTOCOLS: Final = ("http/protobuf", "grpc")
_LAST_PUSH: Final = 10.0


class OtlpPush:
    """Sends a catalog's readings to an OTLP exporter, every ``interval`` seconds from a thread of its own.

    Args:
        catalog: what is sent.
        exporter: an OpenTelemetry ``MetricExporter``.
        resource: OpenTelemetry's resource attributes.
        interval: seconds between two pushes.
        delta: send what came since the last push that arrived, instead of totals; of cells that outlive a
            process, what came since this object was made, which is to be after all declarations.
        metrics: counts pushes by outcome.
        now: seconds since the Unix epoch.

    Raises:
        MissingExtraError: the SDK is not installed.
    """

    def __init__(
        self,
        catalog: Catalog,
        exporter: Any,
        *,
        resource: Mapping[str, str],
        interval: float = 60.0,
        delta: bool = False,
        metrics: TelemetryMetrics | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.interval = interval
        self._catalog = catalog
        self._exporter = exporter
        self._now = now
        start = now() if catalog.since is None else catalog.since
        self._builder = otel.MetricsDataBuilder(otel.resource_of(resource), start)
        self._deltas = Deltas(now()) if delta else None
        if self._deltas is not None and catalog.since is not None:
            # What was counted before this process has been sent by those before it.
            for reading in self._deltas.of(catalog.readings()):
                list(reading.points)
            self._deltas.arrived(now())
        self._metrics = metrics
        self._stopped = Event()
        self._thread: Thread | None = None

    def push(self) -> bool:
        """Send the present numbers and wait for the answer; whether they arrived."""
        try:
            arrived = self._send()
        except Exception:  # telemetry must not end the thread that sends it
            arrived = False
        if self._metrics is not None:
            outcome = Outcome.OK if arrived else Outcome.UPSTREAM_ERROR
            self._metrics.pushes.labels(**{LabelName.OUTCOME: outcome.value}).inc()
        return arrived

    def _send(self) -> bool:
        # Read before the clock is: what waits until then gets its exemplars now.
        readings: Iterable[Reading] = [each._replace(points=list(each.points)) for each in self._catalog.readings()]
        now, deltas = self._now(), self._deltas
        if deltas is None:
            return self._export(self._builder.build(readings, now))
        arrived = self._export(self._builder.build(deltas.of(readings), now, since=deltas.since))
        if arrived:
            deltas.arrived(now)
        return arrived

    def _export(self, data: Any) -> bool:
        return bool(self._exporter.export(data).name == "SUCCESS")

    def run(self, wait: Callable[[float], bool]) -> None:
        """Push until ``wait`` (seconds) says that the end has come, and then a last time."""
        while not wait(self.interval):
            self.push()
        self.push()

    def start(self) -> None:
        """Push from a background thread until :meth:`stop`; a second call changes nothing."""
        if self._thread is None:
            self._thread = Thread(target=self.run, args=(self._stopped.wait,), name="exai-sre-otlp", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Push a last time, for at most ten seconds, and close the exporter."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_LAST_PUSH)
        self._exporter.shutdown()


def otlp_push(
    catalog: Catalog,
    *,
    service: str,
    version: str = "",
    exporter: Any | None = None,
    metrics: TelemetryMetrics | None = None,
    environ: Mapping[str, str] | None = None,
) -> OtlpPush | None:
    """The push that the ``OTEL_*`` variables ask for, not yet started; ``None`` where they name no endpoint.

    Honoured: ``OTEL_METRICS_EXPORTER`` (``otlp`` or ``none``), the endpoint and protocol variables,
    ``OTEL_METRIC_EXPORT_INTERVAL`` (milliseconds), ``..._TEMPORALITY_PREFERENCE``, ``OTEL_SERVICE_NAME``,
    ``OTEL_RESOURCE_ATTRIBUTES`` and ``OTEL_SDK_DISABLED``; headers, timeout, compression and
    certificates by the exporter itself.

    Args:
        catalog: what is sent.
        service: ``service.name``, unless the environment has one.
        version: ``service.version``.
        exporter: an OpenTelemetry ``MetricExporter`` to use in place of the environment's.
        metrics: counts pushes by outcome.
        environ: the environment variables; those of the process by default.

    Raises:
        SettingError: a variable has a value that cannot be used.
        MissingExtraError: an endpoint is configured and the exporter is not installed.
    """
    environ = os.environ if environ is None else environ
    if exporter is None and not _is_wanted(environ):
        return None
    return OtlpPush(
        catalog,
        exporter or otel.otlp_exporter(_protocol(environ)),
        resource=dict(_resource(service, version, environ)),
        interval=_interval(environ),
        delta=_is_delta(environ),
        metrics=metrics,
    )


def _is_wanted(environ: Mapping[str, str]) -> bool:
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    names = {name.strip() for name in environ.get(_EXPORTER, "otlp").lower().split(",")}
    return bool(names & {"otlp", ""}) and any(environ.get(name, "").strip() for name in _ENDPOINTS)


def _protocol(environ: Mapping[str, str]) -> str:
    for name in _PROTOCOLS:
        protocol = environ.get(name, "").strip()
        if protocol and protocol not in _KNOWN_PROTOCOLS:
            raise SettingError(name, protocol, "is not supported", remedy=f"use one of {', '.join(_KNOWN_PROTOCOLS)}")
        if protocol:
            return protocol
    return _KNOWN_PROTOCOLS[0]


def _interval(environ: Mapping[str, str]) -> float:
    text = environ.get(_INTERVAL, "").strip() or "60000"
    try:
        milliseconds = float(text)
    except ValueError:
        milliseconds = 0.0
    if not 0 < milliseconds < float("inf"):
        raise SettingError(_INTERVAL, text, "is no interval", remedy="give milliseconds, more than 0")
    return milliseconds / 1000


def _is_delta(environ: Mapping[str, str]) -> bool:
    text = environ.get(_TEMPORALITY, "").strip().lower() or "cumulative"
    if text not in {"cumulative", "delta", "lowmemory"}:
        raise SettingError(_TEMPORALITY, text, "is not known", remedy="use cumulative, delta or lowmemory")
    # What is in the cells is written at once, so "low memory" asks for what "delta" asks for.
    return text != "cumulative"


def _resource(service: str, version: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the environment's own resource attributes do not say."""
    given = {item.partition("=")[0].strip() for item in environ.get(_ATTRIBUTES, "").split(",")}
    named = environ.get(_SERVICE_NAME, "").strip()
    ours = {"service.name": named or service, "service.version": version, "service.instance.id": new_correlation_id()}
    for name, value in ours.items():
        if value and (name not in given or (named and name == "service.name")):
            yield name, value
