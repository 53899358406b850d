"""Grafana dashboards from the catalog and the SLOs, and a linter for dashboards."""

from exai_sre.generate.grafana.identity import dashboard_uid, panel_id
from exai_sre.generate.grafana.lint import check_dashboard
from exai_sre.generate.grafana.output import grafana_dashboards, render

__all__ = ["check_dashboard", "dashboard_uid", "grafana_dashboards", "panel_id", "render"]
