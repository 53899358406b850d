"""OpenTelemetry HTTP client metrics, under the stable and the old semantic conventions."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import Preset, PresetLabel, Signal, translations
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

__all__ = ["OPENTELEMETRY_CLIENT"]

_PEERS = "All upstreams are counted together; copy the SLO with a filter on the address for each that matters."

OPENTELEMETRY_CLIENT: Final = Preset(
    name="opentelemetry-http-client",
    title="OpenTelemetry HTTP client",
    about="HTTP clients instrumented with OpenTelemetry, under each translation to Prometheus",
    signals=(
        Signal(
            key="http-client",
            subject="requests to upstreams",
            names=translations("http.client.request.duration", "_seconds"),
            kind="histogram",
            help="Duration of HTTP client requests.",
            unit="seconds",
            labels=(
                STABLE_METHOD,
                STABLE_STATUS,
                PresetLabel(translations("server.address")),
                PresetLabel(translations("server.port")),
                STABLE_ERROR,
                *SCOPE,
            ),
            buckets=SECONDS,
            side="client",
            status=STABLE_STATUS.names[0],
            slow_after=1.0,
            why=("A refused connection may leave error_type empty, so error_type alone would not tell it.", _PEERS),
        ),
        Signal(
            key="http-client",
            subject="requests to upstreams",
            names=translations("http.client.duration", "_milliseconds"),
            kind="histogram",
            help="Measures the duration of the outbound HTTP request.",
            unit="milliseconds",
            labels=(
                OLD_METHOD,
                OLD_STATUS,
                PresetLabel(translations("net.peer.name")),
                PresetLabel(translations("net.peer.port")),
                *SCOPE,
            ),
            buckets=MILLISECONDS,
            side="client",
            status=OLD_STATUS.names[0],
            slow_after=1.0,
            why=(
                "These are the old conventions, in milliseconds; OTEL_SEMCONV_STABILITY_OPT_IN=http gives the new.",
                _PEERS,
            ),
        ),
    ),
    known=(
        *translations("http.client.active_requests"),
        *translations("http.client.request.size", "_bytes"),
        *translations("http.client.response.size", "_bytes"),
        *translations("http.client.request.body.size", "_bytes"),
        *translations("http.client.response.body.size", "_bytes"),
    ),
)
"""Series of OpenTelemetry's HTTP client instrumentations."""
