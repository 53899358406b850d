"""From grafanalib's output to a dashboard in today's schema.

grafanalib 0.7 writes the shapes of older Grafana versions: nulls for what is not set, keys that no
longer exist, thresholds whose base is the text ``null``, options that stop half way.
"""

from __future__ import annotations

from typing import Any

from exai_sre.generate.grafana.schema import (
    ANNOTATION,
    DASHBOARD,
    DEFAULTS,
    OPTIONS,
    PANEL,
    ROW,
    SCHEMA_VERSION,
    TARGET,
    VARIABLE,
)

__all__ = ["normalise"]

_EMPTY: tuple[Any, ...] = ("", [], {})
_OFF = {"repeatDirection", "hideTimeOverride", "transparent"}


def normalise(dashboard: Any) -> dict[str, Any]:
    """The dashboard as plain JSON data that today's schema accepts.

    Args:
        dashboard: a ``grafanalib.core.Dashboard``.
    """
    raw = _plain(dashboard)
    kept = _keep(raw, DASHBOARD) | {"schemaVersion": SCHEMA_VERSION, "fiscalYearStartMonth": 0, "preload": False}
    kept["panels"] = [_row(each) if each["type"] == "row" else _panel(each) for each in raw["panels"]]
    kept["templating"] = {"list": [_variable(each) for each in raw["templating"]["list"]]}
    kept["annotations"] = {"list": [_keep(each, ANNOTATION) for each in raw["annotations"]["list"]]}
    kept["timepicker"] = {"refresh_intervals": raw["timepicker"]["refresh_intervals"]}
    return kept


def _plain(value: Any) -> Any:
    """JSON data without grafanalib's objects and without nulls."""
    if hasattr(value, "to_json_data"):
        return _plain(value.to_json_data())
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def _keep(raw: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key in keys}


def _row(raw: dict[str, Any]) -> dict[str, Any]:
    return _keep(raw, ROW) | {"collapsed": False, "panels": []}


def _panel(raw: dict[str, Any]) -> dict[str, Any]:
    kind = raw["type"]
    kept = {key: value for key, value in _keep(raw, PANEL).items() if key not in _OFF and value not in _EMPTY}
    kept["options"] = _options(kind, raw.get("options"))
    kept["fieldConfig"] = _field_config(kind, raw.get("fieldConfig", {}))
    if "targets" in kept:
        kept["targets"] = [_target(each) for each in raw["targets"]]
    return kept


def _options(kind: str, raw: Any) -> dict[str, Any]:
    # grafanalib's heatmap has a list here and the options of the panel's predecessor beside it.
    return _merged(OPTIONS[kind], raw if isinstance(raw, dict) else {})


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        merged[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _field_config(kind: str, raw: dict[str, Any]) -> dict[str, Any]:
    if kind == "text":
        return {"defaults": {}, "overrides": []}
    defaults = {key: value for key, value in _keep(raw["defaults"], DEFAULTS).items() if value not in _EMPTY}
    defaults["thresholds"] = {"mode": "absolute", "steps": _steps(defaults["thresholds"]["steps"])}
    if kind == "timeseries":
        defaults["custom"] = _line_style(defaults["custom"])
    if kind == "heatmap":
        defaults["custom"] = {"hideFrom": {"legend": False, "tooltip": False, "viz": False}}
    return {"defaults": defaults, "overrides": _overrides(raw.get("overrides", []))}


def _steps(raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"color": each["color"], "value": None if at == 0 else each["value"]} for at, each in enumerate(raw)]


def _overrides(raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for override in raw:
        for each in override["properties"]:
            if each["id"] == "thresholds":
                each["value"]["steps"] = _steps(each["value"]["steps"])
    return raw


def _line_style(custom: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in custom.items() if value not in _EMPTY}
    return kept | {"scaleDistribution": {"type": "linear"}, "stacking": {"group": "A", "mode": "none"}}


def _target(raw: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in _keep(raw, TARGET).items() if value not in _EMPTY}
    buckets = "histogram_quantile" in raw["expr"]
    return kept | {"editorMode": "code", "range": not raw["instant"]} | ({"exemplar": True} if buckets else {})


def _variable(raw: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in _keep(raw, VARIABLE).items() if value not in _EMPTY}
    for key in ("auto", "auto_count", "auto_min"):
        kept.pop(key)
    kept["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]} if raw["multi"] else {}
    kept["options"] = []
    if raw["type"] == "query":
        kept["definition"] = raw["query"]
    return kept
