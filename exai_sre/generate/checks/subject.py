"""What the checks look at: everything that was read, in one object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exai_sre.generate.checks.promql import Query
from exai_sre.generate.finding import Finding
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo

__all__ = ["Check", "DashboardFile", "RuleEntry", "Subject"]


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """One rule of a rule file.

    Attributes:
        file: path of the file as the user named it.
        line: line on which the rule begins.
        group: name of its group.
        name: the alert's or the recorded series' name.
        alerting: whether it is an alert.
        expr: its expression.
        expr_line: line on which the expression stands.
        query: the parsed expression.
        labels: labels that the rule adds.
        annotations: annotations of an alert.
    """

    file: str
    line: int
    group: str
    name: str
    alerting: bool
    expr: str
    expr_line: int
    query: Query
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DashboardFile:
    """A Grafana dashboard.

    Attributes:
        file: path of the file as the user named it.
        content: its JSON.
    """

    file: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that was read.

    Attributes:
        catalog: the service's catalog, or ``None`` where none is known.
        scrape_interval: seconds between two scrapes.
        folder: where relative runbook links begin.
        slos: the definitions without a fault.
        rules: all rules of all rule files.
        dashboards: all dashboards.
    """

    catalog: Catalog | None
    scrape_interval: int
    folder: Path
    slos: list[Slo] = field(default_factory=list)
    rules: list[RuleEntry] = field(default_factory=list)
    dashboards: list[DashboardFile] = field(default_factory=list)

    @property
    def recording(self) -> Iterator[RuleEntry]:
        """The recording rules."""
        return (rule for rule in self.rules if not rule.alerting)

    @property
    def alerting(self) -> Iterator[RuleEntry]:
        """The alerting rules."""
        return (rule for rule in self.rules if rule.alerting)


Check = Callable[[Subject], Iterator[Finding]]
"""Shape of every check."""
