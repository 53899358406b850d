"""promtool's unit tests as objects: series in its notation, checks, and the file they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exai_sre.generate.alert import Alert
from exai_sre.generate.promql import decimal_text
from exai_sre.slo.windows import format_duration

__all__ = ["AlertCheck", "Case", "ExprCheck", "Firing", "constant", "counter", "promtool_file", "series_name"]

_LABEL_IN_TEXT = re.compile(r"\{\{ \$labels\.(\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing alert.

    Attributes:
        alert: the rule.
        labels: labels that come from the data.
    """

    alert: Alert
    labels: Mapping[str, str] = field(default_factory=dict)

    def expected(self) -> dict[str, Any]:
        """The alert as promtool compares it: all labels, and annotations with their labels filled in."""
        labels = dict(sorted({**self.labels, **self.alert.labels}.items()))
        return {
            "exp_labels": labels,
            "exp_annotations": {
                name: _LABEL_IN_TEXT.sub(lambda match: labels.get(match[1], ""), text)
                for name, text in self.alert.annotations.items()
            },
        }


@dataclass(frozen=True, slots=True)
class AlertCheck:
    """What of one alert name fires at a moment.

    Attributes:
        at: seconds from the start of the case.
        name: the alert name.
        firing: exactly what fires; empty for silence.
    """

    at: int
    name: str
    firing: Sequence[Firing] = ()


@dataclass(frozen=True, slots=True)
class ExprCheck:
    """What a query gives at a moment.

    Attributes:
        at: seconds from the start of the case.
        expr: the query.
        samples: its values by series; empty for no result.
    """

    at: int
    expr: str
    samples: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One test: series in, alerts out.

    Attributes:
        name: what the case shows, as a statement.
        interval: seconds between two samples.
        series: values by series, in promtool's notation.
        alerts: expected alerts.
        exprs: expected values of queries.
    """

    name: str
    interval: int
    series: Mapping[str, str]
    alerts: Sequence[AlertCheck] = ()
    exprs: Sequence[ExprCheck] = ()

    def to_dict(self) -> dict[str, Any]:
        """The case in promtool's words."""
        made: dict[str, Any] = {
            "name": self.name,
            "interval": format_duration(self.interval),
            "input_series": [{"series": name, "values": values} for name, values in self.series.items()],
        }
        if self.alerts:
            made["alert_rule_test"] = [_alert_test(check) for check in self.alerts]
        if self.exprs:
            made["promql_expr_test"] = [_expr_test(check) for check in self.exprs]
        return made


def promtool_file(
    rule_files: Iterable[str], groups: Iterable[str], interval: int, cases: Iterable[Case]
) -> dict[str, Any]:
    """A promtool test file.

    Args:
        rule_files: rule files, relative to the test file.
        groups: names of all rule groups in the order of their dependence; without it promtool
            evaluates them in any order, and a firing minute may move by one.
        interval: seconds between two evaluations.
        cases: the tests.
    """
    return {
        "rule_files": list(rule_files),
        "evaluation_interval": format_duration(interval),
        "group_eval_order": list(groups),
        "tests": [case.to_dict() for case in cases],
    }


def series_name(metric: str, labels: Mapping[str, str]) -> str:
    """A series as PromQL writes it, such as ``up{job="x"}``."""
    inner = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return f"{metric}{{{inner}}}" if inner else metric


def constant(*stretches: tuple[Decimal, int]) -> str:
    """Values that stay for a number of samples each: ``(1, 3), (0, 2)`` is 1 1 1 0 0."""
    return " ".join(decimal_text(value) + (f"+0x{count - 1}" if count > 1 else "") for value, count in stretches)


def counter(*stretches: tuple[Decimal, int]) -> str:
    """A counter from 0 on that grows by a step for a number of samples each: ``(2, 3)`` is 0 2 4."""
    parts, start = [], Decimal(0)
    for step, count in stretches:
        parts.append(f"{decimal_text(start)}+{decimal_text(step)}x{count - 1}")
        start += step * count
    return " ".join(parts)


def _alert_test(check: AlertCheck) -> dict[str, Any]:
    return {
        "eval_time": _moment(check.at),
        "alertname": check.name,
        "exp_alerts": [firing.expected() for firing in check.firing],
    }


def _expr_test(check: ExprCheck) -> dict[str, Any]:
    samples = [{"labels": labels, "value": value} for labels, value in check.samples.items()]
    return {"expr": check.expr, "eval_time": _moment(check.at), "exp_samples": samples}


def _moment(seconds: int) -> str:
    return format_duration(seconds) if seconds else "0s"
