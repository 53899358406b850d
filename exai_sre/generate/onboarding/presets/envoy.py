"""Envoy's own statistics, as /stats/prometheus of its administration port gives them."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.onboarding.preset import Condition, Preset, PresetLabel, Signal

__all__ = ["ENVOY", "ENVOY_MILLISECONDS"]

_LISTENER = PresetLabel(("envoy_http_conn_manager_prefix",))
_CLUSTER = PresetLabel(("envoy_cluster_name",), bound=100)
_CLASS = PresetLabel(("envoy_response_code_class",), values=("1", "2", "3", "4", "5"))
_ADMIN = Condition(_LISTENER.names[0], ("admin",), negated=True, why="The administration port is no user's.")
ENVOY_MILLISECONDS: Final = (
    "0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "30000", "60000",
    "300000", "600000", "1800000", "3600000",
)  # fmt: skip
"""Bounds of Envoy's histograms."""

_NO_TOTAL = "Envoy's counters do not end in _total; they are counters all the same."

ENVOY: Final = Preset(
    name="envoy",
    title="Envoy",
    about="Envoy's /stats/prometheus; by its documented format, no Envoy was run",
    signals=(
        Signal(
            key="envoy-downstream",
            subject="requests at the listeners",
            names=("envoy_http_downstream_rq_xx",),
            kind="counter",
            help="Answers to downstream requests by class of status.",
            labels=(_LISTENER, _CLASS),
            status=_CLASS.names[0],
            form="digits",
            filter=(_ADMIN,),
            why=("The class of a status is one digit here: 5, not 5xx.", _NO_TOTAL),
        ),
        Signal(
            key="envoy-downstream",
            subject="requests at the listeners",
            names=("envoy_http_downstream_rq_time",),
            kind="histogram",
            help="Duration of downstream requests, milliseconds.",
            unit="milliseconds",
            labels=(_LISTENER,),
            buckets=ENVOY_MILLISECONDS,
            filter=(_ADMIN,),
            availability=False,
            slow_after=0.5,
            why=("It has no status, so failures count too, and a failure at once is fast.",),
        ),
        Signal(
            key="envoy-upstream",
            subject="requests to the clusters",
            names=("envoy_cluster_upstream_rq_xx",),
            kind="counter",
            help="Answers of the clusters by class of status.",
            labels=(_CLUSTER, _CLASS),
            side="client",
            status=_CLASS.names[0],
            form="digits",
            why=("Envoy itself answers 503 for a cluster that it cannot reach, so that counts as bad.", _NO_TOTAL),
        ),
        Signal(
            key="envoy-upstream",
            subject="requests to the clusters",
            names=("envoy_cluster_upstream_rq_time",),
            kind="histogram",
            help="Duration of requests to the clusters, milliseconds.",
            unit="milliseconds",
            labels=(_CLUSTER,),
            buckets=ENVOY_MILLISECONDS,
            side="client",
            availability=False,
            slow_after=1.0,
        ),
    ),
    known=(
        "envoy_cluster_external_upstream_rq",
        "envoy_cluster_external_upstream_rq_time",
        "envoy_cluster_external_upstream_rq_xx",
        "envoy_cluster_internal_upstream_rq",
        "envoy_cluster_internal_upstream_rq_time",
        "envoy_cluster_internal_upstream_rq_xx",
        "envoy_cluster_upstream_rq",
    ),
)
"""Series of Envoy."""
