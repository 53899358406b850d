"""Alerts on symptoms, declared as data: each names the instruments that it reads.

An alert whose instruments the catalog lacks is left out, so that no generated rule can be
blind. Prometheus's own series (``up``) exist wherever something is scraped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.grafana.identity import dashboard_uid
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.symptom_alerts import (
    DashboardPath,
    added_latency_high,
    circuit_breaker_open,
    target_down,
    upstream_failing,
    watchdog,
)
from exai_sre.metrics import Catalog
from exai_sre.names import Metric
from exai_sre.slo.model import Slo

__all__ = ["SYMPTOMS", "Symptom", "symptom_alerts"]


@dataclass(frozen=True, slots=True)
class Symptom:
    """A symptom that can be alerted on.

    Attributes:
        reads: instruments that must be in the catalog.
        alert: makes the alert.
    """

    reads: tuple[str, ...]
    alert: Callable[[RuleOptions, DashboardPath], Alert]


SYMPTOMS: Final = (
    Symptom((Metric.UPSTREAM_ATTEMPT_DURATION,), upstream_failing),
    Symptom((Metric.BREAKER_STATE,), circuit_breaker_open),
    Symptom((Metric.MCP_ADDED_LATENCY,), added_latency_high),
    Symptom((), target_down),
    Symptom((), watchdog),
)
"""Every symptom alert, in the order of the rules file."""


def symptom_alerts(slos: Sequence[Slo], catalog: Catalog | None, options: RuleOptions) -> list[Alert]:
    """The symptom alerts whose instruments exist.

    Args:
        slos: the objectives, which name the dashboards.
        catalog: the service's catalog; without one, only alerts on Prometheus's own series remain.
        options: windows and links.
    """

    def dashboard(name: str) -> str:
        return f"/d/{dashboard_uid(name, slos)}"

    return [
        symptom.alert(options, dashboard)
        for symptom in SYMPTOMS
        if all(catalog is not None and catalog.get(name) is not None for name in symptom.reads)
    ]
