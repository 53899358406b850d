"""Setting up tracing: joining what the application has, or exporting where ``OTEL_*`` says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from exai_sre.clock import Clock
from exai_sre.errors import SettingError
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.tracing.recorder import Recorder
from exai_sre.tracing.sampling import Sampling
from exai_sre.tracing.tracing import Tracing

__all__ = ["configure_tracing"]

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL: Final = "http/protobuf"
_SERVICE_NAME: Final = "OTEL_SERVICE_NAME"


def configure_tracing(
    *,
    service: str,
    version: str = "",
    sampler_ratio: float | None = None,
    exporter: Any | None = None,
    batch: bool = True,
    share: bool = True,
    redact: Callable[[str], str] | None = None,
    metrics: TelemetryMetrics | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> Tracing:
    """Tracing for one process.

    A tracer provider that the application has set is joined: it makes the ids and decides on
    sampling. Otherwise spans go to ``exporter``, or by OTLP/HTTP to the endpoint that the
    ``OTEL_EXPORTER_OTLP_*`` variables name; with neither, nothing is recorded and calls carry
    ids alone, for which OpenTelemetry need not be installed.

    Args:
        service: ``service.name``, unless ``OTEL_SERVICE_NAME`` says otherwise.
        version: ``service.version``.
        sampler_ratio: share of traces starting here that are recorded, 0 to 1; by default what
            ``OTEL_TRACES_SAMPLER`` says, else all.
        exporter: an OpenTelemetry ``SpanExporter`` to use in place of the environment's; the
            application's provider is not joined then.
        batch: export from a background thread.
        share: make the provider the process-wide one where none is set, so that other
            instrumentation writes into the same traces.
        redact: applied to the text attributes of spans.
        metrics: counts calls by whether their span was recorded.
        clock: time of day for late spans.
        environ: the environment variables; those of the process by default.

    Raises:
        SettingError: an ``OTEL_*`` variable has a value that cannot be used.
        MissingExtraError: an endpoint is configured and OpenTelemetry is not installed.
    """
    environ = os.environ if environ is None else environ
    sampling = Sampling.from_environment(environ) if sampler_ratio is None else Sampling(sampler_ratio)
    recorder = None
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() != "true":
        recorder = _recorder(
            _resource(service, version, environ), sampling, exporter, environ, batch=batch, share=share
        )
    return Tracing(recorder, sampling=sampling, redact=redact, metrics=metrics, clock=clock)


def _resource(service: str, version: str, environ: Mapping[str, str]) -> dict[str, str]:
    resource = {"service.name": environ.get(_SERVICE_NAME, "").strip() or service}
    return {**resource, "service.version": version} if version else resource


def _recorder(
    resource: Mapping[str, str],
    sampling: Sampling,
    exporter: Any | None,
    environ: Mapping[str, str],
    *,
    batch: bool,
    share: bool,
) -> Recorder | None:
    from exai_sre.tracing import otel

    present = otel.existing_provider()
    if exporter is None and present is not None:
        return otel.JoinedRecorder(present)
    if exporter is None and not _exports(environ):
        return None
    provider, chosen = otel.own_provider(exporter or otel.otlp_exporter(), sampling, resource, batch=batch)
    if share and present is None:
        otel.share_provider(provider)
    return otel.OwnRecorder(provider, chosen)


def _exports(environ: Mapping[str, str]) -> bool:
    if environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() not in {"", "otlp"}:
        return False
    if not any(environ.get(name, "").strip() for name in _ENDPOINTS):
        return False
    for name in _PROTOCOLS:
        protocol = environ.get(name, "").strip()
        if protocol and protocol != _PROTOCOL:
            raise SettingError(name, protocol, "is not supported", remedy=f"set it to {_PROTOCOL} or leave it out")
        if protocol:
            break
    return True
