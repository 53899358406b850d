"""What all alerts of an SLO share: names, labels and texts as its definition wants them, and conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from exai_sre.generate.alert import Alert, Guidance, Kind, camel_case, literal_text
from exai_sre.generate.grafana.identity import dashboard_uid
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.series import SlothLabel, identity, identity_labels, own_labels, ratio_name
from exai_sre.slo.model import BurnTier, Slo

__all__ = ["SloAlert", "over", "without_window"]

_LABEL_NAME: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def without_window(series: str) -> str:
    """The series without the label that names its window, so that series of two windows match."""
    return f"max({series}) without ({SlothLabel.WINDOW})"


def over(slo: Slo, window: int, limit: str) -> str:
    """A condition: the error ratio of a window (seconds) is above ``limit``."""
    return without_window(f"{ratio_name(window)}{identity(slo)} > {limit}")


@dataclass(frozen=True, slots=True)
class SloAlert:
    """An alert of an SLO before its definition's own names, labels and texts are put on it.

    Attributes:
        slo: the objective.
        options: prefixes of links.
        kind: what the alert tells.
        suffix: end of its name; a burn alert that the definition names carries that name alone.
        severity: page or ticket.
        expr: condition in PromQL.
        guidance: what the runbook says.
        summary: one line for a phone's screen.
        description: what happened.
        labels: labels beside the common ones.
        for_: seconds that the condition must last.
        tier: the burn tier, where there is one.
    """

    slo: Slo
    options: RuleOptions
    kind: Kind
    suffix: str
    severity: Literal["page", "ticket"]
    expr: str
    guidance: Guidance
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=dict)
    for_: int = 0
    tier: BurnTier | None = None

    def made(self) -> Alert:
        """The alert. Labels that Sloth's contract and ours rest on cannot be overridden, all else can."""
        slo, alerting = self.slo, self.slo.alerting
        notice = alerting.notice(self.severity)
        wanted = {**alerting.labels, **notice.labels}
        alert = Alert(
            name=self._name(),
            expr=self.expr,
            severity=self.severity,
            guidance=self.guidance,
            topic=slo.service,
            labels={
                **own_labels(slo),
                **{name: wanted[name] for name in sorted(wanted) if _LABEL_NAME.fullmatch(name)},
                **identity_labels(slo),
                **self.labels,
                SlothLabel.SEVERITY: self.severity,
            },
            annotations={**alerting.annotations, **notice.annotations},
            for_=self.for_,
            slo=slo,
            tier=self.tier,
            kind=self.kind,
        )
        dashboard = f"/d/{dashboard_uid('slo-detail', [slo])}?var-slo={slo.id}"
        return alert.made(self.options, literal_text(self.summary), literal_text(self.description), dashboard)

    def _name(self) -> str:
        named = self.slo.alerting.name
        if self.kind == "no-data" and self.slo.alerting.no_data_name:
            return self.slo.alerting.no_data_name
        if named:
            return named if self.kind == "burn" else f"{named}{self.suffix}"
        return f"{camel_case(self.slo.id)}{self.suffix}"
