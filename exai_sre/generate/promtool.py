"""promtool's unit tests as objects: series in its notation, checks, and the file they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from exai_sre.generate.alert import Alert
from exai_sre.generate.measure.text import decimal_text
from exai_sre.metrics.spelling import quoted
from exai_sre.slo.windows import format_duration

__all__ = [
    "AlertCheck",
    "Case",
    "ExprCheck",
    "Firing",
    "active",
    "close_to",
    "constant",
    "counter",
    "promtool_file",
    "series_name",
    "spaced",
    "with_gaps",
]

_LABEL_IN_TEXT = re.compile(r"\{\{-?\s*\$labels\.(\w+)\s*-?\}\}")
_BRACES_IN_TEXT = '{{"{{"}}'


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing alert.

    Attributes:
        alert: the rule.
        labels: labels that come from the data.
    """

    alert: Alert
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def opaque(self) -> bool:
        """Whether a text of the alert holds a template that only Prometheus can fill in, such as ``$value``."""
        texts = (*self.alert.labels.values(), *self.alert.annotations.values())
        return any("{{" in _LABEL_IN_TEXT.sub("", text).replace(_BRACES_IN_TEXT, "") for text in texts)

    def expected(self) -> dict[str, Any]:
        """The alert as promtool compares it: all labels, and annotations with their labels filled in."""
        labels = dict(sorted({**self.labels, **self.alert.labels}.items()))
        annotations = {name: _filled(text, labels) for name, text in self.alert.annotations.items()}
        return {
            "exp_labels": {name: _filled(text, labels) for name, text in labels.items()},
            "exp_annotations": annotations,
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

    @property
    def opaque(self) -> bool:
        """Whether promtool's alert test would need a text that only Prometheus can make."""
        return any(firing.opaque for firing in self.firing)

    def counted(self) -> ExprCheck:
        """The check by the number of firing alerts instead, where their texts cannot be known beforehand."""
        query = f'count(ALERTS{{alertname={quoted(self.name)},alertstate="firing"}})'
        return ExprCheck(self.at, query, {"{}": float(len(self.firing))})


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
        exact = [check for check in self.alerts if not check.opaque]
        exprs = [*self.exprs, *(check.counted() for check in self.alerts if check.opaque)]
        if exact:
            made["alert_rule_test"] = [_alert_test(check) for check in exact]
        if exprs:
            made["promql_expr_test"] = [_expr_test(check) for check in exprs]
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


def active(at: int, alert: Alert, *, expected: bool) -> ExprCheck:
    """A check whether an alert is pending or firing at a moment, for one that waits before it fires.

    Args:
        at: seconds from the start of the case.
        alert: the rule; one of several of that name is told by its tier.
        expected: whether it is.
    """
    tier = f",burnrate_tier={quoted(alert.tier.name)}" if alert.tier else ""
    query = f"count(ALERTS{{alertname={quoted(alert.name)}{tier}}}) or vector(0)"
    return ExprCheck(at, query, {"{}": float(expected)})


def close_to(at: int, name: str, labels: Mapping[str, str], value: Decimal) -> ExprCheck:
    """A check that a series has these labels and a value to six decimals: floats differ in the last ones.

    Args:
        at: seconds from the start of the case.
        name: metric name.
        labels: all labels of the series.
        value: the value expected.
    """
    query = f"abs({series_name(name, labels)} - {decimal_text(value)}) < bool 0.000001"
    return ExprCheck(at, query, {series_name("", labels): 1.0})


def series_name(metric: str, labels: Mapping[str, str]) -> str:
    """A series as PromQL writes it, such as ``up{job="x"}``."""
    inner = ",".join(f"{name}={quoted(value)}" for name, value in sorted(labels.items()))
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


def spaced(per: int, samples: Iterable[tuple[int, Decimal]], first: Decimal | None = None) -> str:
    """One sample for each evaluation and nothing in between; the first evaluation is not at the start.

    Args:
        per: moments of samples from one evaluation to the next.
        samples: for each evaluation, how many moments before it the sample lies (fewer than ``per``), and its value.
        first: a sample at the start.
    """
    row: list[Decimal | None] = [first]
    for age, value in samples:
        row += [*[None] * (per - 1 - age), value, *[None] * age]
    return with_gaps(row)


def with_gaps(row: Iterable[Decimal | None]) -> str:
    """Values sample by sample, ``None`` where there is none: promtool bears no more than ten thousand per query."""
    return " ".join(_run(value, len(list(run))) for value, run in groupby(row))


def _run(value: Decimal | None, count: int) -> str:
    if value is None:
        return "_" if count == 1 else f"_x{count}"
    return constant((value, count))


def _alert_test(check: AlertCheck) -> dict[str, Any]:
    return {
        "eval_time": _moment(check.at),
        "alertname": check.name,
        "exp_alerts": [firing.expected() for firing in check.firing],
    }


def _expr_test(check: ExprCheck) -> dict[str, Any]:
    samples = [{"labels": labels, "value": value} for labels, value in check.samples.items()]
    return {"expr": check.expr, "eval_time": _moment(check.at), "exp_samples": samples}


def _filled(text: str, labels: Mapping[str, str]) -> str:
    filled = _LABEL_IN_TEXT.sub(lambda match: labels.get(match[1], ""), text)
    return filled.replace(_BRACES_IN_TEXT, "{{")


def _moment(seconds: int) -> str:
    return format_duration(seconds) if seconds else "0s"
