"""No rule stands twice."""

from __future__ import annotations

from collections.abc import Iterator

from exai_sre.generate.checks.subject import RuleEntry, Subject
from exai_sre.generate.finding import Finding

__all__ = ["check_duplicates"]


def check_duplicates(subject: Subject) -> Iterator[Finding]:
    """``duplicate-rule``: the same series recorded twice, or the same alert with the same labels."""
    first: dict[tuple[object, ...], RuleEntry] = {}
    for rule in subject.rules:
        key = (rule.alerting, rule.name, tuple(sorted(rule.labels.items())))
        known = first.setdefault(key, rule)
        if known is not rule:
            text = f"{rule.name}: stands at {known.file}:{known.line} too, with the same labels"
            yield Finding(rule.file, rule.line, "duplicate-rule", text)
