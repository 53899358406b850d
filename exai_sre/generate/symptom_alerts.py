"""The symptom alerts, one function each.

Pages speak of what users feel; causes (a breaker, a slow minute) become tickets. Windows and
waiting times are multiples of the scrape interval, so the same alert is quick where scrapes are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from exai_sre.generate.alert import Alert, Guidance
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promql import le_text, selector
from exai_sre.metrics import Matcher
from exai_sre.metrics.families.protection import BREAKER_STATES
from exai_sre.names import LabelName, Metric
from exai_sre.outcome import Outcome
from exai_sre.slo.windows import format_duration

__all__ = [
    "MINIMUM_CALLS",
    "MINIMUM_FAILURES",
    "SLOWEST_P95",
    "WATCHDOG",
    "DashboardPath",
    "added_latency_high",
    "circuit_breaker_open",
    "target_down",
    "upstream_failing",
    "watchdog",
]

MINIMUM_FAILURES: Final = 3
"""Failed attempts below which no upstream is called failing: one failure among few calls is no outage."""

MINIMUM_CALLS: Final = 20
"""Calls in the window below which a quantile says nothing."""

SLOWEST_P95: Final = 1.0
"""Seconds that the server may add at the 95th percentile before the readiness checklist calls it degraded."""

WATCHDOG: Final = "Watchdog"
"""Name of the alert that always fires; routed to a dead man's switch."""

DashboardPath = Callable[[str], str]
"""From a dashboard's name to its path, such as ``/d/exai-mcp-overview``."""

_EXCLUDED = Matcher(LabelName.OUTCOME, tuple(outcome.value for outcome in Outcome if outcome.excluded), negated=True)
_BAD = Matcher(LabelName.OUTCOME, tuple(outcome.value for outcome in Outcome if outcome.bad))
_SLOW_WINDOW = 300


def upstream_failing(options: RuleOptions, dashboard: DashboardPath) -> Alert:
    """Most attempts at an upstream fail: a page, and the fastest alert there is."""
    window = format_duration(options.symptom_window)
    failed = _attempts(_BAD, "rate", window)
    alert = Alert(
        name="UpstreamMostAttemptsFail",
        expr=f"{failed}\n/\n{_attempts(_EXCLUDED, 'rate', window)}\n> 0.5\n"
        f"and\n{_attempts(_BAD, 'increase', window)} >= {MINIMUM_FAILURES}",
        severity="page",
        guidance=Guidance(
            meaning="More than half of the attempts at one upstream fail. Users feel it unless the other upstream "
            "takes over, and then with less capacity.",
            steps=(
                "See on the upstreams dashboard which outcome rises: `upstream_error` (it answers with errors or "
                "not at all), `timeout` (it is too slow) or `error` (we break its answers).",
                "Ask the provider's status page and try one request by hand with the same key.",
                "If requests are refused for the key or the quota, renew it; if the provider is down, leave it to "
                "the breaker and to fallback, and watch the objective of completions with fallback.",
            ),
            background="Reads single attempts, so that neither retry nor fallback hides the fault. It stays for "
            "eight scrapes after the last failure, because an open breaker stops the attempts that it reads.",
        ),
        topic="upstreams",
        keep_firing_for=2 * options.patience,
    )
    return alert.made(
        options,
        f"Most attempts at {{{{ $labels.{LabelName.PROVIDER} }}}} fail",
        f"More than half of the attempts at {{{{ $labels.{LabelName.PROVIDER} }}}} in the last {window} failed, and "
        f"at least {MINIMUM_FAILURES} of them.",
        dashboard("upstreams"),
    )


def _attempts(matcher: Matcher, function: str, window: str) -> str:
    counted = selector(Metric.UPSTREAM_ATTEMPT_DURATION, (matcher,), "_count")
    return f"sum by ({LabelName.PROVIDER}) ({function}({counted}[{window}]))"


def circuit_breaker_open(options: RuleOptions, dashboard: DashboardPath) -> Alert:
    """A circuit breaker refuses calls: a ticket, for the page comes from what users feel."""
    first, last = BREAKER_STATES.index("open"), BREAKER_STATES.index("forced_open")
    alert = Alert(
        name="CircuitBreakerOpen",
        expr=f"{Metric.BREAKER_STATE} >= {first} and {Metric.BREAKER_STATE} <= {last}",
        severity="ticket",
        guidance=Guidance(
            meaning="A circuit breaker is open, half open or forced open: calls through it are refused or probed.",
            steps=(
                "See on the upstreams dashboard what failed before it opened.",
                "A forced open breaker was set by hand: find out by whom, and reset it.",
                "Otherwise heal what it guards; it closes by itself after successful probes.",
            ),
            background="A cause, not a symptom: by itself it wakes nobody.",
        ),
        topic="upstreams",
        for_=options.patience,
    )
    return alert.made(
        options,
        f"Circuit breaker {{{{ $labels.{LabelName.BREAKER} }}}} does not admit calls",
        f"The circuit breaker {{{{ $labels.{LabelName.BREAKER} }}}} has not been closed for "
        f"{format_duration(options.patience)}.",
        dashboard("upstreams"),
    )


def added_latency_high(options: RuleOptions, dashboard: DashboardPath) -> Alert:
    """The server itself is slow at the 95th percentile: a ticket."""
    length = max(_SLOW_WINDOW, options.symptom_window)
    window = format_duration(length)
    called = (Matcher(LabelName.MCP_METHOD, ("tools/call",)), _EXCLUDED)
    buckets = selector(Metric.MCP_ADDED_LATENCY, called, "_bucket")
    counted = selector(Metric.MCP_ADDED_LATENCY, called, "_count")
    alert = Alert(
        name="ServerAddedLatencyHigh",
        expr=f"histogram_quantile(0.95, sum by (le) (rate({buckets}[{window}]))) > {le_text(SLOWEST_P95)}\n"
        f"and on ()\nsum(increase({counted}[{window}])) >= {MINIMUM_CALLS}",
        severity="ticket",
        guidance=Guidance(
            meaning="One tool call in twenty waits longer than a second for the server itself, upstreams not counted.",
            steps=(
                "See the event loop's lag and the CPU on the overview dashboard: a blocked loop slows every call.",
                "See the storage queries; the server waits for its own storage.",
                "See the requests in flight: too many at once are a matter of limits.",
            ),
            background="The readiness checklist asks for an alert at a p95 above 1000 ms. The objectives on latency "
            "page when it costs budget.",
        ),
        topic="server",
        for_=options.patience,
    )
    return alert.made(
        options,
        "The server adds more than a second to one call in twenty",
        f"The 95th percentile of the time that the server itself adds to a tool call was above {SLOWEST_P95:g} s over "
        f"{window}.",
        dashboard("overview"),
    )


def target_down(options: RuleOptions, dashboard: DashboardPath) -> Alert:
    """Prometheus cannot scrape the service: a page."""
    job = selector("up", (Matcher("job", (options.job,)),))
    alert = Alert(
        name="ServerTargetDown",
        expr=f"{job} == 0 or absent({job})",
        severity="page",
        guidance=Guidance(
            meaning="Prometheus cannot scrape the service or does not know it: it is down, or its alerts are blind.",
            steps=(
                "Ask `/health` of the service; see whether its process runs and why it ended.",
                "See the target's last error in Prometheus: a wrong address or port shows there.",
                "If the job is missing altogether, Prometheus's scrape configuration was changed.",
            ),
            background="Waits for four scrapes, so that a restart says nothing.",
        ),
        topic="server",
        for_=options.patience,
    )
    return alert.made(
        options,
        f"The service {options.job} cannot be scraped",
        f"A target of the job {options.job} has been down or missing for {format_duration(options.patience)}.",
        dashboard("overview"),
    )


def watchdog(options: RuleOptions, _dashboard: DashboardPath) -> Alert:
    """Always fires, so that silence of the whole chain is heard."""
    alert = Alert(
        name=WATCHDOG,
        expr="vector(1)",
        severity="none",
        guidance=Guidance(
            meaning="Nothing is wrong: this alert always fires. A dead man's switch alarms when it stops coming.",
            steps=(
                "If the dead man's switch alarms, see whether Prometheus and Alertmanager run and reach each other.",
                "See whether Alertmanager can reach its receivers: its log names the failed notification.",
            ),
        ),
        topic="monitoring",
    )
    return alert.made(
        options, "The alerting chain works", "Always firing; its absence means that alerts do not reach anybody."
    )
