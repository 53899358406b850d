"""Cases that show each symptom alert firing and silent, by the alert's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promql import le_text
from exai_sre.generate.promtool import AlertCheck, Case, Firing, constant, counter, series_name
from exai_sre.generate.symptom_alerts import MINIMUM_CALLS, MINIMUM_FAILURES, SLOWEST_P95
from exai_sre.metrics.families.protection import BREAKER_STATES
from exai_sre.names import LabelName, Metric
from exai_sre.outcome import Outcome

__all__ = ["symptom_cases"]

_CALM: Final = 40
"""Scrapes before a fault, long enough for every window to be full."""
_AFTER: Final = 60
"""Scrapes from the fault on."""
_ZERO, _ONE, _TEN = Decimal(0), Decimal(1), Decimal(10)


def symptom_cases(alerts: Sequence[Alert], options: RuleOptions) -> list[Case]:
    """The cases of the symptom alerts among ``alerts``."""
    return [case for alert in alerts if alert.name in _CASES for case in _CASES[alert.name](alert, options)]


def _upstream(alert: Alert, options: RuleOptions) -> list[Case]:
    step = options.scrape_interval

    def attempts(provider: str, outcome: Outcome) -> str:
        labels = {LabelName.PROVIDER: provider, LabelName.OUTCOME: outcome.value}
        return series_name(f"{Metric.UPSTREAM_ATTEMPT_DURATION}_count", labels)

    # A provider fails in each bad way, a quarter of the attempts each; another has as many good as bad.
    series = {attempts("down", Outcome.OK): counter((_TEN, _CALM), (_ZERO, _AFTER))}
    for outcome in Outcome:
        if outcome.bad:
            series[attempts("down", outcome)] = counter((_ZERO, _CALM), (_TEN, 8), (_ZERO, _AFTER - 8))
    series |= {
        attempts("half", Outcome.OK): counter((_TEN, _CALM + _AFTER)),
        attempts("half", Outcome.UPSTREAM_ERROR): counter((_TEN, _CALM + _AFTER)),
        attempts("refused", Outcome.OK): counter((_TEN, _CALM + _AFTER)),
        attempts("refused", Outcome.CLIENT_ERROR): counter((_TEN, _CALM), (_TEN * 9, _AFTER)),
        attempts("quiet", Outcome.UPSTREAM_ERROR): counter(
            (_ZERO, _CALM), (_ONE, MINIMUM_FAILURES - 1), (_ZERO, _AFTER)
        ),
    }
    down = [Firing(alert, {LabelName.PROVIDER: "down"})]
    moments = {_CALM: [], _CALM + 4: down, _CALM + 8 + 4 + 6: down, _CALM + _AFTER - 20: []}
    return [
        Case(
            "an upstream whose attempts mostly fail pages, also when a breaker then stops the attempts",
            step,
            series,
            [AlertCheck(at * step, alert.name, firing) for at, firing in moments.items()],
        )
    ]


def _breaker(alert: Alert, options: RuleOptions) -> list[Case]:
    step = options.scrape_interval
    wait = options.patience // step
    states = {name: constant((_ZERO, _CALM), (Decimal(BREAKER_STATES.index(name)), _AFTER)) for name in BREAKER_STATES}
    series = {series_name(Metric.BREAKER_STATE, {LabelName.BREAKER: name}): row for name, row in states.items()}
    firing = [Firing(alert, {LabelName.BREAKER: name}) for name in ("forced_open", "half_open", "open")]
    return [
        Case(
            "a breaker that stays open, half open or forced open is a ticket; other states are not",
            step,
            series,
            [
                AlertCheck(_CALM * step, alert.name),
                AlertCheck((_CALM + wait - 1) * step, alert.name),
                AlertCheck((_CALM + wait + 1) * step, alert.name, firing),
            ],
        )
    ]


def _latency(alert: Alert, options: RuleOptions) -> list[Case]:
    step = options.scrape_interval

    def series(slow: Decimal, fast: Decimal) -> dict[str, str]:
        labels = {LabelName.MCP_METHOD: "tools/call", LabelName.OUTCOME: Outcome.OK.value}
        bounds = {le_text(SLOWEST_P95): fast, le_text(SLOWEST_P95 * 5): fast + slow, "+Inf": fast + slow}
        name = Metric.MCP_ADDED_LATENCY
        grown = {series_name(f"{name}_bucket", {**labels, "le": bound}): grows for bound, grows in bounds.items()}
        grown[series_name(f"{name}_count", labels)] = fast + slow
        return {key: counter((_ZERO, 1), (grows, _CALM + _AFTER)) for key, grows in grown.items()}

    end = (_CALM + _AFTER - 1) * step
    rare = Decimal(MINIMUM_CALLS // 2) / Decimal(300) * step
    return [
        Case(
            "six slow calls in a hundred are a ticket",
            step,
            series(slow=Decimal(6), fast=Decimal(94)),
            [AlertCheck(end, alert.name, [Firing(alert)])],
        ),
        Case(
            "four slow calls in a hundred are not",
            step,
            series(slow=Decimal(4), fast=Decimal(96)),
            [AlertCheck(end, alert.name)],
        ),
        Case("a few calls, all slow, are not", step, series(slow=rare, fast=_ZERO), [AlertCheck(end, alert.name)]),
    ]


def _target(alert: Alert, options: RuleOptions) -> list[Case]:
    step = options.scrape_interval
    up = series_name("up", {"job": options.job, "instance": "one"})
    other = series_name("up", {"job": "another", "instance": "two"})
    late = (_CALM + 6) * step
    down = Firing(alert, {"job": options.job, "instance": "one"})
    return [
        Case(
            "a target that stays down pages; another job's does not",
            step,
            {up: constant((_ONE, _CALM), (_ZERO, _AFTER)), other: constant((_ZERO, _CALM + _AFTER))},
            [
                AlertCheck(_CALM * step, alert.name),
                AlertCheck(late, alert.name, [down]),
            ],
        ),
        Case(
            "a job without any target pages",
            step,
            {other: constant((_ONE, _CALM + _AFTER))},
            [AlertCheck(late, alert.name, [Firing(alert, {"job": options.job})])],
        ),
    ]


def _watchdog(alert: Alert, options: RuleOptions) -> list[Case]:
    checks = [AlertCheck(at * options.scrape_interval, alert.name, [Firing(alert)]) for at in (0, _CALM)]
    return [Case("the heartbeat always fires", options.scrape_interval, {}, checks)]


_CASES: Final[dict[str, Callable[[Alert, RuleOptions], list[Case]]]] = {
    "UpstreamMostAttemptsFail": _upstream,
    "CircuitBreakerOpen": _breaker,
    "ServerAddedLatencyHigh": _latency,
    "ServerTargetDown": _target,
    "Watchdog": _watchdog,
}
