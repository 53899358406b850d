"""Rules on queries.

Restated from grafana/dashboard-linter; the names are theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from exai_sre.generate.grafana.lint.expression import Selection
from exai_sre.generate.grafana.lint.rule import Problem, Subject, Target

__all__ = ["TARGET_RULES"]

_PER_SECOND: Final = frozenset({"irate", "rate"})
_OVER_COUNTERS: Final = _PER_SECOND | {"increase"}
_STREAM: Final = re.compile(r"\{[^{}]*\}")
_RANGE: Final = re.compile(r"\[([^\]]*)\]")


def _promql(subject: Subject) -> Iterator[Problem]:
    for target in subject.prometheus_targets:
        if target.expression.error:
            yield Problem(f"{target.where} is no valid PromQL: {target.expression.error}")


def _logql(subject: Subject) -> Iterator[Problem]:
    for target in subject.loki_targets:
        if not _STREAM.search(str(target.raw.get("expr", ""))):
            yield Problem(f"{target.where} is no valid LogQL: it selects no stream")


def _logql_auto(subject: Subject) -> Iterator[Problem]:
    for target in subject.loki_targets:
        for found in _RANGE.findall(str(target.raw.get("expr", ""))):
            if found != "$__auto":
                yield Problem(f"{target.where} has the range [{found}]; use [$__auto]")


def _each(subject: Subject) -> Iterator[tuple[Target, Selection]]:
    return ((target, each) for target in subject.prometheus_targets for each in target.expression.selections)


def _rate_interval(subject: Subject) -> Iterator[Problem]:
    for target, each in _each(subject):
        if each.function in _PER_SECOND and each.range_is_rate_interval is False:
            yield Problem(f"{target.where}: {each.function} of {each.series} over a fixed range; use $__rate_interval")


def _matched_by(label: str, subject: Subject) -> Iterator[Problem]:
    for target, each in _each(subject):
        if not any(condition.label == label for condition in each.conditions):
            yield Problem(f"{target.where}: {each.series} has no matcher on {label}", each.series)


def _job(subject: Subject) -> Iterator[Problem]:
    yield from _matched_by("job", subject)


def _instance(subject: Subject) -> Iterator[Problem]:
    yield from _matched_by("instance", subject)


def _counter_agg(subject: Subject) -> Iterator[Problem]:
    for target, each in _each(subject):
        if each.series.endswith("_total") and each.function not in _OVER_COUNTERS:
            yield Problem(
                f"{target.where}: counter {each.series} is used as it stands; take its rate or increase", each.series
            )


TARGET_RULES: Final = {
    "target-promql": _promql,
    "target-logql": _logql,
    "target-logql-auto": _logql_auto,
    "target-rate-interval": _rate_interval,
    "target-job": _job,
    "target-instance": _instance,
    "target-counter-agg": _counter_agg,
}
"""Rules by name."""
