"""Texts of OpenSLO objects, and what the tests ask of a reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from exai_sre.metrics import Catalog
from exai_sre.slo import load_slos, read_slos
from exai_sre.slo.indicators import QueryIndicator
from exai_sre.slo.model import Slo

Write = Callable[..., Path]
DAY = 86400

RATIO = (
    "{good: {metricSource: {type: Prometheus, spec: {query: good}}}, "
    "total: {metricSource: {type: prometheus, spec: {query: all}}}}"
)
QUERIES = QueryIndicator("good", None, "all")
GAUGE = "{thresholdMetric: {metricSource: {type: Prometheus, spec: {query: lag}}}}"


def slo_text(
    *,
    indicator: str = f"indicator: {{metadata: {{name: i}}, spec: {{ratioMetric: {RATIO}}}}}",
    window: str = "{duration: 30d, isRolling: true}",
    method: str = "Occurrences",
    objectives: str = "[{target: 0.99}]",
    more: str = "",
    metadata: str = "{name: a}",
) -> str:
    return (
        f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {metadata}\nspec:\n  service: shop\n  {indicator}\n"
        f"  timeWindow: [{window}]\n  budgetingMethod: {method}\n  objectives: {objectives}\n  {more}\n"
    )


def sli(spec: str) -> str:
    return f"indicator: {{metadata: {{name: i}}, spec: {spec}}}"


def one(path: Path, catalog: Catalog | None = None) -> Slo:
    (slo,) = load_slos(path, catalog=catalog)
    return slo


def refused(path: Path, catalog: Catalog | None = None) -> str:
    """The only fault, whose document is valid OpenSLO all the same."""
    reading = read_slos([path], catalog=catalog)
    assert reading.invalid == []
    assert reading.slos == []
    (fault,) = reading.faults
    assert fault.line
    assert fault.field
    assert fault.remedy
    return f"{fault.field}: {fault.what.partition(f'{fault.field}: ')[2] or fault.what}"


CONDITION = "{severity: %s, condition: {kind: burnrate, op: %s, threshold: %s, lookbackWindow: %s}}"


def condition(name: str, lookback: str, severity: str = "page", op: str = "gt", threshold: str = "14.4") -> str:
    spec = CONDITION % (severity, op, threshold, lookback)
    return f"{{kind: AlertCondition, metadata: {{name: {name}}}, spec: {spec}}}"


def policy(*conditions: str, flags: str = "alertWhenBreaching: true") -> str:
    targets = "[{kind: AlertNotificationTarget, metadata: {name: pager}, spec: {target: pagerduty, description: Us.}}]"
    spec = f"{{{flags}, conditions: [{', '.join(conditions)}], notificationTargets: {targets}}}"
    return f"{{kind: AlertPolicy, metadata: {{name: p}}, spec: {spec}}}"


PAIR = (condition("long", "1h"), condition("short", "5m"))
