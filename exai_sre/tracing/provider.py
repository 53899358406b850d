"""The tracer provider: the application's own where it has one, else one of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exai_sre.otel_redaction import redacting_span_processor
from exai_sre.tracing import modules
from exai_sre.tracing.sampling import Sampling

__all__ = ["existing_provider", "own_provider", "provider_set_later", "share_provider"]


def existing_provider() -> Any | None:
    """The tracer provider that the application has set, or ``None`` where there is none."""
    try:
        return _set_in(modules.api("trace"))
    except ImportError:
        return None


def provider_set_later() -> Any | None:
    """The same, quickly: who sets a provider has loaded OpenTelemetry."""
    trace = modules.loaded_api()
    return None if trace is None else _set_in(trace)


def _set_in(trace: Any) -> Any | None:
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider) else provider


def own_provider(
    exporters: Sequence[Any],
    sampling: Sampling,
    resource: Mapping[str, str],
    *,
    batch: bool,
    redact: Callable[[Any], Any] | None = None,
) -> Any:
    """A tracer provider that sends to ``exporters``.

    ``OTEL_BSP_*`` and ``OTEL_*_LIMIT`` of the process count: the SDK reads them itself.

    Args:
        exporters: OpenTelemetry ``SpanExporter`` objects.
        sampling: for spans that other instrumentation starts on this provider.
        resource: resource attributes.
        batch: export from a background thread; without it each span is exported as it ends.
        redact: takes the secrets out of any value; applied to whole spans, whoever started them.
    """
    export, samplers = modules.sdk("trace.export"), modules.sdk("trace.sampling")
    ratio = samplers.TraceIdRatioBased(sampling.ratio)
    provider = modules.sdk("trace").TracerProvider(
        sampler=samplers.ParentBased(ratio) if sampling.parent_based else ratio,
        resource=modules.sdk("resources").Resource.create(dict(resource)),
    )
    process = export.BatchSpanProcessor if batch else export.SimpleSpanProcessor
    for exporter in exporters:
        processor = process(exporter)
        provider.add_span_processor(processor if redact is None else redacting_span_processor(processor, redact))
    return provider


def share_provider(provider: Any) -> None:
    """Make ``provider`` the process-wide one; OpenTelemetry lets that happen once."""
    modules.api("trace").set_tracer_provider(provider)
