"""What can be said about sound SLO definitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exai_sre.generate.checks.subject import Subject
from exai_sre.generate.finding import Finding
from exai_sre.generate.promql import decimal_text
from exai_sre.slo.ceiling import ceiling_findings
from exai_sre.slo.suggestion import suggest

__all__ = ["check_ceilings", "check_dependencies", "check_unreachable"]


def check_ceilings(subject: Subject) -> Iterator[Finding]:
    """``ceiling`` (a warning): an objective promises more than those of its dependencies allow.

    Dependencies may do better than they promise, so it need not be wrong.
    """
    for ceiling in ceiling_findings(subject.slos):
        if ceiling.above:
            yield Finding(ceiling.source.file, ceiling.source.line, "ceiling", ceiling.message, "warning")


def check_dependencies(subject: Subject) -> Iterator[Finding]:
    """``unknown-dependency``: an SLO depends on one that no file defines, or on itself.

    As with any reference, a name that leads nowhere is an error: the ceiling would silently go unchecked.
    """
    known = [slo.id for slo in subject.slos]
    for ceiling in ceiling_findings(subject.slos):
        for name in ceiling.missing:
            message = f"{ceiling.slo} depends on {_nowhere(name, ceiling.slo, known)}"
            yield Finding(ceiling.source.file, ceiling.source.line, "unknown-dependency", message)


def _nowhere(name: str, slo: str, known: Sequence[str]) -> str:
    if name == slo:
        return "itself; remove that"
    others = [other for other in known if other != slo]
    mend = f", or mend the name: {suggest(name, others)}" if others else ""
    return f"{name}, which none of these files defines; check the folder of its SLO, too{mend}"


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
