"""Tracing: OpenTelemetry set up or joined; sampling decided before a span exists; ids always."""

from exai_sre.tracing.aiohttp_client import instrument_aiohttp_client
from exai_sre.tracing.error_lines import keep_spans_of_errors
from exai_sre.tracing.gen_ai import model_answered, model_call
from exai_sre.tracing.running import error_logged
from exai_sre.tracing.sampling import Sampling
from exai_sre.tracing.setup import configure_tracing
from exai_sre.tracing.span import AttributeValue, Kind, Span
from exai_sre.tracing.tracing import RunningSpan, Tracing
from exai_sre.tracing.urls import redact_url

__all__ = [
    "AttributeValue",
    "Kind",
    "RunningSpan",
    "Sampling",
    "Span",
    "Tracing",
    "configure_tracing",
    "error_logged",
    "instrument_aiohttp_client",
    "keep_spans_of_errors",
    "model_answered",
    "model_call",
    "redact_url",
]
