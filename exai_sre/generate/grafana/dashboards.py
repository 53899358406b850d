"""Which dashboards there are and what stands on them, from the catalog and the SLOs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.grafana.charts import SCRAPED, chart_panels
from exai_sre.generate.grafana.identity import dashboard_uid
from exai_sre.generate.grafana.model import Annotation, Dashboard, Panel, Query, Row, Variable
from exai_sre.generate.grafana.slo_panels import detail_rows, verdict_panel
from exai_sre.generate.series import Series, SlothLabel
from exai_sre.metrics import Catalog, Chart, Instrument
from exai_sre.names import Metric
from exai_sre.slo.model import Slo

__all__ = ["compile_dashboards"]

_OVERVIEW: Final = "overview"
_DETAIL: Final = "slo-detail"

_SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "Traffic and errors": (
        Metric.MCP_OPERATION_DURATION,
        Metric.HTTP_SERVER_DURATION,
        Metric.MCP_CANCELLATIONS,
        Metric.MCP_AGENT_LOOPS,
        Metric.MCP_AGENT_LOOP_CALLS,
    ),
    "Latency": (Metric.MCP_ADDED_LATENCY, Metric.DB_OPERATION_DURATION),
    "In flight and connections": (Metric.MCP_IN_FLIGHT, Metric.WEBSOCKET_OPEN, Metric.WEBSOCKET_CONNECTIONS),
    "Answers": (Metric.UPSTREAM_ATTEMPT_DURATION, Metric.GEN_AI_OPERATION_DURATION, Metric.GEN_AI_FIRST_CHUNK),
    "Protection": (
        Metric.BREAKER_STATE,
        Metric.BREAKER_FAILURE_RATE,
        Metric.BREAKER_SLOW_RATE,
        Metric.BREAKER_CALLS,
        Metric.RESILIENCE_DECISIONS,
        Metric.RESILIENCE_DURATION,
        Metric.BULKHEAD_RUNNING,
        Metric.BULKHEAD_WAITING,
        Metric.ADAPTIVE_LIMIT,
        Metric.RETRY_BUDGET,
        Metric.UPSTREAM_FALLBACKS,
    ),
    "Tokens": (
        Metric.GEN_AI_INPUT_TOKENS,
        Metric.GEN_AI_OUTPUT_TOKENS,
        Metric.REQUEST_TOKENS,
        Metric.REQUEST_COST,
    ),
    "Use": (Metric.ACTIVE_USERS, Metric.FEATURE_USES),
    "This replica's tracker": (
        Metric.SLO_BUDGET_REMAINING,
        Metric.SLO_BURN_RATE,
        Metric.TRACKER_COVERAGE,
        Metric.TRACKER_TICK_DURATION,
    ),
    "Process": (Metric.PROCESS_CPU, Metric.PROCESS_MEMORY, Metric.EVENT_LOOP_LAG, Metric.PROCESS_OPEN_FDS),
    "Logs": (
        Metric.LOG_EVENTS,
        Metric.LOG_DROPPED,
        Metric.REDACTIONS,
        Metric.REDACTION_ERRORS,
        Metric.METRIC_PUSHES,
    ),
}
"""Rows by title and, in reading order, the instruments that stand in them."""

_ALERT: Final = f"{{{{alertname}}}} {{{{{SlothLabel.SLO}}}}}"
_ELSEWHERE: Final = "More"

_TEXTS: Final = {
    _OVERVIEW: ("Overview", "Is the service well, since when, how bad, and where to look next."),
    _DETAIL: ("SLO detail", "One objective: how fast its budget burns, what is left, which tier alerts."),
    "upstreams": ("Upstreams", "What each upstream answers, how fast, and what protects the service from it."),
}


def compile_dashboards(slos: Sequence[Slo], catalog: Catalog, *, alerts: Sequence[Alert] = ()) -> list[Dashboard]:
    """Dashboards in the order of their names; one without panels is left out.

    Args:
        slos: the objectives.
        catalog: the instruments, each with its chart.
        alerts: the alerts whose firing is shown on the overview; a heartbeat, which always fires, is left out.
    """
    shown = [alert for alert in alerts if alert.severity != "none"]
    charted: dict[str, list[Instrument]] = {_OVERVIEW: [], _DETAIL: []}
    for instrument in catalog:
        if isinstance(instrument.chart, Chart):
            charted.setdefault(instrument.chart.dashboard, []).append(instrument)
    made = (_compile(name, charted[name], slos, shown) for name in sorted(charted))
    return [dashboard for dashboard in made if dashboard.rows]


def _compile(name: str, instruments: Sequence[Instrument], slos: Sequence[Slo], alerts: Sequence[Alert]) -> Dashboard:
    rows: dict[str, tuple[Panel, ...]] = {}
    if name == _OVERVIEW and slos:
        detail = dashboard_uid(_DETAIL, slos)
        rows["Objectives"] = (*(verdict_panel(slo, detail) for slo in slos), *_firing(alerts))
    if name == _DETAIL and slos:
        rows.update(detail_rows(slos))
    rows.update(_sections(instruments))
    title, description = _TEXTS.get(name, (name.replace("-", " ").capitalize(), f"Instruments charted on {name}."))
    services = sorted({slo.service for slo in slos})
    return Dashboard(
        name=name,
        uid=dashboard_uid(name, slos),
        title=f"{services[0]}: {title}" if len(services) == 1 else title,
        description=description,
        rows=tuple(Row(text, panels) for text, panels in rows.items()),
        variables=_variables(instruments, with_slo=name == _DETAIL and bool(slos)),
        annotations=_annotations(alerts),
        tags=("exai-sre", *services),
    )


def _sections(instruments: Iterable[Instrument]) -> dict[str, tuple[Panel, ...]]:
    placed = {metric: section for section, metrics in _SECTIONS.items() for metric in metrics}
    order = list(placed)
    by_section: dict[str, list[Panel]] = {section: [] for section in (*_SECTIONS, _ELSEWHERE)}
    ranked = sorted(instruments, key=lambda each: order.index(each.name) if each.name in placed else len(order))
    for instrument in ranked:
        by_section[placed.get(instrument.name, _ELSEWHERE)] += chart_panels(instrument)
    return {section: tuple(panels) for section, panels in by_section.items() if panels}


def _variables(instruments: Sequence[Instrument], *, with_slo: bool) -> tuple[Variable, ...]:
    made = [Variable("datasource", "Data source", "datasource", "prometheus")]
    if instruments:
        anchor = _anchor(instruments)
        made += [
            Variable("job", "Job", "query", f"label_values({anchor}, job)", many=True),
            Variable("instance", "Instance", "query", f"label_values({anchor}{{{SCRAPED[0]}}}, instance)", many=True),
        ]
    if with_slo:
        made.append(Variable("slo", "SLO", "query", f"label_values({Series.OBJECTIVE}, {SlothLabel.ID})"))
    return tuple(made)


def _anchor(instruments: Sequence[Instrument]) -> str:
    """The cheapest series that every target has: fewest labels first."""
    cheapest = min(instruments, key=lambda each: (len(each.labels), each.kind != "gauge", each.name))
    return cheapest.series_names[1] if cheapest.kind == "histogram" else cheapest.name


def _alerts_expr(alerts: Sequence[Alert]) -> str:
    names = "|".join(sorted({alert.name for alert in alerts}))
    return f'ALERTS{{alertstate="firing", alertname=~"{names}"}}'


def _firing(alerts: Sequence[Alert]) -> tuple[Panel, ...]:
    if not alerts:
        return ()
    expr = f"max by (alertname, severity, {SlothLabel.SLO}) ({_alerts_expr(alerts)})"
    return (
        Panel(
            key="alerts",
            title="Firing alerts",
            description="When each alert fired; an empty panel means that none did.",
            kind="state-timeline",
            queries=(Query(expr, f"{{{{severity}}}} {_ALERT}"),),
            states=(("inactive", "green"), ("firing", "red")),
            empty="none",
            width=24,
        ),
    )


def _annotations(alerts: Sequence[Alert]) -> tuple[Annotation, ...]:
    return (Annotation("Firing alerts", _alerts_expr(alerts), _ALERT, "red"),) if alerts else ()
