"""Rules on panels.

Restated from grafana/dashboard-linter; the names are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exai_sre.generate.grafana.lint.rule import Problem, Subject
from exai_sre.generate.optional import grafanalib

__all__ = ["PANEL_RULES", "grafana_units"]

_DESCRIBED: Final = frozenset({"gauge", "graph", "heatmap", "singlestat", "stat", "state-timeline", "timeseries"})
_WITH_UNIT: Final = _DESCRIBED - {"state-timeline"}


def grafana_units() -> frozenset[str]:
    """Grafana's names of units, as grafanalib lists them.

    Raises:
        MissingExtraError: grafanalib is not installed.
    """
    module = grafanalib("formatunits")
    return frozenset(value for name, value in vars(module).items() if name.isupper() and isinstance(value, str))


def _datasource(subject: Subject) -> Iterator[Problem]:
    names = {str(each.get("name")) for each in subject.variables if each.get("type") == "datasource"}
    allowed = {form.format(name) for name in names for form in ("${}", "${{{}}}", "[[{}]]")}
    for panel in subject.data_panels:
        uid = (panel.get("datasource") or {}).get("uid")
        if uid not in allowed:
            yield Problem(f"panel {panel.get('title')!r} reads from {uid!r}, not from the data source variable")


def _title_description(subject: Subject) -> Iterator[Problem]:
    for panel in subject.panels:
        missing = [key for key in ("title", "description") if not panel.get(key)]
        if panel.get("type") in _DESCRIBED and missing:
            yield Problem(f"panel {panel.get('title') or panel.get('id')!r} has no {' and no '.join(missing)}")


def _units(subject: Subject) -> Iterator[Problem]:
    known = grafana_units()
    for panel in subject.panels:
        if panel.get("type") in _WITH_UNIT:
            unit = ((panel.get("fieldConfig") or {}).get("defaults") or {}).get("unit")
            if unit not in known:
                yield Problem(f"panel {panel.get('title')!r} has unit {unit!r}, which Grafana does not know")


def _no_targets(subject: Subject) -> Iterator[Problem]:
    for panel in subject.data_panels:
        if not panel.get("targets"):
            yield Problem(f"panel {panel.get('title')!r} has no query")


PANEL_RULES: Final = {
    "panel-datasource": _datasource,
    "panel-title-description": _title_description,
    "panel-units": _units,
    "panel-no-targets": _no_targets,
}
"""Rules by name."""
