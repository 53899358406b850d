"""Istio's standard metrics."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import Condition, Preset, PresetLabel, Signal
from exai_sre.generate.onboarding.presets.envoy import ENVOY_MILLISECONDS

__all__ = ["ISTIO"]

_REPORTER = PresetLabel(("reporter",), values=("destination", "source"))
_STATUS = PresetLabel(("response_code",))
_FLAGS = PresetLabel(("response_flags",))
_LABELS = (
    _REPORTER,
    _STATUS,
    _FLAGS,
    PresetLabel(("destination_service",), bound=100),
    PresetLabel(("destination_service_name",), bound=100),
    PresetLabel(("destination_service_namespace",)),
    PresetLabel(("request_protocol",), bound=10),
)
_FILTER = (
    Condition(
        "reporter", ("destination",),
        why="Both sidecars report each request: one reporter must be chosen, or it counts twice. Choose source where "
        "an outage without any sidecar left to answer must be seen.",
    ),
    Condition("response_flags", ("DC",), negated=True, why="DC: the caller hung up, which is not the service's fault."),
)  # fmt: skip

ISTIO: Final = Preset(
    name="istio",
    title="Istio",
    about="Istio's standard metrics of version 1; by their documented format, no Istio was run",
    signals=(
        Signal(
            key="istio",
            subject="requests in the mesh",
            names=("istio_requests_total",),
            kind="counter",
            help="Requests by source, destination, response code and flags.",
            labels=_LABELS,
            status="response_code",
            also_bad=("0",),
            filter=_FILTER,
            why=("Response code 0 is bad: the connection ended without an answer.",),
        ),
        Signal(
            key="istio",
            subject="requests in the mesh",
            names=("istio_request_duration_milliseconds",),
            kind="histogram",
            help="Duration of requests, milliseconds.",
            unit="milliseconds",
            labels=_LABELS,
            buckets=ENVOY_MILLISECONDS,
            status="response_code",
            also_bad=("0",),
            filter=_FILTER,
            availability=False,
            slow_after=0.5,
        ),
    ),
    known=("istio_request_bytes", "istio_response_bytes", "istio_tcp_connections_closed_total"),
    notes=("All services of the mesh are counted together; copy the SLOs with a filter on destination_service_name.",),
)  # fmt: skip
"""Series of Istio."""
