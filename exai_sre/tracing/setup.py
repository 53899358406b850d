"""Setting up tracing: joining what the application has, or exporting where ``OTEL_*`` says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from exai_sre.clock import Clock
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.tracing.exporters import exporters_of
from exai_sre.tracing.provider import existing_provider, own_provider, provider_set_later, share_provider
from exai_sre.tracing.recorder import Recorder
from exai_sre.tracing.resource import resource_attributes
from exai_sre.tracing.sampling import Sampling
from exai_sre.tracing.tracing import Tracing

__all__ = ["SLOW_AFTER", "configure_tracing"]

SLOW_AFTER: Final = 10.0
"""Seconds from which on an unsampled call leaves a span, unless said otherwise."""

_DISABLED: Final = "OTEL_SDK_DISABLED"


def configure_tracing(
    *,
    service: str,
    version: str = "",
    sampler_ratio: float | None = None,
    slow_after: float | None = SLOW_AFTER,
    exporter: Any | None = None,
    batch: bool = True,
    share: bool = True,
    redact: Callable[[str], str] | None = None,
    redact_spans: Callable[[Any], Any] | None = None,
    metrics: TelemetryMetrics | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> Tracing:
    """Tracing for one process.

    A tracer provider that the application has set is joined: it makes the ids and decides on
    sampling. Otherwise spans go to ``exporter``, or to what the ``OTEL_*`` variables name; with
    neither, calls carry ids alone, for which OpenTelemetry need not be installed, until the
    application sets a provider.

    Args:
        service: ``service.name``, unless the environment says otherwise.
        version: ``service.version``, unless the environment says otherwise.
        sampler_ratio: share of traces starting here that are recorded, 0 to 1; by default what
            ``OTEL_TRACES_SAMPLER`` says, else all.
        slow_after: seconds after which an unsampled call leaves a late span; ``None`` for never.
        exporter: an OpenTelemetry ``SpanExporter`` to use in place of the environment's; the
            application's provider is not joined then.
        batch: export from a background thread.
        share: make the provider the process-wide one where none is set, so that other
            instrumentation writes into the same traces.
        redact: applied to the text attributes of our spans.
        redact_spans: takes the secrets out of any value, such as ``Sanitizer().redact``; applied to whole
            spans, those of other instrumentation included, before a provider of ours exports them.
        metrics: counts calls by whether their span was recorded.
        clock: durations and time of day of late spans.
        environ: the environment variables; those of the process by default.

    Raises:
        SettingError: an ``OTEL_*`` variable has a value that cannot be used.
        MissingExtraError: an endpoint is configured and what sends there is not installed.
    """
    environ = os.environ if environ is None else environ
    sampling = Sampling.from_environment(environ) if sampler_ratio is None else Sampling(sampler_ratio)
    recorder = find = None
    if environ.get(_DISABLED, "").strip().lower() != "true":
        find = _join_later
        resource = resource_attributes(service, version, environ)
        recorder = _recorder(resource, sampling, exporter, environ, batch=batch, share=share, redact=redact_spans)
    return Tracing(
        recorder, sampling=sampling, slow_after=slow_after, redact=redact, metrics=metrics, clock=clock, find=find
    )


def _join_later() -> Recorder | None:
    provider = provider_set_later()
    if provider is None:
        return None
    from exai_sre.tracing.otel import JoinedRecorder

    try:
        return JoinedRecorder(provider)
    except Exception:
        # This runs at the start of a call: a provider that cannot be joined costs the span, never the call.
        return None


def _recorder(
    resource: Mapping[str, str],
    sampling: Sampling,
    exporter: Any | None,
    environ: Mapping[str, str],
    *,
    batch: bool,
    share: bool,
    redact: Callable[[Any], Any] | None,
) -> Recorder | None:
    from exai_sre.tracing import otel

    present = existing_provider()
    if exporter is None and present is not None:
        return otel.JoinedRecorder(present)
    exporters = exporters_of(environ) if exporter is None else [exporter]
    if not exporters:
        return None
    provider = own_provider(exporters, sampling, resource, batch=batch, redact=redact)
    if share and present is None:
        share_provider(provider)
    return otel.OwnRecorder(provider)
