"""The case of counters that are first seen with a value: it counts, although nothing increased."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import Case, ExprCheck, close_to
from exai_sre.generate.series import Series, SlothLabel, ratio_name, window_text
from exai_sre.generate.slo_cases import recorded_labels
from exai_sre.generate.synthetic_kind import Kind
from exai_sre.generate.traffic_cases import FEW, counters_of
from exai_sre.generate.windows import ratio_windows, window_source
from exai_sre.slo.model import Slo

__all__ = ["birth_cases"]

_BORN: Final = 10
"""Evaluation at which the counters are first seen."""
_BEGINS_WITH: Final = 5
"""Events that a counter begins with."""
_LONGEST: Final = 160
"""Evaluations of the case at most: shorter windows are looked at, longer ones are summed from recordings."""


def birth_cases(slo: Slo, traffic: Sequence[Kind], options: RuleOptions) -> list[Case]:
    """Hardly any good events; then a counter of bad events and one of foreign ones appear, with a value.

    None where every window is longer than such a case.
    """
    step, looks = options.slo_interval, _looks(slo, options)
    if not looks:
        return []
    length = max(at for _, at in looks) + 1
    good = [kind for kind in traffic if kind.verdict == "good"]
    bad = next(kind for kind in traffic if kind.verdict == "bad")
    foreign = [kind for kind in traffic if kind.verdict == "foreign"][:1]
    series = counters_of(good, {"good": [FEW]}, [length + 1])
    for kind in (bad, *foreign):
        series |= dict.fromkeys(kind.series, f"_x{_BORN} {_BEGINS_WITH}+0x{length - _BORN}")
        series |= dict.fromkeys(kind.idle, f"_x{_BORN} 0+0x{length - _BORN}")
    labels = recorded_labels(slo)
    checks: list[ExprCheck] = []
    for window, at in looks:
        errors = Decimal(_BEGINS_WITH if (at - _BORN) * step < window else 0)
        every = errors + FEW * min(at, window // step)
        if window == BASE:
            checks += [
                close_to(at * step, Series.ERRORS, labels, errors),
                close_to(at * step, Series.TOTAL, labels, every),
            ]
        ratio = (errors / every).quantize(Decimal("1e-9"))
        of_window = {**labels, SlothLabel.WINDOW: window_text(window)}
        checks.append(close_to(at * step, ratio_name(window), of_window, ratio))
    return [Case("the first bad events count, although their counters begin with them", step, series, exprs=checks)]


def _looks(slo: Slo, options: RuleOptions) -> list[tuple[int, int]]:
    """Windows with evaluations at which the birth lies within them, and is too old for them."""
    looks = []
    for window in ratio_windows(slo):
        whole = window // options.slo_interval
        if window_source(slo, window, options.windows) in {"raw", "base"} and options.windows == "recorded":
            ages = (whole * 3 // 4, whole * 5 // 4)
            looks += [(window, _BORN + age) for age in ages if age <= _LONGEST]
    return looks
