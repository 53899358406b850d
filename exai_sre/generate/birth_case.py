"""The case of counters that are first seen with a value: it counts, although nothing increased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import Case, ExprCheck, close_to, counter
from exai_sre.generate.series import Series, SlothLabel, ratio_name, window_text
from exai_sre.generate.slo_cases import recorded_labels
from exai_sre.generate.synthetic import relabelled
from exai_sre.generate.synthetic_kind import Kind
from exai_sre.generate.traffic_cases import FEW, counters_of
from exai_sre.generate.windows import ratio_windows, window_source
from exai_sre.slo.model import Slo

__all__ = ["birth_cases"]

_BORN: Final = 10
"""Evaluation at which the counters are first seen."""
_BEGINS_WITH: Final = 1
"""Events that a counter begins with: the least that there can be."""
_BURST: Final = 1
"""Events of counters that have been there all the time, just after the birth of the others."""
_LONGEST: Final = 160
"""Evaluations of the case at most: shorter windows are looked at, longer ones are summed from recordings."""
_LATER: Final = {"replica": "later"}
_STEADY: Final = {"replica": "steady"}


def birth_cases(slo: Slo, traffic: Sequence[Kind], options: RuleOptions) -> list[Case]:
    """Hardly any good and bad events; then a few of each, and new counters of every kind appear with a value.

    None where every window is longer than such a case.
    """
    step, looks = options.slo_interval, _looks(slo, options)
    if not looks:
        return []
    length = max(at for _, at in looks) + 1
    checks = _births_of(slo, step)
    for window, at in looks:
        errors, every = _counts(window, at, step)
        labels = recorded_labels(slo)
        if window == BASE:
            checks.append(close_to(at * step, Series.ERRORS, labels, errors))
            checks.append(close_to(at * step, Series.TOTAL, labels, every))
        ratio = (errors / every).quantize(Decimal("1e-9"))
        checks.append(
            close_to(at * step, ratio_name(window), {**labels, SlothLabel.WINDOW: window_text(window)}, ratio)
        )
    series = _series(traffic, length)
    return [Case("the first bad events count, although their counters begin with them", step, series, exprs=checks)]


def _series(traffic: Sequence[Kind], length: int) -> Mapping[str, str]:
    """One good and one bad kind that are there all the time; then all foreign ones and one each of the others."""
    good = [kind for kind in traffic if kind.verdict == "good"]
    bad = next(kind for kind in traffic if kind.verdict == "bad")
    lengths = [_BORN, 1, length - _BORN]
    series = counters_of(good, {"good": [FEW, FEW + _BURST, FEW]}, lengths)
    steady = relabelled(bad, _STEADY)
    series |= dict.fromkeys(steady.series, counter(*zip((FEW, FEW + _BURST, FEW), lengths, strict=True)))
    series |= dict.fromkeys(steady.idle, counter((Decimal(0), length + 1)))
    foreign = [kind for kind in traffic if kind.verdict == "foreign"]
    for kind in (bad, relabelled(good[0], _LATER), *foreign):
        series |= dict.fromkeys(kind.series, f"_x{_BORN} {_BEGINS_WITH}+0x{length - _BORN}")
        series |= dict.fromkeys(kind.idle, f"_x{_BORN} 0+0x{length - _BORN}")
    return series


def _counts(window: int, at: int, step: int) -> tuple[Decimal, Decimal]:
    """Bad and all events of a window; there are as many good as bad ones."""
    age, whole = at - _BORN, window // step
    one = FEW * min(at, whole) + (_BEGINS_WITH if age < whole else 0) + (_BURST if age <= whole else 0)
    return one, 2 * one


def _births_of(slo: Slo, step: int) -> list[ExprCheck]:
    """What is recorded at the birth: one counter of what the indicator names, and one that is not of that kind."""
    labels = recorded_labels(slo)
    both, one = Decimal(2 * _BEGINS_WITH), Decimal(_BEGINS_WITH)
    return [
        close_to(_BORN * step, Series.TOTAL_FIRST, labels, both),
        close_to(_BORN * step, Series.PART_FIRST, labels, one),
    ]


def _looks(slo: Slo, options: RuleOptions) -> list[tuple[int, int]]:
    """Windows with evaluations at which the birth lies within them, and is too old for them."""
    looks = []
    for window in ratio_windows(slo):
        whole = window // options.slo_interval
        if window_source(slo, window, options.windows) in {"raw", "base"} and options.windows == "recorded":
            ages = (whole * 3 // 4, whole * 5 // 4)
            looks += [(window, _BORN + age) for age in ages if age <= _LONGEST]
    return looks
