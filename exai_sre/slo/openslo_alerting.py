"""The annotation ``exai-sre/alerting``: names, labels and texts of the alerts of an SLO, as JSON.

``{"name": "ShopDown", "labels": {}, "annotations": {}, "noData": true, "noDataName": "ShopGone",
"page": {"enabled": true, "labels": {}, "annotations": {}, "targets": [{"name": "pager",
"target": "pagerduty"}]}, "ticket": {}}``; all of it optional. Targets stand here where alert policies
cannot say them, because only one severity has targets of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from exai_sre.slo.documents import Value
from exai_sre.slo.model import Alerting, Notice, NotificationTarget
from exai_sre.slo.suggestion import suggest

__all__ = ["alerting_text", "read_alerting"]

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_KEYS = ("annotations", "labels", "name", "noData", "noDataName", "page", "ticket")
_NOTICE_KEYS = ("annotations", "enabled", "labels", "targets")
_TARGET_KEYS = ("description", "name", "target")


def read_alerting(value: Value) -> Alerting:
    """The alerting that the annotation describes.

    Raises:
        SpecError: it is no JSON, or says something that means nothing here.
    """
    try:
        content = json.loads(value.text())
    except (ValueError, RecursionError) as error:
        raise value.fault(f"is no JSON: {error}", 'write for example {"page": {"enabled": false}}') from None
    _check_keys(value, content, _KEYS)
    return Alerting(
        name=_typed(value, content, "name", default=""),
        labels=_labels(value, content),
        annotations=_texts(value, content, "annotations"),
        page=_notice(value, content, "page"),
        ticket=_notice(value, content, "ticket"),
        no_data=_typed(value, content, "noData", default=True),
        no_data_name=_typed(value, content, "noDataName", default=""),
    )


def alerting_text(alerting: Alerting) -> str:
    """What :func:`read_alerting` reads as ``alerting``, the targets of both severities left out; empty for nothing."""
    content: dict[str, Any] = {
        "name": alerting.name,
        "noDataName": alerting.no_data_name,
        "labels": dict(alerting.labels),
        "annotations": dict(alerting.annotations),
        "page": _notice_content(alerting.page),
        "ticket": _notice_content(alerting.ticket),
    }
    said = {key: entry for key, entry in content.items() if entry}
    if not alerting.no_data:
        said["noData"] = False
    return json.dumps(said, ensure_ascii=False) if said else ""


def _notice_content(notice: Notice) -> dict[str, Any]:
    content = {
        "labels": dict(notice.labels),
        "annotations": dict(notice.annotations),
        "targets": [_target_content(target) for target in notice.targets],
    }
    said: dict[str, Any] = {key: entry for key, entry in content.items() if entry}
    return said if notice.enabled else {"enabled": False, **said}


def _notice(value: Value, content: Mapping[str, Any], key: str) -> Notice:
    part = content.get(key, {})
    _check_keys(value, part, _NOTICE_KEYS)
    return Notice(
        enabled=_typed(value, part, "enabled", default=True),
        labels=_labels(value, part),
        annotations=_texts(value, part, "annotations"),
        targets=_targets(value, part),
    )


def _target_content(target: NotificationTarget) -> dict[str, str]:
    content = {"name": target.name, "target": target.target, "description": target.description}
    return {key: text for key, text in content.items() if text}


def _targets(value: Value, content: Mapping[str, Any]) -> tuple[NotificationTarget, ...]:
    entries = content.get("targets", [])
    if not isinstance(entries, list):
        raise value.fault("targets must be a list", 'write for example [{"name": "pager", "target": "pagerduty"}]')
    for entry in entries:
        _check_keys(value, entry, _TARGET_KEYS)
        if not all(isinstance(entry.get(key, ""), str) for key in _TARGET_KEYS) or not entry.get("name"):
            raise value.fault("a target must have a name, and texts only", 'write for example {"name": "pager"}')
    return tuple(NotificationTarget(one["name"], one.get("target", ""), one.get("description", "")) for one in entries)


def _check_keys(value: Value, content: Any, known: tuple[str, ...]) -> None:
    if not isinstance(content, dict):
        raise value.fault("must be a JSON object", "write {...}")
    for key in content:
        if key not in known:
            raise value.fault(f"unknown key {key!r}", suggest(key, known))


def _typed(value: Value, content: Mapping[str, Any], key: str, *, default: str | bool) -> Any:
    entry = content.get(key, default)
    if not isinstance(entry, type(default)):
        raise value.fault(f"{key} must be {'text' if default == '' else 'true or false'}", "correct it")
    return entry


def _texts(value: Value, content: Mapping[str, Any], key: str) -> dict[str, str]:
    entry = content.get(key, {})
    if not isinstance(entry, dict) or not all(isinstance(text, str) for text in entry.values()):
        raise value.fault(f"{key} must be an object of texts", 'write for example {"team": "shop"}')
    return entry


def _labels(value: Value, content: Mapping[str, Any]) -> dict[str, str]:
    labels = _texts(value, content, "labels")
    for label in labels:
        if not _LABEL.fullmatch(label) or label.startswith("__"):
            raise value.fault(f"{label!r} is no name of a label", "use letters, digits and '_', no digit first")
    return labels
