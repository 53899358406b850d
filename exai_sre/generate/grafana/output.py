"""Dashboards as Grafana's JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from exai_sre.generate.alert import Alert
from exai_sre.generate.grafana.backend import to_grafanalib
from exai_sre.generate.grafana.dashboards import compile_dashboards
from exai_sre.generate.grafana.normalise import normalise
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo

__all__ = ["grafana_dashboards", "render"]


def grafana_dashboards(
    slos: Sequence[Slo], catalog: Catalog, *, alerts: Sequence[Alert] = ()
) -> dict[str, dict[str, Any]]:
    """The dashboards of a service, by file name such as ``overview.json``.

    Args:
        slos: the objectives.
        catalog: the instruments; each stands on the dashboard that its chart names.
        alerts: the alerts whose firing is shown.

    Raises:
        MissingExtraError: grafanalib is not installed.
    """
    return {
        f"{dashboard.name}.json": normalise(to_grafanalib(dashboard))
        for dashboard in compile_dashboards(slos, catalog, alerts=alerts)
    }


def render(dashboard: dict[str, Any]) -> str:
    """The dashboard as text: sorted keys, two spaces, a newline at the end."""
    return json.dumps(dashboard, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
