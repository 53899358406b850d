"""OpenTelemetry HTTP server metrics, under the stable and the old semantic conventions."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import Condition, Preset, PresetLabel, Signal, translations
from exai_sre.generate.onboarding.presets.opentelemetry_labels import (
    MILLISECONDS,
    OLD_METHOD,
    OLD_STATUS,
    SCOPE,
    SECONDS,
    STABLE_ERROR,
    STABLE_METHOD,
    STABLE_STATUS,
)

__all__ = ["OPENTELEMETRY_SERVER"]

_OLD_TARGET = PresetLabel(translations("http.target"), bound=100)
_ROUTE = PresetLabel(translations("http.route"), bound=100)
_WHY_SCRAPES = "Scrapes served by the same application are left out: no user sent them."


OPENTELEMETRY_SERVER: Final = Preset(
    name="opentelemetry-http-server",
    title="OpenTelemetry HTTP server",
    about="HTTP servers instrumented with OpenTelemetry, under each translation to Prometheus",
    signals=(
        Signal(
            key="http-server",
            subject="requests",
            names=translations("http.server.request.duration", "_seconds"),
            kind="histogram",
            help="Duration of HTTP server requests.",
            unit="seconds",
            labels=(
                STABLE_METHOD,
                STABLE_STATUS,
                _ROUTE,
                STABLE_ERROR,
                PresetLabel(translations("network.protocol.version"), bound=10),
                PresetLabel(translations("url.scheme"), bound=10),
                *SCOPE,
            ),
            buckets=SECONDS,
            status=STABLE_STATUS.names[0],
            filter=(Condition(_ROUTE.names[0], ("/metrics",), negated=True, why=_WHY_SCRAPES),),
            slow_after=0.5,
            why=("An exception under ASGI leaves status and error_type empty, so error_type alone would not tell it.",),
        ),
        Signal(
            key="http-server",
            subject="requests",
            names=translations("http.server.duration", "_milliseconds"),
            kind="histogram",
            help="Measures the duration of inbound HTTP requests.",
            unit="milliseconds",
            labels=(OLD_METHOD, OLD_STATUS, _OLD_TARGET, *SCOPE),
            buckets=MILLISECONDS,
            status=OLD_STATUS.names[0],
            filter=(Condition(_OLD_TARGET.names[0], ("/metrics",), negated=True, why=_WHY_SCRAPES),),
            slow_after=0.5,
            why=("These are the old conventions, in milliseconds; OTEL_SEMCONV_STABILITY_OPT_IN=http gives the new.",),
        ),
    ),
    known=(
        *translations("http.server.active_requests"),
        *translations("http.server.request.size", "_bytes"),
        *translations("http.server.response.size", "_bytes"),
        *translations("http.server.request.body.size", "_bytes"),
        *translations("http.server.response.body.size", "_bytes"),
    ),
    notes=("Not every framework gives a route: aiohttp under the old conventions has the host where a path belongs.",),
)
"""Series of OpenTelemetry's HTTP server instrumentations."""
