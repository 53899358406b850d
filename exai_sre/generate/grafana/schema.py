"""Keys that today's dashboards know, by place; what grafanalib writes beyond them is dropped.

Grafana migrates a dashboard by its ``schemaVersion``: to declare a new one over old shapes would
skip the migration, so that everything outside these keys has to go.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["ANNOTATION", "DASHBOARD", "DEFAULTS", "OPTIONS", "PANEL", "ROW", "SCHEMA_VERSION", "TARGET", "VARIABLE"]


def _keys(words: str) -> frozenset[str]:
    return frozenset(words.split())


SCHEMA_VERSION: Final = 42
"""Version of the dashboard schema that the keys below belong to."""

DASHBOARD: Final = _keys(
    "annotations description editable fiscalYearStartMonth graphTooltip id links panels preload refresh "
    "schemaVersion tags templating time timepicker timezone title uid version weekStart"
)
PANEL: Final = _keys(
    "cacheTimeout datasource description fieldConfig gridPos hideTimeOverride id interval libraryPanel links "
    "maxDataPoints maxPerRow options pluginVersion queryCachingTTL repeat repeatDirection targets timeCompare "
    "timeFrom timeShift title transformations transparent type"
)
ROW: Final = _keys("collapsed datasource gridPos id panels repeat title type")
TARGET: Final = _keys("datasource editorMode exemplar expr format hide instant interval legendFormat range refId")
VARIABLE: Final = _keys(
    "allValue allowCustomValue auto auto_count auto_min current datasource definition description hide "
    "includeAll label multi name options query refresh regex skipUrlSync sort type"
)
ANNOTATION: Final = _keys(
    "builtIn datasource enable expr filter hide iconColor mappings name step tagKeys target textFormat "
    "titleFormat type useValueForTime"
)
DEFAULTS: Final = _keys(
    "actions color custom decimals description displayName displayNameFromDS fieldMinMax filterable links "
    "mappings max min noValue path thresholds unit writeable"
)

_LEGEND: Final[dict[str, Any]] = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}

OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "timeseries": {"legend": _LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}},
    "stat": {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    },
    "state-timeline": {
        "alignValue": "left",
        "legend": _LEGEND,
        "mergeValues": True,
        "perPage": 20,
        "rowHeight": 0.8,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    },
    "heatmap": {
        "calculate": False,
        "cellGap": 1,
        "color": {
            "exponent": 0.5,
            "fill": "dark-orange",
            "mode": "scheme",
            "reverse": False,
            "scheme": "Oranges",
            "steps": 64,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "selectionMode": "x",
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "reverse": False},
    },
    "text": {"content": "", "mode": "markdown"},
}
"""Options of each panel type, with the values that Grafana would fill in; a panel's own go first."""
