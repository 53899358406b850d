"""From the panel model to grafanalib's objects; what they lack, :mod:`normalise` adds."""

from __future__ import annotations

from typing import Any

from exai_sre.generate.grafana.identity import panel_id
from exai_sre.generate.grafana.layout import Placed, place
from exai_sre.generate.grafana.model import Annotation, Dashboard, Link, Override, Panel, Query, Threshold, Variable
from exai_sre.generate.optional import grafanalib

__all__ = ["DATASOURCE", "to_grafanalib"]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""Reference to the data source that the reader chose."""

_REFRESH_ON_TIME_RANGE = 2


def to_grafanalib(dashboard: Dashboard) -> Any:
    """The dashboard as a ``grafanalib.core.Dashboard``.

    Raises:
        MissingExtraError: grafanalib is not installed.
    """
    core = grafanalib("core")
    return core.Dashboard(
        title=dashboard.title,
        uid=dashboard.uid,
        description=dashboard.description,
        editable=False,
        tags=list(dashboard.tags),
        timezone="browser",
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        refresh="30s",
        time=core.Time(dashboard.since, "now"),
        templating=core.Templating([_variable(core, variable) for variable in dashboard.variables]),
        annotations=core.Annotations([_annotation(each) for each in dashboard.annotations]),
        links=[_siblings(dashboard)],
        panels=[_item(core, dashboard.name, placed) for placed in place(dashboard.rows)],
    )


def _item(core: Any, dashboard: str, placed: Placed) -> Any:
    grid = core.GridPos(h=placed.height, w=placed.width, x=placed.x, y=placed.y)
    item = placed.item
    if isinstance(item, Panel):
        return _MAKERS[item.kind](
            core, item, _common(core, item) | {"id": panel_id(dashboard, item.key), "gridPos": grid}
        )
    return core.RowPanel(title=item.title, gridPos=grid, id=panel_id(dashboard, f"row:{item.title}"))


def _common(core: Any, panel: Panel) -> dict[str, Any]:
    return {
        "title": panel.title,
        "description": panel.description,
        "dataSource": DATASOURCE if panel.queries else None,
        "targets": [_target(core, at, query) for at, query in enumerate(panel.queries)],
        "thresholds": [_threshold(core, at, each) for at, each in enumerate(panel.thresholds)],
        "links": [_link(each) for each in panel.links],
        "maxDataPoints": None,
    }


def _target(core: Any, at: int, query: Query) -> Any:
    return core.Target(
        expr=query.expr,
        legendFormat=query.legend,
        refId=_letter(at),
        instant=query.instant,
        format="heatmap" if query.heatmap else core.TIME_SERIES_TARGET_FORMAT,
        datasource=DATASOURCE,
    )


def _letter(at: int) -> str:
    return chr(ord("A") + at)


def _threshold(core: Any, at: int, threshold: Threshold) -> Any:
    return core.Threshold(threshold.color, at, float(threshold.value or 0.0))


def _timeseries(core: Any, panel: Panel, common: dict[str, Any]) -> Any:
    return core.TimeSeries(
        **common,
        unit=panel.unit,
        fillOpacity=10,
        showPoints="never",
        tooltipMode="multi",
        tooltipSort="desc",
        legendDisplayMode="list",
        thresholdsStyleMode="line" if panel.line else "off",
        valueDecimals=panel.decimals,
        overrides=[_override(each) for each in panel.overrides],
    )


def _stat(core: Any, panel: Panel, common: dict[str, Any]) -> Any:
    return core.Stat(
        **common,
        format=panel.unit,
        reduceCalc="lastNotNull",
        color={"mode": "thresholds"},
        decimals=panel.decimals,
        noValue=panel.empty or None,
        textMode="value_and_name" if len(panel.queries) > 1 else "value",
        overrides=[_override(each) for each in panel.overrides],
    )


def _state_timeline(core: Any, panel: Panel, common: dict[str, Any]) -> Any:
    return core.StateTimeline(
        **common,
        mappings=[_mapping(panel.states)],
        rowHeight=0.8,
        extraJson={"fieldConfig": {"defaults": {"noValue": panel.empty or None, "unit": panel.unit}}},
    )


def _heatmap(core: Any, panel: Panel, common: dict[str, Any]) -> Any:
    return core.Heatmap(
        **common,
        extraJson={"options": {"yAxis": {"unit": panel.unit}}, "fieldConfig": {"defaults": {"unit": panel.unit}}},
    )


def _text(core: Any, panel: Panel, common: dict[str, Any]) -> Any:
    return core.Text(**common, content=panel.content)


_MAKERS = {
    "timeseries": _timeseries,
    "stat": _stat,
    "state-timeline": _state_timeline,
    "heatmap": _heatmap,
    "text": _text,
}


def _mapping(states: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    options = {str(at): {"text": text, "color": color, "index": at} for at, (text, color) in enumerate(states)}
    return {"type": "value", "options": options}


def _override(override: Override) -> dict[str, Any]:
    steps = [{"value": each.value, "color": each.color} for each in override.thresholds]
    return {
        "matcher": {"id": "byFrameRefID", "options": _letter(override.query)},
        "properties": [
            {"id": "unit", "value": override.unit},
            {"id": "thresholds", "value": {"mode": "absolute", "steps": steps}},
        ],
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "title": link.title,
        "url": link.url,
        "type": "link",
        "icon": "",
        "tooltip": "",
        "tags": [],
        "asDropdown": False,
        "targetBlank": False,
        "includeVars": False,
        "keepTime": True,
    }


def _siblings(dashboard: Dashboard) -> dict[str, Any]:
    words = {"title": "Dashboards", "url": "", "type": "dashboards", "icon": "external link"}
    return _link(Link("", "")) | words | {"tags": list(dashboard.tags), "includeVars": True}


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "name": annotation.name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": annotation.color,
        "expr": annotation.expr,
        "titleFormat": annotation.title,
        "step": "60s",
    }


def _variable(core: Any, variable: Variable) -> Any:
    query = variable.kind == "query"
    return core.Template(
        name=variable.name,
        label=variable.label,
        type=variable.kind,
        query=variable.query,
        dataSource=DATASOURCE if query else None,
        refresh=_REFRESH_ON_TIME_RANGE if query else core.REFRESH_ON_DASHBOARD_LOAD,
        multi=variable.many,
        includeAll=variable.many,
        allValue=".+" if variable.many else None,
    )
