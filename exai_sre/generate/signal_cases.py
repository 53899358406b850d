"""Cases that drive input series of an SLO that is not about events of counters: gauges, ratios, slices, composites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.no_data_alert import NO_DATA_AFTER
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import AlertCheck, Case, ExprCheck, Firing, close_to
from exai_sre.generate.series import Series, SlothLabel, ratio_name, window_text
from exai_sre.generate.signals import NotSimple, Script, Signal, signals_of
from exai_sre.generate.signals.recorded import Recorded
from exai_sre.generate.signals.shape import Counts
from exai_sre.generate.signals.slices import SliceSignal
from exai_sre.generate.slo_cases import Part, group_labels, recorded_labels
from exai_sre.generate.windows import ratio_windows, window_source
from exai_sre.metrics import Catalog
from exai_sre.slo.indicators import CompositeIndicator, SliceIndicator
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import MINUTE

__all__ = ["presence_case", "signal_case", "undriven"]

_BEGIN: Final = 6
_LEAST: Final = 9
"""Bad evaluations: enough for a window to end among them."""
_LONGEST: Final = 120
"""Evaluations of a window at most that is seen to end."""
_LONGEST_OF_PARTS: Final = 30
"""The same for a composite, which has more rules."""
_HAIRS: Final = (Decimal("0.999999"), Decimal("1.000001"))
_PRESENT: Final = 12
"""Minutes for which there are data."""
_GONE: Final = 30
"""Minutes after them: more than an increase, the look back of a selector and the alert's patience last."""
_STANDS_IN: Final = 25
"""Minute at which something stands in for data that are gone."""


def undriven(slo: Slo, catalog: Catalog | None, options: RuleOptions) -> str:
    """Why the input series of an SLO are not made up; empty where they are."""
    try:
        signals_of(slo, _script(slo, options), catalog)
    except NotSimple as error:
        return str(error)
    return "" if BASE % options.slo_interval == 0 else "its rules are not evaluated a whole number of times in 5m"


def signal_case(slo: Slo, alerts: Sequence[Alert], catalog: Catalog | None, options: RuleOptions) -> Case:
    """Good input, some bad, then good again: each window holds its own part of it, and tiers fire by that."""
    script = _script(slo, options)
    signals = signals_of(slo, script, catalog)
    recorded = Recorded(slo, signals, options)
    series = {name: values for signal in signals.values() for name, values in signal.series().items()}
    ends = script.begin + script.length
    moments, looks = (script.begin + 3, ends, ends + 2), _looks(slo, script, options)
    whole = Part(slo, added=next(iter(signals.values())).labels)
    checks = _part_checks(
        whole,
        {at: recorded.base(at) for at in moments},
        {look: recorded.ratio(*look) for look in looks},
        script,
    )
    for name in signals if isinstance(slo.indicator, CompositeIndicator) else ():
        checks += _part_checks(
            Part(slo, name),
            {at: recorded.base_of(name, at) for at in moments},
            {look: recorded.part(name, *look) for look in looks},
            script,
        )
    silent = [AlertCheck(script.last * script.step, alert.name) for alert in alerts if alert.kind == "no-data"]
    return Case(
        "what comes in is counted in each window, and fires the tiers that it should",
        script.step,
        series,
        [*_moments_of(slo, alerts, recorded, script, next(iter(signals.values()))), *silent],
        checks,
    )


def presence_case(slo: Slo, silent: Alert, catalog: Catalog | None) -> Case:
    """Data for some minutes, and then none: only then are they missing."""
    signals = signals_of(slo, Script(MINUTE, _PRESENT, 0, _PRESENT), catalog)
    series = {name: values for signal in signals.values() for name, values in signal.series().items()}
    checks = []
    sliced = any(isinstance(signal, SliceSignal) for signal in signals.values())
    if slo.missing != "excluded" and not slo.group_by and not sliced:
        total = Decimal(len(signals))
        at, labels = _STANDS_IN * MINUTE, recorded_labels(slo)
        checks.append(close_to(at, Series.TOTAL, labels, total))
        checks.append(close_to(at, Series.ERRORS, labels, total if slo.missing == "bad" else Decimal(0)))
    return Case(
        "an SLO has data while its input is there, and none when it is gone",
        MINUTE,
        series,
        [
            AlertCheck(_PRESENT * MINUTE, silent.name),
            AlertCheck((_PRESENT + _GONE) * MINUTE + NO_DATA_AFTER, silent.name, [Firing(silent)]),
        ],
        checks,
    )


def _script(slo: Slo, options: RuleOptions) -> Script:
    step, indicator = options.slo_interval, slo.indicator
    composite = isinstance(indicator, CompositeIndicator)
    parts = [part.indicator for part in indicator.components] if isinstance(indicator, CompositeIndicator) else []
    slices = [part.length // step for part in (indicator, *parts) if isinstance(part, SliceIndicator)]
    length = max(_LEAST, 2 * max(slices, default=0) + 3)
    return Script(step, _BEGIN, length, _BEGIN + length + (_LONGEST_OF_PARTS if composite else _LONGEST))


def _part_checks(
    part: Part, counts: Mapping[int, Counts | None], ratios: Mapping[tuple[int, int], Fraction | None], script: Script
) -> list[ExprCheck]:
    """Recorded counts of five minutes by evaluation, and error ratios by window and evaluation."""
    checks = []
    for at, found in counts.items():
        for series, value in zip((Series.ERRORS, Series.TOTAL), found or (), strict=False):
            checks.append(close_to(at * script.step, part.name(series), part.labels, _decimal(value)))
    for (window, at), ratio in ratios.items():
        if ratio is not None:
            labels = {**part.labels, SlothLabel.WINDOW: window_text(window)}
            checks.append(close_to(at * script.step, part.name(ratio_name(window)), labels, _decimal(ratio)))
    return checks


def _looks(slo: Slo, script: Script, options: RuleOptions) -> list[tuple[int, int]]:
    """Windows with evaluations just after the start, and when the bad stretch has begun, ended, and half left them."""
    looks, middle = [], script.begin + script.length // 2
    for window in ratio_windows(slo):
        source = window_source(slo, window, options.windows)
        if source != "tiles":
            leaving = middle + window // script.step
            looks += [(window, 1), (window, middle), (window, script.begin + script.length)]
            looks.append((window, leaving if source != "increases" and leaving <= script.last else script.last))
    return looks


def _moments_of(
    slo: Slo, alerts: Sequence[Alert], recorded: Recorded, script: Script, signal: Signal
) -> list[AlertCheck]:
    """What fires at each evaluation that changes it, and at the one before: unless rounding decides."""
    burns = [(alert, alert.tier) for alert in alerts if alert.tier]
    rows = [
        [tuple(recorded.fires(tier, at, hair) for _, tier in burns) for at in range(script.last + 1)] for hair in _HAIRS
    ]
    sure = [low == high for low, high in zip(*rows, strict=True)]
    row = rows[0]
    changes = [at for at in range(1, len(row)) if row[at] != row[at - 1]]
    moments = sorted({*changes, *(at - 1 for at in changes), script.last})
    checks = []
    labels = {**group_labels(slo), **signal.labels}
    for at in (moment for moment in moments if sure[moment]):
        firing = [alert for (alert, _), fires in zip(burns, row[at], strict=True) if fires]
        for name in dict.fromkeys(alert.name for alert, _ in burns):
            fires = [Firing(alert, labels) for alert in firing if alert.name == name]
            checks.append(AlertCheck(at * script.step, name, fires))
    return checks


def _decimal(ratio: Fraction) -> Decimal:
    return (Decimal(ratio.numerator) / ratio.denominator).quantize(Decimal("1e-9"))
