"""Our rules under other names, beside those that are in force: they record and fire, and wake nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from posixpath import basename, dirname, join
from typing import Any, Final

from exai_sre.errors import SettingError, SpecError
from exai_sre.generate.alertmanager.part import OurPart, matcher, own_name
from exai_sre.generate.document import yaml_document
from exai_sre.generate.promql_edit import rename_metrics
from exai_sre.generate.rule_files import load_groups
from exai_sre.generate.series import SlothLabel

__all__ = ["SHADOW_LABEL", "SHADOW_SEVERITY", "shadow_file", "shadow_part", "shadow_rules", "shadow_series"]

SHADOW_LABEL: Final = "shadow"
"""Label of shadow alerts; its value is the name of the shadow."""

SHADOW_SEVERITY: Final = "shadow_severity"
"""Label of shadow alerts: the severity that the alert would have."""

_NAME: Final = re.compile(r"[a-z](?:[a-z0-9_]{0,30}[a-z0-9])?", re.ASCII)
_NOBODY: Final = own_name("nobody")


def shadow_rules(files: Mapping[str, str], name: str) -> dict[str, str]:
    """Rule files whose series, alerts and groups have names of their own.

    A series is renamed where it is recorded and wherever one of these files reads it. Labels stay,
    so that both sides can be compared by ``sloth_id``.

    Args:
        files: texts of rule files by path.
        name: name of the shadow: lower-case letters, digits and ``_``, at most 32.

    Raises:
        SettingError: the name cannot begin a metric name.
        SpecError: a file holds no rules, or selects recorded series by a pattern of names.
    """
    checked = _checked(name)
    groups = {path: load_groups(text, path) for path, text in files.items()}
    recorded = sorted(
        {rule["record"] for each in groups.values() for group in each for rule in group["rules"] if "record" in rule}
    )
    names = {series: shadow_series(series, checked) for series in recorded}
    return {
        shadow_file(path, checked): yaml_document({"groups": [_group(group, names, checked, path) for group in each]})
        for path, each in groups.items()
    }


def shadow_series(series: str, name: str) -> str:
    """The shadow's name of a recorded series."""
    return f"{name}:{series}"


def shadow_file(path: str, name: str) -> str:
    """The shadow's name of a file."""
    return join(dirname(path), f"{name}-{basename(path)}")


def shadow_part(name: str) -> OurPart:
    """What belongs into an Alertmanager configuration while a shadow runs.

    A route by owner or service would match a shadow's alerts, too; this one comes first and leads
    to a receiver that tells nobody.

    Raises:
        SettingError: the name cannot begin a metric name.
    """
    route = {"receiver": _NOBODY, "matchers": [matcher(SHADOW_LABEL, "=", _checked(name))]}
    return OurPart(routes=[route], receivers=[{"name": _NOBODY}])


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        remedy = "use lower-case letters, digits and _, a letter first, at most 32"
        raise SettingError("shadow", name, "cannot begin the name of a series", remedy=remedy)
    return name


def _group(group: Mapping[str, Any], names: Mapping[str, str], name: str, path: str) -> dict[str, Any]:
    rules: Sequence[Mapping[str, Any]] = group["rules"]
    return {**group, "name": f"{name}-{group['name']}", "rules": [_rule(rule, names, name, path) for rule in rules]}


def _rule(rule: Mapping[str, Any], names: Mapping[str, str], name: str, path: str) -> dict[str, Any]:
    made = dict(rule)
    try:
        made["expr"] = rename_metrics(rule["expr"], names)
    except ValueError as error:
        raise SpecError(str(error), file=path, field=str(rule.get("record", rule.get("alert")))) from None
    if "record" in rule:
        made["record"] = names[rule["record"]]
        return made
    labels = rule.get("labels", {})
    severity = labels.get(SlothLabel.SEVERITY, labels.get("severity", "none"))
    silent = {SHADOW_LABEL: name, SHADOW_SEVERITY: severity, "severity": "none"}
    if SlothLabel.SEVERITY in labels:
        silent[SlothLabel.SEVERITY] = "none"
    made["alert"] = f"{name}_{rule['alert']}"
    made["labels"] = dict(sorted({**labels, **silent}.items()))
    return made
