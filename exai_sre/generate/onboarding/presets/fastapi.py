"""prometheus-fastapi-instrumentator."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import Condition, Preset, PresetLabel, Signal

__all__ = ["FASTAPI"]

_SCRAPES = Condition(
    "handler", ("/metrics",), negated=True,
    why="Scrapes of /metrics are requests too: without traffic of users they would be all there is, and all good.",
)  # fmt: skip
_HANDLER = PresetLabel(("handler",), bound=100)
_METHOD = PresetLabel(("method",), bound=10)

FASTAPI: Final = Preset(
    name="prometheus-fastapi-instrumentator",
    title="prometheus-fastapi-instrumentator",
    about="FastAPI and Starlette, by prometheus-fastapi-instrumentator 8 with its default metrics",
    signals=(
        Signal(
            key="http",
            subject="requests",
            names=("http_requests_total",),
            kind="counter",
            help="Total number of requests by method, status and handler.",
            labels=(_HANDLER, _METHOD, PresetLabel(("status",), values=("1xx", "2xx", "3xx", "4xx", "5xx"))),
            status="status",
            form="classes",
            filter=(_SCRAPES,),
            why=('Requests without a route share handler="none", so that label is bounded.',),
        ),
        Signal(
            key="http",
            subject="requests",
            names=("http_request_duration_seconds",),
            kind="histogram",
            help="Latency with only few buckets by handler.",
            unit="seconds",
            labels=(_HANDLER, _METHOD),
            buckets=("0.1", "0.5", "1.0"),
            filter=(_SCRAPES,),
            availability=False,
            slow_after=0.5,
            why=("It has no status, so failures count too, and a failure at once is fast.",),
        ),
    ),
    known=(
        "http_request_duration_highr_seconds",
        "http_request_size_bytes_count",
        "http_request_size_bytes_sum",
        "http_response_size_bytes_count",
        "http_response_size_bytes_sum",
    ),
    notes=("http_request_duration_highr_seconds has finer bounds and no handler, so it counts scrapes as well.",),
)
"""Series of prometheus-fastapi-instrumentator."""
