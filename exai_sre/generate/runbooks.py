"""Runbook pages: one for each topic, one section for each alert."""

from __future__ import annotations

from collections.abc import Sequence

from exai_sre.generate.alert import Alert
from exai_sre.generate.document import HEADER
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.rules import alerts_of
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import format_duration

__all__ = ["runbook_page", "runbooks"]

_INTRODUCTION = (
    "What to do when one of these alerts arrives. Each section stands alone; an alert's `runbook_url` leads to it."
)


def runbooks(
    slos: Sequence[Slo], *, catalog: Catalog | None = None, options: RuleOptions | None = None
) -> dict[str, str]:
    """Markdown pages by file name.

    Arguments as for :func:`exai_sre.generate.rules.prometheus_rules`.
    """
    pages: dict[str, list[Alert]] = {}
    for alert in alerts_of(slos, catalog=catalog, options=options):
        pages.setdefault(alert.topic, []).append(alert)
    return {f"{topic}.md": runbook_page(topic, alerts) for topic, alerts in sorted(pages.items())}


def runbook_page(topic: str, alerts: Sequence[Alert]) -> str:
    """A page with one section for each alert.

    Args:
        topic: name of the page.
        alerts: alerts of that topic.
    """
    sections = "\n".join(_section(alert) for alert in alerts)
    return f"<!-- {HEADER} -->\n\n# Runbook: {topic}\n\n{_INTRODUCTION}\n\n{sections}"


def _section(alert: Alert) -> str:
    guidance = alert.guidance
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(guidance.steps, 1))
    paragraphs = [
        f"## {alert.title}",
        f"**{_urgency(alert)}** {guidance.meaning}",
        f"What to do:\n\n{steps}",
        *([guidance.background] if guidance.background else []),
        f"Condition{_waiting(alert)}:\n\n```promql\n{alert.expr}\n```",
    ]
    return "\n\n".join(paragraphs) + "\n"


def _urgency(alert: Alert) -> str:
    return {"page": "Page.", "ticket": "Ticket.", "none": "Heartbeat."}[alert.severity]


def _waiting(alert: Alert) -> str:
    return f", for {format_duration(alert.for_)}" if alert.for_ else ""
