"""What a lint rule sees, says, and may be told to overlook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from exai_sre.generate.grafana.lint.expression import Expression, parse_expression
from exai_sre.metrics import Catalog

__all__ = ["Exemption", "Problem", "Rule", "Subject", "Target"]


@dataclass(frozen=True, slots=True)
class Exemption:
    """A case in which a rule does not speak, with the reason.

    Attributes:
        rules: names of the rules.
        applies: whether it covers a series; recorded series are told apart by the second argument.
        reason: why, in one sentence.
    """

    rules: frozenset[str]
    applies: Callable[[str, frozenset[str]], bool]
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule found.

    Attributes:
        message: what is wrong and what to do.
        series: series concerned, for exemptions; empty where there is none.
    """

    message: str
    series: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A query of a panel.

    Attributes:
        where: title of the panel and letter of the query.
        raw: the query's JSON.
        expression: its PromQL, parsed.
    """

    where: str
    raw: Mapping[str, Any]
    expression: Expression


@dataclass
class Subject:
    """A dashboard under test.

    Attributes:
        raw: the dashboard's JSON.
        catalog: instruments that are exported.
        recorded: names of recorded series.
    """

    raw: Mapping[str, Any]
    catalog: Catalog
    recorded: frozenset[str] = field(default=frozenset())

    @cached_property
    def panels(self) -> Sequence[Mapping[str, Any]]:
        """Panels that show something: rows are opened, their titles left out."""
        found: list[Mapping[str, Any]] = []
        for panel in self.raw.get("panels") or ():
            found += panel.get("panels") or () if panel.get("type") == "row" else (panel,)
        return found

    @cached_property
    def data_panels(self) -> Sequence[Mapping[str, Any]]:
        """Panels that read data."""
        return [panel for panel in self.panels if panel.get("type") not in _WITHOUT_DATA]

    @cached_property
    def prometheus_targets(self) -> Sequence[Target]:
        """Queries that carry PromQL."""
        return [target for target in self._targets() if (_kind(target.raw) or "prometheus") == "prometheus"]

    @cached_property
    def loki_targets(self) -> Sequence[Target]:
        """Queries that carry LogQL."""
        return [target for target in self._targets() if _kind(target.raw) == "loki"]

    @cached_property
    def variables(self) -> Sequence[Mapping[str, Any]]:
        """Template variables."""
        return (self.raw.get("templating") or {}).get("list") or ()

    def variable(self, name: str) -> Mapping[str, Any] | None:
        """The template variable of that name, or ``None``."""
        return next((each for each in self.variables if each.get("name") == name), None)

    def _targets(self) -> Iterator[Target]:
        for panel in self.data_panels:
            for raw in panel.get("targets") or ():
                where = f"panel {panel.get('title')!r}, query {raw.get('refId', '?')}"
                readable = _kind(raw) != "loki"
                yield Target(where, raw, parse_expression(raw.get("expr", "")) if readable else Expression())


Rule = Callable[[Subject], Iterator[Problem]]
"""A lint rule: all problems of one kind in a dashboard."""

_WITHOUT_DATA = frozenset({"alertlist", "dashlist", "news", "row", "text"})


def _kind(raw: Mapping[str, Any]) -> str:
    return str((raw.get("datasource") or {}).get("type", ""))
