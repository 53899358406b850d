"""nginx-prometheus-exporter, for open-source NGINX and for NGINX Plus."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import Preset, PresetLabel, Signal

__all__ = ["NGINX"]

_CODE = PresetLabel(("code",), values=("1xx", "2xx", "3xx", "4xx", "5xx"))

NGINX: Final = Preset(
    name="nginx",
    title="nginx-prometheus-exporter",
    about="NGINX by nginx-prometheus-exporter 1; by its documented format, it was not run",
    signals=(
        Signal(
            key="nginx-plus",
            subject="requests",
            names=("nginxplus_server_zone_responses",),
            kind="counter",
            help="Responses of NGINX Plus by server zone and class of status.",
            labels=(PresetLabel(("server_zone",)), _CODE),
            status="code",
            form="classes",
        ),
    ),
    known=("nginx_http_requests_total", "nginx_connections_accepted", "nginx_connections_handled"),
    notes=(
        "nginx_http_requests_total of open-source NGINX has no status: its stub_status page tells no good request "
        "from a bad one, so no SLO can be built on it. Count statuses in the application, at the ingress or from the "
        "access log.",
    ),
)
"""Series of nginx-prometheus-exporter."""
