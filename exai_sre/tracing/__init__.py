"""Tracing: OpenTelemetry set up or joined; sampling decided before a span exists; ids always."""

from exai_sre.tracing.sampling import Sampling
from exai_sre.tracing.setup import configure_tracing
from exai_sre.tracing.span import AttributeValue, Kind, Span
from exai_sre.tracing.tracing import RunningSpan, Tracing
from exai_sre.tracing.urls import redact_url

__all__ = ["AttributeValue", "Kind", "RunningSpan", "Sampling", "Span", "Tracing", "configure_tracing", "redact_url"]
