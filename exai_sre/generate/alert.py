"""The intermediate model of an alert: rules, tests, runbooks and dashboards all come from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from exai_sre.generate.options import RuleOptions
from exai_sre.slo.model import BurnTier, Slo

__all__ = ["Alert", "Guidance", "anchor_of", "camel_case"]

Severity = Literal["page", "ticket", "none"]
"""How urgent an alert is: wakes somebody, waits for working hours, or is a heartbeat."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the runbook says about an alert.

    Attributes:
        meaning: what has happened, and to whom it matters.
        steps: what to look at and what to do, in order.
        background: why the alert is as it is.
    """

    meaning: str
    steps: tuple[str, ...]
    background: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alerting rule.

    Attributes:
        name: value of ``alertname``.
        expr: condition in PromQL.
        severity: ``page``, ``ticket``, or ``none`` for the heartbeat.
        guidance: what the runbook says.
        topic: name of the runbook page.
        labels: labels of the rule; :meth:`made` adds ``severity``.
        annotations: summary, description and links; :meth:`made` builds them.
        for_: seconds that the condition must last; 0 fires at once.
        keep_firing_for: seconds that the alert stays after the condition ended.
        slo: the objective that the alert guards, where there is one.
        tier: the burn tier that the alert implements, where there is one.
    """

    name: str
    expr: str
    severity: Severity
    guidance: Guidance
    topic: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    for_: int = 0
    keep_firing_for: int = 0
    slo: Slo | None = None
    tier: BurnTier | None = None

    @property
    def title(self) -> str:
        """Heading of the runbook section; unique within its page."""
        return f"{self.name} {self.tier.name}" if self.tier else self.name

    @property
    def anchor(self) -> str:
        """Anchor of the runbook section."""
        return anchor_of(self.title)

    def made(self, options: RuleOptions, summary: str, description: str, dashboard: str = "") -> Alert:
        """This alert with its ``severity`` label and its annotations.

        Args:
            options: prefixes of the links.
            summary: one line for a phone's screen; may use ``$labels``.
            description: what happened, in words that do not depend on the moment; may use ``$labels``.
            dashboard: path of the dashboard that shows the cause, such as ``/d/exai-overview``.
        """
        links = {"runbook_url": f"{options.runbook_base}docs/runbooks/{self.topic}.md#{self.anchor}"}
        if dashboard:
            links["dashboard_url"] = f"{options.dashboard_base}{dashboard}"
        return replace(
            self,
            labels=dict(sorted({**self.labels, "severity": self.severity}.items())),
            annotations=dict(sorted({"summary": summary, "description": description, **links}.items())),
        )


def anchor_of(heading: str) -> str:
    """The anchor that GitHub and MkDocs give to a heading."""
    kept = re.sub(r"[^\w\s-]", "", heading).strip().lower()
    return re.sub(r"\s+", "-", kept)


def camel_case(name: str) -> str:
    """An alert name from a dashed id: ``exai-mcp-availability`` gives ``ExaiMcpAvailability``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
