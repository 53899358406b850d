"""Metric families of the toolkit itself: logs, redaction, spans, the SLO tracker, the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.families.buckets import SHORT
from exai_sre.metrics.family import Counter, Gauge, Histogram
from exai_sre.metrics.instrument import Chart, Label, NotCharted
from exai_sre.names import LabelName, Metric
from exai_sre.outcome import Outcome

__all__ = ["ProcessMetrics", "TelemetryMetrics", "TrackerMetrics"]

_PUSH_OUTCOMES = (Outcome.OK.value, Outcome.UPSTREAM_ERROR.value)
_LEVELS = ("critical", "debug", "error", "info", "warning")


@dataclass(frozen=True, slots=True)
class TelemetryMetrics:
    """Bound to one catalog: what the toolkit's own telemetry did.

    Attributes:
        log_events: log lines written, by level.
        log_dropped: log lines left out, by reason.
        redactions: values replaced by a marker, by rule.
        redaction_errors: values dropped because the sanitizer failed on them.
        rejected_ids: inbound ids that were not taken over, by reason.
        spans: spans started, by whether they were recorded.
        pushes: pushes of the metrics to a collector, by outcome.
    """

    log_events: Counter
    log_dropped: Counter
    redactions: Counter
    redaction_errors: Counter
    rejected_ids: Counter
    spans: Counter
    pushes: Counter

    @classmethod
    def declare(cls, catalog: Catalog) -> TelemetryMetrics:
        """Declare the families in ``catalog``."""
        reason = Label(LabelName.REASON, bound=20)
        metrics = cls(
            log_events=catalog.counter(
                Metric.LOG_EVENTS,
                "Log lines written.",
                labels=(Label(LabelName.LEVEL, values=_LEVELS),),
                chart=Chart("overview", "Log lines", "rate", by=(LabelName.LEVEL,)),
            ),
            log_dropped=catalog.counter(
                Metric.LOG_DROPPED,
                "Log lines left out, by reason.",
                labels=(reason,),
                chart=Chart("overview", "Dropped log lines", "rate", by=(LabelName.REASON,)),
            ),
            redactions=catalog.counter(
                Metric.REDACTIONS,
                "Values replaced by a marker before they left the process.",
                labels=(Label(LabelName.RULE, bound=100),),
                chart=Chart("overview", "Redactions", "rate", by=(LabelName.RULE,)),
            ),
            redaction_errors=catalog.counter(
                Metric.REDACTION_ERRORS,
                "Values dropped because the sanitizer failed on them.",
                chart=Chart("overview", "Redaction errors", "rate"),
            ),
            rejected_ids=catalog.counter(
                Metric.REJECTED_IDS,
                "Inbound correlation ids and trace contexts that were not taken over.",
                labels=(reason,),
                chart=NotCharted("a hint for integrators, not a symptom"),
            ),
            spans=catalog.counter(
                Metric.SPANS,
                "Operations by whether their span was recorded.",
                labels=(Label(LabelName.DECISION, values=("late", "sampled", "unsampled")),),
                chart=NotCharted("sampling is configuration; its effect shows in the trace store"),
            ),
            pushes=catalog.counter(
                Metric.METRIC_PUSHES,
                "Pushes of the metrics to an OpenTelemetry collector.",
                labels=(Label(LabelName.OUTCOME, values=_PUSH_OUTCOMES),),
                chart=Chart("overview", "Metric pushes", "rate", by=(LabelName.OUTCOME,)),
            ),
        )
        metrics.log_events.ensure()
        metrics.redaction_errors.ensure()
        metrics.spans.ensure()
        metrics.log_dropped.ensure(**{LabelName.REASON: ("queue_full", "write_failed")})
        return metrics


@dataclass(frozen=True, slots=True)
class TrackerMetrics:
    """Bound to one catalog: the SLO tracker's view from this replica.

    Attributes:
        budget_remaining: share of the error budget left in the SLO's window; below 0 when overspent.
        burn_rate: budget spent per budget allowed, by window.
        coverage: share of the SLO's window that this replica has seen.
        tick_duration: one reading of all SLOs, seconds.
    """

    budget_remaining: Gauge
    burn_rate: Gauge
    coverage: Gauge
    tick_duration: Histogram

    @classmethod
    def declare(cls, catalog: Catalog, windows: Sequence[str] = ("5m", "1h", "6h")) -> TrackerMetrics:
        """Declare the families in ``catalog``; ``windows`` are the burn-rate windows exported."""
        slo = Label(LabelName.SLO, bound=200)
        return cls(
            budget_remaining=catalog.gauge(
                Metric.SLO_BUDGET_REMAINING,
                "Share of the error budget left, as this replica sees it.",
                across="min",
                labels=(slo,),
                unit="ratio",
                chart=Chart("slo-detail", "Budget left, this replica", "value", by=(LabelName.SLO,)),
            ),
            burn_rate=catalog.gauge(
                Metric.SLO_BURN_RATE,
                "Burn rate by window, as this replica sees it.",
                across="max",
                labels=(slo, Label(LabelName.WINDOW, values=tuple(windows))),
                unit="ratio",
                chart=Chart("slo-detail", "Burn rate, this replica", "value", by=(LabelName.SLO, LabelName.WINDOW)),
            ),
            coverage=catalog.gauge(
                Metric.TRACKER_COVERAGE,
                "Share of the SLO window that this replica has seen.",
                across="max",
                labels=(slo,),
                unit="ratio",
                chart=Chart("slo-detail", "Coverage, this replica", "value", by=(LabelName.SLO,)),
            ),
            tick_duration=catalog.histogram(
                Metric.TRACKER_TICK_DURATION,
                "Duration of one reading of all SLOs.",
                buckets=SHORT,
                chart=Chart("slo-detail", "Tracker tick", "quantiles"),
            ),
        )


@dataclass(frozen=True, slots=True)
class ProcessMetrics:
    """Bound to one catalog: the process and its event loop.

    Attributes:
        cpu: CPU time spent, seconds.
        memory: resident memory, bytes.
        start_time: start, seconds since the Unix epoch.
        open_fds: open file descriptors.
        loop_lag: how late the event loop ran a timer, seconds.
        build_info: always 1, with the version as label.
    """

    cpu: Counter
    memory: Gauge
    start_time: Gauge
    open_fds: Gauge
    loop_lag: Histogram
    build_info: Gauge

    @classmethod
    def declare(cls, catalog: Catalog) -> ProcessMetrics:
        """Declare the families in ``catalog``."""
        return cls(
            cpu=catalog.counter(
                Metric.PROCESS_CPU,
                "CPU time spent by the process.",
                unit="seconds",
                chart=Chart("overview", "CPU", "rate"),
            ),
            memory=catalog.gauge(
                Metric.PROCESS_MEMORY,
                "Resident memory of the process.",
                unit="bytes",
                chart=Chart("overview", "Resident memory", "value"),
            ),
            start_time=catalog.gauge(
                Metric.PROCESS_START_TIME,
                "Start of the process since the Unix epoch.",
                across="min",
                unit="seconds",
                chart=NotCharted("a constant; restarts show in the uptime of the live page"),
            ),
            open_fds=catalog.gauge(
                Metric.PROCESS_OPEN_FDS,
                "Open file descriptors.",
                chart=Chart("overview", "Open file descriptors", "value"),
            ),
            loop_lag=catalog.histogram(
                Metric.EVENT_LOOP_LAG,
                "How late the event loop ran a timer.",
                buckets=SHORT,
                chart=Chart("overview", "Event loop lag", "quantiles"),
            ),
            build_info=catalog.gauge(
                Metric.BUILD_INFO,
                "Always 1; the version is the label.",
                across="max",
                labels=(Label(LabelName.VERSION, bound=5),),
                chart=NotCharted("a constant; joined to other series where the version matters"),
            ),
        )
