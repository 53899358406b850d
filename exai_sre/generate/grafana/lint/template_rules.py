"""Rules on the dashboard as a whole and on its template variables.

Restated from grafana/dashboard-linter; the names are theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from exai_sre.generate.grafana.lint.expression import parse_expression
from exai_sre.generate.grafana.lint.rule import Problem, Subject

__all__ = ["TEMPLATE_RULES"]

_DATASOURCE_NAMES: Final = {"prometheus": "datasource", "loki": "loki_datasource"}
_LABEL_QUERY: Final = re.compile(r"label_values\((?:(?P<selector>.+),)?\s*(?P<label>\w+)\s*\)", re.DOTALL)
_ON_TIME_RANGE: Final = 2


def _datasource(subject: Subject) -> Iterator[Problem]:
    found = [each for each in subject.variables if each.get("type") == "datasource"]
    if len(found) != 1:
        yield Problem(f"has {len(found)} data source variables; have exactly one")
    for each in found:
        wanted = _DATASOURCE_NAMES.get(str(each.get("query")))
        if each.get("name") not in (wanted, f"{each.get('query')}_datasource"):
            yield Problem(f"data source variable {each.get('name')!r} is not named for its type; call it {wanted!r}")


def _of_target(label: str, subject: Subject) -> Iterator[Problem]:
    if all(_outside_scrapes(subject, selection.series) for selection in _selections(subject)):
        return
    variable = subject.variable(label)
    if variable is None:
        yield Problem(f"has no variable {label!r}; add a query variable over label_values(..., {label})")
        return
    match = _LABEL_QUERY.fullmatch(_query(variable))
    if variable.get("type") != "query" or not match or match["label"] != label:
        yield Problem(f"variable {label!r} is no query of label_values(..., {label})")
    if not variable.get("multi"):
        yield Problem(f"variable {label!r} takes one value only; allow several")


def _job(subject: Subject) -> Iterator[Problem]:
    yield from _of_target("job", subject)


def _instance(subject: Subject) -> Iterator[Problem]:
    yield from _of_target("instance", subject)


def _label_promql(subject: Subject) -> Iterator[Problem]:
    for variable in _queries(subject):
        match = _LABEL_QUERY.fullmatch(_query(variable))
        if match is None:
            yield Problem(f"variable {variable.get('name')!r} is no label_values(selector, label)")
        elif match["selector"] and (error := parse_expression(match["selector"]).error):
            yield Problem(f"variable {variable.get('name')!r} selects by invalid PromQL: {error}")


def _reload(subject: Subject) -> Iterator[Problem]:
    for variable in _queries(subject):
        if variable.get("refresh") != _ON_TIME_RANGE:
            yield Problem(
                f"variable {variable.get('name')!r} is not read again when the time range changes; set refresh to 2"
            )


def _uneditable(subject: Subject) -> Iterator[Problem]:
    if subject.raw.get("editable") is not False:
        yield Problem("can be edited in Grafana, where changes are lost; set editable to false")


TEMPLATE_RULES: Final = {
    "template-datasource": _datasource,
    "template-job": _job,
    "template-instance": _instance,
    "template-label-promql": _label_promql,
    "template-on-time-change-reload": _reload,
    "uneditable-dashboard": _uneditable,
}
"""Rules by name."""


def _selections(subject: Subject) -> Iterator[Any]:
    for target in subject.prometheus_targets:
        yield from target.expression.selections


def _outside_scrapes(subject: Subject, series: str) -> bool:
    return series in subject.recorded or subject.catalog.by_series(series) is None


def _queries(subject: Subject) -> Iterator[Mapping[str, Any]]:
    return (variable for variable in subject.variables if variable.get("type") == "query")


def _query(variable: Mapping[str, Any]) -> str:
    query = variable.get("query")
    return str(query.get("query", "")) if isinstance(query, Mapping) else str(query)
