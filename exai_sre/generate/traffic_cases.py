"""Cases that feed an SLO's rules with traffic: a fault, an idle service, a service without errors yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.promtool import AlertCheck, Case, ExprCheck, Firing, counter, series_name
from exai_sre.generate.series import Series, SlothLabel, identity_labels, own_labels, ratio_name
from exai_sre.generate.synthetic import Kind, Verdict
from exai_sre.slo.burn import detection_time
from exai_sre.slo.model import Slo

__all__ = ["CLEAN", "error_rate", "fault_case", "first_error_case", "idle_case", "recorded"]

CLEAN: Final = 3600
"""Seconds of clean traffic before the fault: short, so that the tests are quick; the closed form knows it."""

_MINUTE: Final = 60
_EVENTS: Final = Decimal(1000)
"""Events per minute that count, and of each kind that does not."""
_AFTER: Final = 8
"""Minutes that the case goes on after the last alert."""
_QUIET: Final = 20
"""Minutes of a case in which nothing happens."""
_STEP: Final = Decimal("0.000001")


def recorded(slo: Slo, name: str, **labels: str) -> str:
    """A recorded series of the SLO with all its labels."""
    return series_name(name, {**own_labels(slo), **identity_labels(slo), **labels})


def error_rate(slo: Slo) -> Decimal:
    """Share of bad events during the fault (0..1): half as many again as the fastest tier needs."""
    return min(Decimal(1), max(tier.threshold(slo.budget) for tier in slo.tiers) * 3 / 2)


def fault_case(slo: Slo, burns: Sequence[Alert], silent: Alert, traffic: Sequence[Kind]) -> Case:
    """An hour of clean traffic, then a lasting fault: every tier fires at its time and not before."""
    errors = error_rate(slo)
    due = sorted((_detected(slo, alert, errors), at, alert) for at, alert in enumerate(burns))
    moments = [minute for minute, _, _ in due]
    ends = [*((early + late) / 2 for early, late in pairwise(moments)), moments[-1] + _AFTER]
    start = CLEAN // _MINUTE
    checks = [AlertCheck(CLEAN, burns[0].name), AlertCheck((start + int(ends[-1])) * _MINUTE, silent.name)]
    for count, end in enumerate(ends, 1):
        firing = [Firing(alert) for _, _, alert in due[:count]]
        checks.append(AlertCheck((start + int(end)) * _MINUTE, burns[0].name, firing))
    rates: dict[Verdict, tuple[Decimal, Decimal]] = {
        "good": (_EVENTS, _EVENTS * (1 - errors)),
        "bad": (Decimal(0), _EVENTS * errors),
    }
    return Case(
        f"after an hour of clean traffic, {errors * 100:f} % of bad events fire every tier at its time",
        _MINUTE,
        _series(traffic, rates, start, int(ends[-1]) + 1),
        checks,
    )


def idle_case(slo: Slo, burns: Sequence[Alert], silent: Alert, traffic: Sequence[Kind]) -> Case:
    """A service without traffic: no ratio rather than a wrong one, no alert, and its data is not absent."""
    end, zero = _QUIET * _MINUTE, (Decimal(0), Decimal(0))
    total = recorded(slo, Series.TOTAL)
    return Case(
        "an idle service alerts nobody and has no error ratio",
        _MINUTE,
        _series(traffic, {"good": zero, "bad": zero, "foreign": zero}, _QUIET, 1),
        [AlertCheck(end, burns[0].name), AlertCheck(end, silent.name)],
        [ExprCheck(end, _ratio(slo)), ExprCheck(end, total, {total: 0.0})],
    )


def first_error_case(slo: Slo, traffic: Sequence[Kind]) -> Case:
    """Traffic before the first error, when no error series exists: the ratio is 0, not missing."""
    good = [kind for kind in traffic if kind.verdict == "good"]
    ratio = _ratio(slo)
    return Case(
        "before the first error the error ratio is zero",
        _MINUTE,
        _series(good, {"good": (_EVENTS, _EVENTS)}, _QUIET, 1),
        exprs=[ExprCheck(_QUIET * _MINUTE, ratio, {ratio: 0.0})],
    )


def _ratio(slo: Slo) -> str:
    return recorded(slo, ratio_name("5m"), **{SlothLabel.WINDOW: "5m"})


def _detected(slo: Slo, alert: Alert, errors: Decimal) -> float:
    """Minutes from the fault to the alert."""
    found = detection_time(alert.tier, slo.budget, float(errors), history=CLEAN) if alert.tier else None
    if found is None:
        raise ValueError(f"{alert.title} is no tier that {errors} bad events can fire")
    return found / _MINUTE


def _series(
    traffic: Sequence[Kind], rates: Mapping[Verdict, tuple[Decimal, Decimal]], before: int, after: int
) -> dict[str, str]:
    """Counters of all kinds: ``rates`` gives events per minute before and after the fault."""
    made = {}
    for kind in traffic:
        share = sum(other.verdict == kind.verdict for other in traffic)
        first, then = rates.get(kind.verdict, (_EVENTS * share, _EVENTS * share))
        grows = counter((_per(first, share), before), (_per(then, share), after + 1))
        made.update(dict.fromkeys(kind.series, grows))
        made.update(dict.fromkeys(kind.idle, counter((Decimal(0), before + after + 1))))
    return made


def _per(rate: Decimal, share: int) -> Decimal:
    return (rate / share).quantize(_STEP)
