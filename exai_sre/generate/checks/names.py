"""Every metric, label and label value in a rule is exported by the catalog or recorded by a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exai_sre.generate.checks.promql import Match, Selector
from exai_sre.generate.checks.series import KnownSeries
from exai_sre.generate.checks.subject import RuleEntry, Subject
from exai_sre.generate.finding import Finding
from exai_sre.metrics import Catalog, Label
from exai_sre.metrics.spelling import bound_spellings

__all__ = ["check_names", "check_syntax"]


def check_syntax(subject: Subject) -> Iterator[Finding]:
    """``promql``: an expression that Prometheus could not parse."""
    for rule in subject.rules:
        if rule.query.error:
            yield Finding(rule.file, rule.expr_line, "promql", f"{rule.name}: {rule.query.error}")


def check_names(subject: Subject) -> Iterator[Finding]:
    """``unknown-metric``, ``unknown-label``, ``unknown-label-value``; silent where no catalog is known."""
    if subject.catalog is None:
        return
    known = KnownSeries(subject, subject.catalog)
    for rule in subject.rules:
        for selector in rule.query.selectors:
            if not known.exists(selector.series):
                name = selector.series or "a selector without a name"
                text = f"{rule.name}: {name} is neither exported nor recorded"
                yield Finding(rule.file, rule.expr_line, "unknown-metric", text)
                continue
            yield from _labels(rule, selector, known)
            yield from _values(rule, selector, subject.catalog)


def _labels(rule: RuleEntry, selector: Selector, known: KnownSeries) -> Iterator[Finding]:
    labels = known.labels(selector.series)
    if labels is None:
        return
    for name in sorted({match.label for match in selector.matches} - labels):
        text = f"{rule.name}: {selector.series} has no label {name!r}; it has {', '.join(sorted(labels))}"
        yield Finding(rule.file, rule.expr_line, "unknown-label", text)


def _values(rule: RuleEntry, selector: Selector, catalog: Catalog) -> Iterator[Finding]:
    instrument = catalog.by_series(selector.series)
    if instrument is None:
        return
    for match in selector.matches:
        if match.label == "le":
            wrong = _not_a_bound(match, instrument.buckets)
        else:
            wrong = _impossible(match, instrument.label(match.label))
        for value in wrong:
            text = f"{rule.name}: {selector.series} never has {match.label}={value!r}"
            yield Finding(rule.file, rule.expr_line, "unknown-label-value", text)


def _not_a_bound(match: Match, buckets: tuple[float, ...]) -> list[str]:
    written = {text for bound in buckets for text in bound_spellings(bound)} | {"+Inf"}
    return [value for value in _alternatives(match) if value not in written]


def _impossible(match: Match, label: Label | None) -> list[str]:
    if label is None:
        return []
    # Asking for the empty value is asking for series without the label, or not at all.
    return [value for value in _alternatives(match) if value and not label.allows(value)]


def _alternatives(match: Match) -> list[str]:
    """The values that a matcher names; a pattern that is more than a list of values names none."""
    if match.op in ("=", "!="):
        return [match.value]
    parts = re.split(r"(?<!\\)\|", match.value)
    plain = [re.sub(r"\\(.)", r"\1", part) for part in parts if re.fullmatch(r"(?:[^\\.+*?()\[\]{}^$]|\\\W)*", part)]
    return plain if len(plain) == len(parts) else []
