"""Dashboards: the linter's rules, and the reverse: every instrument is charted or says why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from exai_sre.generate.checks.series import recorded_names
from exai_sre.generate.checks.subject import Subject
from exai_sre.generate.finding import Finding
from exai_sre.metrics import Chart

__all__ = ["check_charted", "check_dashboards"]


def check_dashboards(subject: Subject) -> Iterator[Finding]:
    """The rules of :mod:`exai_sre.generate.grafana.lint`; silent where no catalog is known."""
    if subject.catalog is None:
        return
    from exai_sre.generate.grafana import check_dashboard

    recorded = recorded_names(subject)
    for dashboard in subject.dashboards:
        yield from check_dashboard(dashboard.file, dashboard.content, catalog=subject.catalog, recorded=recorded)


def check_charted(subject: Subject) -> Iterator[Finding]:
    """``not-charted``: an exported instrument that no panel shows and that gives no reason."""
    if subject.catalog is None or not subject.dashboards:
        return
    from exai_sre.generate.grafana.lint.expression import parse_expression

    shown = {
        selection.series
        for dashboard in subject.dashboards
        for expr in _expressions(dashboard.content)
        for selection in parse_expression(expr).selections
    }
    folder = PurePath(subject.dashboards[0].file).parent
    for instrument in subject.catalog:
        if isinstance(instrument.chart, Chart) and shown.isdisjoint(instrument.series_names):
            text = f"{instrument.name} is on no panel; generate anew, or declare it NotCharted with a reason"
            yield Finding(str(folder / f"{instrument.chart.dashboard}.json"), 0, "not-charted", text)


def _expressions(node: Any) -> Iterator[str]:
    """Every query of a dashboard, panels within rows included."""
    if isinstance(node, Mapping):
        if isinstance(node.get("expr"), str):
            yield node["expr"]
        for value in node.values():
            yield from _expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from _expressions(value)
