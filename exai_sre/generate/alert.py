"""The intermediate model of an alert: rules, tests, runbooks and dashboards all come from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from exai_sre.generate.options import RuleOptions
from exai_sre.slo.model import BurnTier, Slo

__all__ = ["Alert", "Guidance", "Kind", "anchor_of", "camel_case", "literal_text"]

Severity = Literal["page", "ticket", "none"]
"""How urgent an alert is: wakes somebody, waits for working hours, or is a heartbeat."""

Kind = Literal["burn", "exhausted", "forecast", "no-data", "symptom"]
"""What an alert tells: budget burning, spent or soon to be, data missing, or a symptom outside the SLOs."""


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
        kind: what it tells.
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
    kind: Kind = "symptom"

    @property
    def title(self) -> str:
        """Heading of the runbook section; unique within its page."""
        return f"{self.name} {self.tier.name}" if self.tier else self.name

    @property
    def anchor(self) -> str:
        """Anchor of the runbook section."""
        return anchor_of(self.title)

    def made(self, options: RuleOptions, summary: str, description: str, dashboard: str = "") -> Alert:
        """This alert with its ``severity`` label and its annotations, behind those that it has already.

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
            labels=dict(sorted({"severity": self.severity, **self.labels}.items())),
            annotations=dict(
                sorted({"summary": summary, "description": description, **links, **self.annotations}.items())
            ),
        )


def anchor_of(heading: str) -> str:
    """The anchor that GitHub and MkDocs give to a heading."""
    kept = re.sub(r"[^\w\s-]", "", heading).strip().lower()
    return re.sub(r"\s+", "-", kept)


def literal_text(text: str) -> str:
    """Text of a definition for an annotation: braces that Prometheus would run as a template stay what they are."""
    return text.replace("{{", '{{"{{"}}')


def camel_case(name: str) -> str:
    """An alert name from a dashed id: ``exai-mcp-availability`` gives ``ExaiMcpAvailability``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
