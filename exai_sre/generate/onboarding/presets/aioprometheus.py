"""aioprometheus's middleware."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import Condition, Preset, PresetLabel, Signal

__all__ = ["AIOPROMETHEUS"]

AIOPROMETHEUS: Final = Preset(
    name="aioprometheus",
    title="aioprometheus",
    about="ASGI applications, by the middleware of aioprometheus 23",
    signals=(
        Signal(
            key="http",
            subject="requests",
            names=("status_codes_counter",),
            kind="counter",
            help="Responses by method, path and status code.",
            labels=(
                PresetLabel(("method",), bound=10),
                PresetLabel(("path",), bound=100),
                PresetLabel(("status_code",)),
            ),
            status="status_code",
            filter=(Condition("path", ("/metrics",), negated=True, why="Scrapes of /metrics are no user's requests."),),
            why=("The counter does not end in _total; it is a counter all the same.",),
        ),
    ),
    known=("exceptions_total_counter", "requests_total_counter", "responses_total_counter"),
    notes=(
        "It has no histogram, so there is nothing to propose about latency.",
        "Paths without a route are counted as they were asked for: anybody can make series without end.",
    ),
)
"""Series of aioprometheus."""
