"""Rules that hold a dashboard against the catalog: nothing is charted that nothing exports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from exai_sre.generate.grafana.lint.expression import ANY, Condition, Selection
from exai_sre.generate.grafana.lint.rule import Problem, Subject, Target
from exai_sre.metrics import Instrument, Label

__all__ = ["BY_PROMETHEUS", "CATALOG_RULES"]

BY_PROMETHEUS: Final = frozenset({"ALERTS", "ALERTS_FOR_STATE", "up"})
"""Series that Prometheus makes by itself."""

_OF_TARGETS: Final = frozenset({"instance", "job"})
_PLAIN: Final = re.compile(r"(?:[\w/ -]|\\.)*", re.ASCII)


def _unknown_metric(subject: Subject) -> Iterator[Problem]:
    for target, each in _each(subject):
        known = each.series in subject.recorded or each.series in BY_PROMETHEUS
        if not known and subject.catalog.by_series(each.series) is None:
            yield Problem(f"{target.where}: {each.series or 'a nameless selector'} is exported by nothing", each.series)


def _unknown_label(subject: Subject) -> Iterator[Problem]:
    for target, each in _each(subject):
        instrument = subject.catalog.by_series(each.series)
        if instrument is None:
            continue
        known = {*instrument.label_names, *_OF_TARGETS, *(("le",) if each.series.endswith("_bucket") else ())}
        used = (*(condition.label for condition in each.conditions), *each.groups)
        for name in sorted(set(used) - known):
            yield Problem(f"{target.where}: {each.series} has no label {name!r}; it has {', '.join(sorted(known))}")


def _unknown_value(subject: Subject) -> Iterator[Problem]:
    for target, each in _each(subject):
        instrument = subject.catalog.by_series(each.series)
        if instrument is None:
            continue
        for condition in each.conditions:
            for value in _impossible(instrument, condition):
                yield Problem(f"{target.where}: {each.series} never has {condition.label}={value!r}")


def _impossible(instrument: Instrument, condition: Condition) -> Iterator[str]:
    label = instrument.label(condition.label)
    if label is None or ANY in condition.value:
        return
    if not condition.regex:
        yield from () if label.allows(condition.value) else (condition.value,)
        return
    for alternative in condition.value.split("|"):
        if not _possible(label, alternative):
            yield alternative


def _possible(label: Label, alternative: str) -> bool:
    if _PLAIN.fullmatch(alternative):
        return label.allows(re.sub(r"\\(.)", r"\1", alternative))
    return True


def _each(subject: Subject) -> Iterator[tuple[Target, Selection]]:
    return ((target, each) for target in subject.prometheus_targets for each in target.expression.selections)


CATALOG_RULES: Final = {
    "unknown-metric": _unknown_metric,
    "unknown-label": _unknown_label,
    "unknown-label-value": _unknown_value,
}
"""Rules by name."""
