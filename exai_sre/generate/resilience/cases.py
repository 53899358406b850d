"""Cases that show each resilience alert firing and silent, for promtool."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import AlertCheck, Case, Firing, constant, counter, series_name
from exai_sre.generate.resilience.alerts import REFUSING, Decided, Watched, window_of
from exai_sre.metrics.families.protection import BREAKER_STATES
from exai_sre.names import LabelName, Metric

__all__ = ["resilience_cases"]

_CALM: Final = 40
"""Scrapes before a breaker leaves its state."""

_CALLS: Final = Decimal(100)
"""Decisions between two scrapes of a busy pipeline."""

_ABOVE, _BELOW, _FEW = Decimal("1.1"), Decimal("0.9"), Decimal("0.5")
_ZERO: Final = Decimal(0)


def resilience_cases(alerts: Sequence[Watched], options: RuleOptions) -> list[Case]:
    """The cases of these alerts: each fires where it has to, and is silent just short of that."""
    return [_share(each, options) if each.bad else _breaker(each, options) for each in alerts]


def _breaker(each: Watched, options: RuleOptions) -> Case:
    """The breaker in every state at once, one instance each, beside another breaker that is open."""
    alert, step = each.alert, options.scrape_interval
    length = _CALM + alert.for_ // step + 4

    def series(breaker: str, state: int) -> tuple[str, str]:
        labels = {LabelName.BREAKER: breaker, "instance": BREAKER_STATES[state]}
        name = series_name(Metric.BREAKER_STATE, labels)
        return name, constant((_ZERO, _CALM), (Decimal(state), length - _CALM)) if state else constant((_ZERO, length))

    rows = dict(series(each.subject, state) for state in range(len(BREAKER_STATES)))
    rows |= dict([series(f"{each.subject}-other", REFUSING[0])])
    firing = [
        Firing(alert, {LabelName.BREAKER: each.subject, "instance": BREAKER_STATES[state]})
        for state in sorted(REFUSING, key=lambda state: BREAKER_STATES[state])
    ]
    due = _CALM + alert.for_ // step
    return Case(
        f"{alert.name}: a breaker that stays open, half open or forced open; not in other states, not for less long",
        step,
        rows,
        [
            AlertCheck(_CALM * step, alert.name),
            AlertCheck((due - 1) * step, alert.name),
            AlertCheck((due + 1) * step, alert.name, firing),
        ],
    )


def _share(each: Watched, options: RuleOptions) -> Case:
    """A few decisions, all bad; then a tenth less than the share; then a tenth more. Another pipeline beside it."""
    alert, step = each.alert, options.scrape_interval
    window = window_of(options) // step
    length = window + alert.for_ // step + 4
    few = Decimal(each.least) * _FEW / window
    share = Decimal(str(each.share))
    phases = [(few, few), (_CALLS * share * _BELOW, _CALLS), (_CALLS * min(Decimal(1), share * _ABOVE), _CALLS)]
    ends = [(length * number - 1) * step for number in range(1, len(phases) + 1)]
    firing = [Firing(alert, {LabelName.PIPELINE: each.subject})]
    return Case(
        f"{alert.name}: fires a tenth above its share; not a tenth below, nor on a few, nor for another pipeline",
        step,
        {**_rows(each, each.subject, phases, length), **_rows(each, f"{each.subject}-other", phases[-1:] * 3, length)},
        [AlertCheck(at, alert.name, firing if at == ends[-1] else ()) for at in ends],
    )


def _rows(each: Watched, pipeline: str, phases: Sequence[tuple[Decimal, Decimal]], length: int) -> dict[str, str]:
    """Decisions in phases of ``length`` scrapes: how many of how many are bad, shared out evenly over their kinds."""
    shares = dict.fromkeys(each.bad, Decimal(1) / len(each.bad))
    if each.echo is not None:
        shares[each.echo] = Decimal(1)
    rows = {
        _name(pipeline, decided): counter(*((_cut(bad * share), length) for bad, _ in phases))
        for decided, share in shares.items()
    }
    rows[_name(pipeline, each.rest)] = counter(*((_cut(all_ - bad), length) for bad, all_ in phases))
    return rows


def _name(pipeline: str, decided: Decided) -> str:
    labels = {
        LabelName.PIPELINE: pipeline,
        LabelName.STRATEGY: decided.strategy,
        LabelName.DECISION: decided.decision,
    }
    return series_name(Metric.RESILIENCE_DECISIONS, labels)


def _cut(rate: Decimal) -> Decimal:
    return rate.quantize(Decimal("0.0001"))
