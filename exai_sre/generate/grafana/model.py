"""The panel model: what a dashboard says, before any tool's JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Annotation",
    "Dashboard",
    "Kind",
    "Link",
    "Override",
    "Panel",
    "Query",
    "Row",
    "Threshold",
    "Variable",
]

Kind = Literal["timeseries", "stat", "state-timeline", "heatmap", "text"]
"""Panel types, by Grafana's names."""


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL query of a panel.

    Attributes:
        expr: the query; Grafana's variables may stand in it.
        legend: name of the resulting lines, with ``{{label}}`` for a label's value.
        instant: whether only the newest value is asked for.
        heatmap: whether the result is a set of histogram buckets.
    """

    expr: str
    legend: str = ""
    instant: bool = False
    heatmap: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """A colour from a value upwards.

    Attributes:
        value: lowest value of the colour, in the panel's unit; ``None`` for the base colour.
        color: a colour by Grafana's name.
    """

    value: float | None
    color: str


@dataclass(frozen=True, slots=True)
class Override:
    """Field settings of one query that differ from the panel's.

    Attributes:
        query: position of the query in the panel, from 0.
        unit: unit by Grafana's name.
        thresholds: colours by value; the base first.
    """

    query: int
    unit: str
    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A link from a panel to where to look next.

    Attributes:
        title: what the reader finds there.
        url: path within Grafana or a full address.
    """

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        key: name that stays when the title changes; the panel's id comes from it.
        title: title.
        description: what the panel shows and how to read it.
        kind: panel type.
        unit: unit by Grafana's name.
        queries: queries in the order of their letters A, B, ...
        thresholds: colours by value; the base first.
        line: whether thresholds are drawn as lines.
        states: for ``state-timeline``, text and colour of each value from 0 on.
        overrides: settings of single queries.
        links: where to look next.
        decimals: digits after the point; ``None`` leaves it to Grafana.
        empty: text shown where there is no data.
        content: Markdown of a ``text`` panel.
        width: columns of 24.
        height: rows of 30 pixels.
        metrics: names of the catalog's instruments that the panel charts.
    """

    key: str
    title: str
    description: str
    kind: Kind
    unit: str = "none"
    queries: tuple[Query, ...] = ()
    thresholds: tuple[Threshold, ...] = (Threshold(None, "green"),)
    line: bool = False
    states: tuple[tuple[str, str], ...] = ()
    overrides: tuple[Override, ...] = ()
    links: tuple[Link, ...] = ()
    decimals: int | None = None
    empty: str = ""
    content: str = ""
    width: int = 8
    height: int = 8
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row of panels.

    Attributes:
        title: title; the row's id comes from it.
        panels: panels from left to right, top to bottom.
    """

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A template variable.

    Attributes:
        name: name, as in ``$name``.
        label: what the reader sees.
        kind: ``datasource`` or ``query``.
        query: data source type, or a Prometheus label query.
        many: whether several values, or all, may be chosen.
    """

    name: str
    label: str
    kind: Literal["datasource", "query"]
    query: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks on the time axis of every panel.

    Attributes:
        name: what is marked.
        expr: PromQL whose non-empty result is marked.
        title: text of a mark, with ``{{label}}``.
        color: a colour by Grafana's name.
    """

    name: str
    expr: str
    title: str
    color: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard.

    Attributes:
        name: name of the file without suffix; ids come from it.
        uid: id in Grafana's addresses, stable over changes.
        title: title.
        description: what it answers.
        rows: rows from top to bottom.
        variables: template variables in their order on the page.
        annotations: marks on the time axis.
        tags: words to find it by.
        since: start of the time range shown at first, such as ``now-6h``.
    """

    name: str
    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    tags: tuple[str, ...] = field(default=())
    since: str = "now-6h"

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, row by row."""
        return tuple(panel for row in self.rows for panel in row.panels)
