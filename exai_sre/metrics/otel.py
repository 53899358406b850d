"""The one file of this package that knows OpenTelemetry: its data model, its exporters, its meters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from exai_sre.extras import require
from exai_sre.metrics.exemplar import Exemplar
from exai_sre.metrics.instrument import Instrument
from exai_sre.metrics.reading import Point, Reading
from exai_sre.version import __version__

__all__ = [
    "MetricsDataBuilder",
    "existing_meter_provider",
    "meter_provider",
    "otlp_exporter",
    "resource_of",
    "share_meter_provider",
]

_SCOPE: Final = "exai_sre"
_NANOSECONDS: Final = 1_000_000_000
_UNITS: Final = {"seconds": "s", "bytes": "By", "ratio": "1", "": ""}
_EXPORTERS: Final = {
    "http/protobuf": ("opentelemetry.exporter.otlp.proto.http.metric_exporter", "http", "otel"),
    "grpc": ("opentelemetry.exporter.otlp.proto.grpc.metric_exporter", "grpc", "otel-grpc"),
}


def _sdk(module: str) -> Any:
    return require(f"opentelemetry.sdk.{module}", package="opentelemetry-sdk", extra="otel")


def _api(module: str) -> Any:
    return require(f"opentelemetry.{module}", package="opentelemetry-api", extra="otel")


def otlp_exporter(protocol: str) -> Any:
    """An OTLP metric exporter, configured by the ``OTEL_EXPORTER_OTLP_*`` variables.

    Args:
        protocol: ``http/protobuf`` or ``grpc``.

    Raises:
        MissingExtraError: the exporter is not installed.
    """
    module, transport, extra = _EXPORTERS[protocol]
    package = f"opentelemetry-exporter-otlp-proto-{transport}"
    return require(module, package=package, extra=extra).OTLPMetricExporter()


def resource_of(attributes: Mapping[str, str]) -> Any:
    """An OpenTelemetry resource of these attributes and those of ``OTEL_RESOURCE_ATTRIBUTES``."""
    return _sdk("resources").Resource.create(dict(attributes))


class MetricsDataBuilder:
    """Turns readings into OpenTelemetry's data model.

    Args:
        resource: whom the numbers are about.
        start: since when the cumulative numbers count, seconds since the Unix epoch.

    Raises:
        MissingExtraError: the SDK is not installed.
    """

    def __init__(self, resource: Any, start: float) -> None:
        self._export = _sdk("metrics.export")
        self._exemplar = _sdk("metrics").Exemplar
        self._scope = _sdk("util.instrumentation").InstrumentationScope(_SCOPE, __version__)
        self._resource = resource
        self._start = int(start * _NANOSECONDS)

    def build(self, readings: Iterable[Reading], now: float, *, since: float | None = None) -> Any:
        """``MetricsData`` of all readings that have a series.

        Args:
            readings: the numbers.
            now: time of the numbers, seconds since the Unix epoch.
            since: beginning of the interval where the numbers are what came within it; ``None``
                where they count from the start.
        """
        end, start = int(now * _NANOSECONDS), self._start if since is None else int(since * _NANOSECONDS)
        temporality = self._export.AggregationTemporality
        kind = temporality.CUMULATIVE if since is None else temporality.DELTA
        metrics = [made for reading in readings if (made := self._metric(reading, start, end, kind)) is not None]
        export = self._export
        scope = export.ScopeMetrics(scope=self._scope, metrics=metrics, schema_url="")
        return export.MetricsData([export.ResourceMetrics(self._resource, [scope], schema_url="")])

    def _metric(self, reading: Reading, start: int, end: int, temporality: Any) -> Any | None:
        instrument, export = reading.instrument, self._export
        make = self._histogram if instrument.kind == "histogram" else self._number
        points = [make(instrument, point, start, end) for point in reading.points]
        if not points:
            return None
        if instrument.kind == "histogram":
            data = export.Histogram(points, temporality)
        elif instrument.kind == "counter":
            data = export.Sum(points, temporality, is_monotonic=True)
        else:
            data = export.Gauge(points)
        unit = _UNITS.get(instrument.unit, f"{{{instrument.unit}}}")
        return export.Metric(name=instrument.name, description=instrument.help, unit=unit, data=data)

    def _number(self, instrument: Instrument, point: Point, start: int, end: int) -> Any:
        return self._export.NumberDataPoint(
            attributes=dict(zip(instrument.label_names, point.labels, strict=True)),
            start_time_unix_nano=start,
            time_unix_nano=end,
            value=float(point.numbers[0]),
            exemplars=self._exemplars(point),
        )

    def _histogram(self, instrument: Instrument, point: Point, start: int, end: int) -> Any:
        counts = [int(number) for number in point.numbers[:-1]]
        return self._export.HistogramDataPoint(
            attributes=dict(zip(instrument.label_names, point.labels, strict=True)),
            start_time_unix_nano=start,
            time_unix_nano=end,
            count=sum(counts),
            sum=float(point.numbers[-1]),
            bucket_counts=counts,
            explicit_bounds=list(instrument.buckets),
            min=None,
            max=None,
            exemplars=self._exemplars(point),
        )

    def _exemplars(self, point: Point) -> list[Any]:
        return [self._made(exemplar) for exemplar in point.exemplars if exemplar is not None]

    def _made(self, exemplar: Exemplar) -> Any:
        # The exporter leaves the trace id out where the span id is None; eight zero bytes mean "none" in OTLP.
        return self._exemplar({}, exemplar.value, int(exemplar.time * _NANOSECONDS), 0, int(exemplar.trace_id, 16))


def existing_meter_provider() -> Any | None:
    """The meter provider that the application has set, or ``None`` where there is none."""
    try:
        metrics = _api("metrics")
    except ImportError:
        return None
    provider = metrics.get_meter_provider()
    # The API's own stand-ins live in the API; whatever collects comes from elsewhere.
    stands_in = type(provider).__module__.startswith(metrics.__name__) or isinstance(
        provider, metrics.NoOpMeterProvider
    )
    return None if stands_in else provider


def meter_provider(receive: Callable[[Any], None], resource: Any) -> tuple[Any, Callable[[], None]]:
    """A meter provider for other people's instruments, and what collects them.

    Args:
        receive: takes the ``MetricsData`` of a collection.
        resource: whom the numbers are about.
    """
    export = _sdk("metrics.export")

    class Reader(export.MetricReader):  # type: ignore[misc, name-defined]
        """Reads when it is told to, and hands on what it got."""

        def _receive_metrics(self, metrics_data: Any, **_more: Any) -> None:
            receive(metrics_data)

        def shutdown(self, **_more: Any) -> None:
            """Nothing is held open."""

    reader = Reader()
    return _sdk("metrics").MeterProvider([reader], resource=resource, shutdown_on_exit=False), reader.collect


def share_meter_provider(provider: Any) -> None:
    """Make ``provider`` the process-wide one; OpenTelemetry lets that happen once."""
    _api("metrics").set_meter_provider(provider)
