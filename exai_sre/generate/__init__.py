"""SLOs and catalog in; rules, Alertmanager configuration, tests, runbooks and dashboards out.

Names are imported on first use: the rules side needs no grafanalib, and the other way round. What
yields promtool tests and runbooks is in :mod:`.alert_tests` and :mod:`.runbooks`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exai_sre.generate.alert import Alert, Guidance
    from exai_sre.generate.alertmanager import alertmanager_config
    from exai_sre.generate.files import generated_files
    from exai_sre.generate.finding import Finding
    from exai_sre.generate.grafana import grafana_dashboards
    from exai_sre.generate.options import RuleOptions
    from exai_sre.generate.rules import alerts_of, prometheus_rules

__all__ = [
    "Alert",
    "Finding",
    "Guidance",
    "RuleOptions",
    "alertmanager_config",
    "alerts_of",
    "generated_files",
    "grafana_dashboards",
    "prometheus_rules",
]

_HOMES = {
    "alert": ("Alert", "Guidance"),
    "alertmanager": ("alertmanager_config",),
    "files": ("generated_files",),
    "finding": ("Finding",),
    "grafana": ("grafana_dashboards",),
    "options": ("RuleOptions",),
    "rules": ("alerts_of", "prometheus_rules"),
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
