"""What every alert needs: a condition, a text, a runbook section, and a severity that a route knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from exai_sre.generate.alert import anchor_of
from exai_sre.generate.checks.subject import RuleEntry, Subject
from exai_sre.generate.finding import Finding

__all__ = ["check_alert_annotations", "check_alert_condition", "check_alert_runbook", "check_alert_severity"]

_HEADING: Final = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_EXPLICIT: Final = re.compile(r"""<a\s+(?:id|name)=["']([^"']+)["']""")
_SEVERITIES: Final = ("none", "page", "ticket")


def check_alert_condition(subject: Subject) -> Iterator[Finding]:
    """``alert-condition``: an alert that always fires, unless it is a heartbeat (severity none)."""
    for rule in subject.alerting:
        if rule.query.tree is not None and not rule.query.compares and rule.labels.get("severity") != "none":
            text = f"{rule.name}: has no condition, so it always fires; compare, or use absent()"
            yield Finding(rule.file, rule.expr_line, "alert-condition", text)


def check_alert_severity(subject: Subject) -> Iterator[Finding]:
    """``alert-severity``: a severity that no route knows."""
    for rule in subject.alerting:
        severity = rule.labels.get("severity", "")
        if severity not in _SEVERITIES:
            text = f"{rule.name}: severity {severity!r} is not among {', '.join(_SEVERITIES)}"
            yield Finding(rule.file, rule.line, "alert-severity", text)


def check_alert_annotations(subject: Subject) -> Iterator[Finding]:
    """``alert-annotation``: no summary, description or runbook link."""
    for rule in subject.alerting:
        for name in ("summary", "description", "runbook_url"):
            if not rule.annotations.get(name, "").strip():
                yield Finding(rule.file, rule.line, "alert-annotation", f"{rule.name}: has no {name}")


def check_alert_runbook(subject: Subject) -> Iterator[Finding]:
    """``alert-runbook``: a link into the repository that leads nowhere; addresses elsewhere are not opened."""
    anchors: dict[Path, frozenset[str]] = {}
    for rule in subject.alerting:
        url = rule.annotations.get("runbook_url", "")
        if not url or "://" in url:
            continue
        path, _, anchor = url.partition("#")
        file = subject.folder / path
        if file not in anchors:
            anchors[file] = _anchors(file)
        yield from _judge(rule, path, anchor, anchors[file])


def _judge(rule: RuleEntry, path: str, anchor: str, known: frozenset[str]) -> Iterator[Finding]:
    if not known:
        yield Finding(rule.file, rule.line, "alert-runbook", f"{rule.name}: there is no runbook {path}")
    elif anchor not in known:
        text = f"{rule.name}: {path} has no section #{anchor}" if anchor else f"{rule.name}: names no section of {path}"
        yield Finding(rule.file, rule.line, "alert-runbook", text)


def _anchors(file: Path) -> frozenset[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return frozenset()
    return frozenset(map(anchor_of, _HEADING.findall(text))) | frozenset(_EXPLICIT.findall(text))
