"""What can be said about sound SLO definitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from exai_sre.generate.checks.subject import Subject
from exai_sre.generate.finding import Finding
from exai_sre.generate.promql import decimal_text
from exai_sre.slo.ceiling import ceiling_findings

__all__ = ["check_ceilings", "check_unreachable"]


def check_ceilings(subject: Subject) -> Iterator[Finding]:
    """``ceiling``: an objective promises more than its dependencies allow; a warning where one is not known."""
    for ceiling in ceiling_findings(subject.slos):
        severity: Literal["error", "warning"] = "error" if ceiling.above else "warning"
        yield Finding(ceiling.source.file, ceiling.source.line, "ceiling", ceiling.message, severity)


def check_unreachable(subject: Subject) -> Iterator[Finding]:
    """``unreachable-tier`` (a warning): a burn tier that can never fire is left out of the rules."""
    for slo in subject.slos:
        for tier in slo.unreachable:
            text = (
                f"{slo.id}: the {tier.name} tier can never fire, for even if every event is bad the budget of "
                f"{decimal_text(slo.budget * 100)} % burns only {decimal_text((1 / slo.budget).quantize(slo.budget))} "
                "times as fast as allowed; it is left out"
            )
            yield Finding(slo.source.file, slo.source.line, "unreachable-tier", text, "warning")
