"""Client spans for every aiohttp session of a process, by OpenTelemetry's own instrumentation, without secrets."""

from __future__ import annotations

from collections.abc import Callable

from exai_sre.tracing import modules
from exai_sre.tracing.tracing import Tracing
from exai_sre.tracing.urls import redact_url, redacting_url_filter

__all__ = ["instrument_aiohttp_client"]


def instrument_aiohttp_client(
    tracing: Tracing | None = None, *, redact: Callable[[str], str] = redact_url, replace: bool = False
) -> bool:
    """Let every ``aiohttp.ClientSession`` made from now on leave client spans with redacted URLs.

    For sessions that are made elsewhere. Those of
    :func:`exai_sre.middleware.aiohttp_client.instrumented_session` need it not: they leave one
    span per attempt, and no second one where this is in force.

    Args:
        tracing: whose provider the spans go to; the process-wide one by default.
        redact: applied to the URL before it becomes a span attribute. A URL on which it fails
            is left out.
        replace: put this in the place of an instrumentation that is in force, as under
            ``opentelemetry-instrument``, which lets most credentials in URLs through. Its hooks
            go with it.

    Returns:
        Whether it is in force now by this call; false where another one was, and stays.

    Raises:
        MissingExtraError: opentelemetry-instrumentation-aiohttp-client is not installed.
    """
    instrumentor = modules.client_instrumentor().AioHttpClientInstrumentor()
    if instrumentor.is_instrumented_by_opentelemetry:
        if not replace:
            return False
        instrumentor.uninstrument()
    provider = getattr(tracing.recorder, "provider", None) if tracing else None
    instrumentor.instrument(url_filter=redacting_url_filter(redact), tracer_provider=provider)
    return bool(instrumentor.is_instrumented_by_opentelemetry)
