"""What is asked of Prometheus about each SLO: its id, objective, window, tiers and the metrics it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from exai_sre.backtest.prometheus_api import PrometheusApi
from exai_sre.generate.checks.promql import Selector, parse_query
from exai_sre.generate.failure_gate import counts_failures
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.series import Series, SlothLabel
from exai_sre.generate.sli_rules import meta_rules, sli_rules
from exai_sre.slo.calendar_window import window_start
from exai_sre.slo.model import BurnTier, Calendar, Slo
from exai_sre.slo.tiers import tiers_for, with_min_failures
from exai_sre.slo.windows import DAY

__all__ = ["Promise", "promise_of", "promises_in"]


@dataclass(frozen=True, slots=True)
class Promise:
    """One SLO as Prometheus is asked about it.

    Attributes:
        id: value of the ``sloth_id`` label.
        objective: share of good events promised (0..1), exact.
        window: seconds.
        tiers: burn tiers that can fire.
        group_by: labels that tell groups apart; ``None`` where only Prometheus's series tell.
        metrics: names of the metrics that its rules count; empty where they are not known.
        labels: pairs of metric and label of which its rules want certain values.
        calendar: where the window is one of the calendar; ``window`` is then its nominal length.
    """

    id: str
    objective: Decimal
    window: int
    tiers: tuple[BurnTier, ...]
    group_by: tuple[str, ...] | None = ()
    metrics: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    calendar: Calendar | None = None

    @property
    def budget(self) -> Decimal:
        """Share of events that may be bad, exact."""
        return 1 - self.objective

    def elapsed(self, at: float) -> int:
        """Seconds of the window up to a moment: all of a rolling one, what has passed of one of the calendar."""
        return self.window if self.calendar is None else max(int(at - window_start(self.calendar, at)), 1)


def promise_of(slo: Slo, options: RuleOptions | None = None) -> Promise:
    """What is asked about an SLO whose definition is known.

    Raises:
        MissingExtraError: promql-parser is not installed.
        SpecError: the SLO cannot be compiled.
    """
    # Shares are no events, so a least number of them means nothing; the alerts see it the same way.
    tiers = slo.tiers if counts_failures(slo) else with_min_failures(slo.tiers, fastest=0, rest=0)
    chosen = _selectors(slo, options or RuleOptions())
    metrics = {name for selector in chosen for name in _names(selector)}
    labels = {(name, label) for selector in chosen for name in _names(selector) for label in _wanted(selector)}
    return Promise(
        slo.id,
        slo.objective,
        slo.window,
        tiers,
        slo.group_by,
        tuple(sorted(metrics)),
        tuple(sorted(labels)),
        slo.calendar,
    )


def _selectors(slo: Slo, options: RuleOptions) -> list[Selector]:
    """What the rules of an SLO read and do not record themselves."""
    rules = [*sli_rules(slo, options), *meta_rules(slo)]
    recorded = {rule["record"] for rule in rules}
    found = [selector for rule in rules for selector in parse_query(rule["expr"]).selectors]
    return [selector for selector in found if recorded.isdisjoint(_names(selector))]


def _wanted(selector: Selector) -> Iterator[str]:
    """Labels of which a selector wants a value; one that a label must not have is no proof of the label."""
    for match in selector.matches:
        if match.label != "__name__" and match.op in ("=", "=~") and match.value:
            yield match.label


def _names(selector: Selector) -> Iterator[str]:
    if selector.series:
        yield selector.series
    yield from (match.value for match in selector.matches if match.label == "__name__" and match.op == "=")


def promises_in(api: PrometheusApi, at: float | None = None) -> list[Promise]:
    """The SLOs of which Prometheus has an objective recorded, ordered by id.

    What they count is not known here, so a misspelt metric shows only by the data that it does not give.

    Args:
        api: the Prometheus.
        at: seconds since the Unix epoch; Prometheus's now by default.

    Raises:
        PrometheusError: Prometheus did not answer.
    """
    days = {sample.labels.get(SlothLabel.ID, ""): sample.value for sample in api.query(Series.PERIOD, at)}
    found = {
        promise.id: promise
        for sample in api.query(Series.OBJECTIVE, at)
        if (promise := _recorded(sample.labels.get(SlothLabel.ID, ""), sample.value, days))
    }
    return [found[name] for name in sorted(found)]


def _recorded(name: str, objective: float, days: dict[str, float]) -> Promise | None:
    exact, window = Decimal(repr(objective)), round(days.get(name, 0.0) * DAY)
    if not name or not 0 < exact < 1 or window <= 0:
        return None
    budget = 1 - exact
    tiers = tuple(tier for tier in tiers_for(window) if tier.threshold(budget) < 1)
    return Promise(name, exact, window, tiers, None)
