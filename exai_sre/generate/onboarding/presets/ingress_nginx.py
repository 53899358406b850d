"""ingress-nginx, the ingress controller of Kubernetes."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import Preset, PresetLabel, Signal

__all__ = ["INGRESS_NGINX"]

_LABELS = (
    PresetLabel(("status",)),
    PresetLabel(("namespace",)),
    PresetLabel(("ingress",), bound=100),
    PresetLabel(("service",), bound=100),
    PresetLabel(("host",), bound=100),
    PresetLabel(("path",), bound=100),
    PresetLabel(("method",), bound=10),
)

INGRESS_NGINX: Final = Preset(
    name="ingress-nginx",
    title="ingress-nginx",
    about="The ingress-nginx controller of Kubernetes; by its documented format, it was not run",
    signals=(
        Signal(
            key="ingress",
            subject="requests at the ingress",
            names=("nginx_ingress_controller_requests",),
            kind="counter",
            help="Requests by ingress and status.",
            labels=_LABELS,
            status="status",
            why=("The counter does not end in _total; it is a counter all the same.",),
        ),
        Signal(
            key="ingress",
            subject="requests at the ingress",
            names=("nginx_ingress_controller_request_duration_seconds",),
            kind="histogram",
            help="Duration of requests, seconds.",
            unit="seconds",
            labels=_LABELS,
            buckets=("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10"),
            status="status",
            availability=False,
            slow_after=0.5,
        ),
    ),
    known=(
        "nginx_ingress_controller_connect_duration_seconds",
        "nginx_ingress_controller_header_duration_seconds",
        "nginx_ingress_controller_nginx_process_requests_total",
        "nginx_ingress_controller_response_duration_seconds",
    ),
    notes=("All ingresses are counted together; copy the SLOs with a filter on ingress for each that matters.",),
)
"""Series of ingress-nginx."""
