"""Labels that an expression groups by, or a text speaks of, come out of what it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from exai_sre.generate.checks.promql import groupings, output_labels
from exai_sre.generate.checks.series import KnownSeries
from exai_sre.generate.checks.subject import RuleEntry, Subject
from exai_sre.generate.finding import Finding

__all__ = ["check_groupings", "check_templates"]

_LABEL: Final = re.compile(r"\$labels\.(\w+)")
_MOMENTARY: Final = re.compile(r"\$value|\.Value\b")


def check_groupings(subject: Subject) -> Iterator[Finding]:
    """``unknown-label``: an aggregation by a label that its input never has gives one empty group."""
    if subject.catalog is None:
        return
    known = KnownSeries(subject, subject.catalog)
    for rule in subject.rules:
        for label in groupings(rule.query.tree, known.labels):
            text = f"{rule.name}: groups by {label!r}, which its input does not have"
            yield Finding(rule.file, rule.expr_line, "unknown-label", text)


def check_templates(subject: Subject) -> Iterator[Finding]:
    """``alert-template``: a label that changes with the value, or a text about a label that is not there."""
    known = KnownSeries(subject, subject.catalog) if subject.catalog else None
    for rule in subject.alerting:
        for name, text in rule.labels.items():
            if _MOMENTARY.search(text):
                what = f"{rule.name}: label {name!r} changes with the value, so every evaluation is a new alert"
                yield Finding(rule.file, rule.line, "alert-template", what)
        if known is not None:
            yield from _missing(rule, known)


def _missing(rule: RuleEntry, known: KnownSeries) -> Iterator[Finding]:
    if rule.query.tree is None:
        return
    labels = output_labels(rule.query.tree, known.labels)
    if labels is None:
        return
    every = labels | set(rule.labels) | {"alertname"}
    used = {label for text in (*rule.labels.values(), *rule.annotations.values()) for label in _LABEL.findall(text)}
    for label in sorted(used - every):
        what = f"{rule.name}: speaks of the label {label!r}, which the alert does not have"
        yield Finding(rule.file, rule.line, "alert-template", what)
