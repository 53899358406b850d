"""Labels and bounds that the HTTP metrics of OpenTelemetry share."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import PresetLabel, translations

__all__ = [
    "MILLISECONDS",
    "OLD_METHOD",
    "OLD_STATUS",
    "SCOPE",
    "SECONDS",
    "STABLE_ERROR",
    "STABLE_METHOD",
    "STABLE_STATUS",
]


def label(name: str, bound: int = 50) -> PresetLabel:
    """An open label under each translation."""
    return PresetLabel(translations(name), bound=bound)


SECONDS: Final = (
    "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1", "2.5", "5", "7.5", "10",
)  # fmt: skip
"""Bounds of the stable conventions."""

MILLISECONDS: Final = (
    "0.0", "5.0", "10.0", "25.0", "50.0", "75.0", "100.0", "250.0", "500.0", "750.0", "1000.0", "2500.0", "5000.0",
    "7500.0", "10000.0",
)  # fmt: skip
"""Bounds of the SDK, which the old conventions use as they are."""

OLD_METHOD: Final = label("http.method", 10)
OLD_STATUS: Final = label("http.status_code")
STABLE_ERROR: Final = label("error.type")
STABLE_METHOD: Final = label("http.request.method", 10)
STABLE_STATUS: Final = label("http.response.status_code")
SCOPE: Final = tuple(label(f"otel.scope.{part}", 10) for part in ("name", "schema_url", "version"))
"""Labels that say which instrumentation counted."""
