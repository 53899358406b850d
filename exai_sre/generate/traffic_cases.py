"""Cases that feed an SLO's rules with traffic: a fault, an idle service, a service without errors yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.fault_plan import FaultPlan, evaluation_of, plan_fault
from exai_sre.generate.measure import names_bad
from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import AlertCheck, Case, ExprCheck, Firing, close_to, counter
from exai_sre.generate.series import Series, SlothLabel, ratio_name, window_text
from exai_sre.generate.slo_cases import PLENTY, group_labels, recorded, recorded_labels, recorded_ratio
from exai_sre.generate.synthetic_kind import Kind, Verdict
from exai_sre.generate.tiles import TILE
from exai_sre.generate.windows import LONGEST_RAW, ratio_windows, window_source
from exai_sre.slo.burn_on_grid import Fault, ratio_at
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import HOUR, MINUTE

__all__ = ["FEW", "counters_of", "fault_case", "idle_case", "one_sided_cases"]

FEW: Final = Decimal("0.001")
"""Good events between two evaluations of a service with hardly any traffic: it has an error ratio all the same."""
_QUIET: Final = 20
"""Evaluations of a case in which nothing happens."""
_LONG: Final = 120
"""Evaluations of a window at most whose series are let go: longer ones would make the case long."""
_GRAIN: Final = Decimal("1e-9")


def fault_case(slo: Slo, alerts: Sequence[Alert], traffic: Sequence[Kind], options: RuleOptions) -> Case:
    """Clean traffic, then a fault: every tier fires at its evaluation, not one before, and resets at its own."""
    burns = {alert.tier.name: alert for alert in alerts if alert.tier}
    plan = plan_fault(slo, [alert.tier for alert in burns.values() if alert.tier], options)
    rates: dict[Verdict, list[Decimal]] = {
        "good": [plan.events, plan.events * (1 - plan.error_rate), plan.events],
        "bad": [Decimal(0), plan.events * plan.error_rate, Decimal(0)],
        "foreign": [plan.events] * 3,
    }
    lengths = [plan.begin, plan.end - plan.begin, plan.last - plan.end + 2]
    silent = [AlertCheck(plan.last * plan.step, alert.name) for alert in alerts if alert.kind == "no-data"]
    return Case(
        f"{plan.error_rate * 100:f} % of bad events fire every tier at its time, and it falls silent at its time",
        plan.step,
        counters_of(traffic, rates, lengths),
        [*_moments_of(slo, plan, burns), *silent],
        [*_ratios_of(slo, plan, options), *_tiles_of(slo, plan)],
    )


def _moments_of(slo: Slo, plan: FaultPlan, burns: Mapping[str, Alert]) -> list[AlertCheck]:
    """A check of all tiers at each evaluation that changes what fires, and at the one before it."""
    changes = {*plan.fires.values(), *plan.resets.values()}
    names = list(dict.fromkeys(alert.name for alert in burns.values()))
    checks = []
    for at in sorted(changes | {at - 1 for at in changes}):
        firing = [alert for tier, alert in burns.items() if _is_firing(plan, tier, at)]
        for name in names:
            fires = [Firing(alert, group_labels(slo)) for alert in firing if alert.name == name]
            checks.append(AlertCheck(at * plan.step, name, fires))
    return checks


def _ratios_of(slo: Slo, plan: FaultPlan, options: RuleOptions) -> list[ExprCheck]:
    """The error ratio of each window when the fault has filled more than half of it, or at the end."""
    fault = Fault(plan.error_rate, (plan.end - plan.begin) * plan.step, plan.begin * plan.step)
    checks = []
    for window, at in _looks(slo, plan, options):
        ratio = ratio_at(window, (at - plan.begin) * plan.step, fault, evaluation_of(slo, options))
        labels = {**recorded_labels(slo), SlothLabel.WINDOW: window_text(window)}
        checks.append(close_to(at * plan.step, ratio_name(window), labels, _decimal(ratio)))
    return checks


def _looks(slo: Slo, plan: FaultPlan, options: RuleOptions) -> list[tuple[int, int]]:
    """Windows with the evaluations at which to look at them: those of tiles often, for each tile's part moves on."""
    looks = []
    for window in _summed_windows(slo, options):
        if window_source(slo, window, options.windows) == "tiles":
            # The minute before a tile is over counts in it, too.
            ends = range(-1, plan.last, TILE // plan.step)
            looks += [(window, at) for at in (*range(plan.begin + 5, plan.last, 7), *ends) if at > plan.begin]
        part = plan.begin + window * 3 // 5 // plan.step
        looks.append((window, part if part < plan.end else plan.last))
    return looks


def _summed_windows(slo: Slo, options: RuleOptions) -> list[int]:
    """Windows that have a ratio within minutes: those summed from tiles see whole minutes only."""
    quick = options.slo_interval < MINUTE
    return [
        window
        for window in ratio_windows(slo)
        if not (quick and window_source(slo, window, options.windows) == "tiles")
    ]


def _tiles_of(slo: Slo, plan: FaultPlan) -> list[ExprCheck]:
    """The recorded tiles that lie before or within the fault, where the case lasts as long."""
    per, labels = TILE // plan.step, recorded_labels(slo)
    checks: list[ExprCheck] = []
    if plan.step < MINUTE or slo.calendar is not None:
        return checks
    for end in range(2 * per, plan.last + 1, per):
        checks.append(close_to(end * plan.step, Series.TOTAL_TILE, labels, plan.events * per))
        if end - per == plan.begin and end <= plan.end:
            # The ramp of the recorded increases: the fault's first minutes have not been counted often enough yet.
            seen = per - 1 - Decimal(BASE // plan.step - 1) / 2
            checks.append(close_to(end * plan.step, Series.ERRORS_TILE, labels, plan.events * plan.error_rate * seen))
    return checks


def _decimal(ratio: Fraction) -> Decimal:
    return (Decimal(ratio.numerator) / ratio.denominator).quantize(Decimal("1e-9"))


def _is_firing(plan: FaultPlan, tier: str, at: int) -> bool:
    return plan.fires[tier] <= at and at < plan.resets.get(tier, plan.last + 1)


def idle_case(slo: Slo, alerts: Sequence[Alert], traffic: Sequence[Kind], options: RuleOptions) -> Case:
    """A service without traffic: no ratio rather than a wrong one, no alert, and its data is not absent."""
    step = options.slo_interval
    end, total = _QUIET * step, recorded(slo, Series.TOTAL)
    still: dict[Verdict, list[Decimal]] = {"good": [Decimal(0)], "bad": [Decimal(0)], "foreign": [Decimal(0)]}
    names = dict.fromkeys(alert.name for alert in alerts)
    return Case(
        "an idle service alerts nobody and has no error ratio",
        step,
        counters_of(traffic, still, [_QUIET + 1]),
        [AlertCheck(end, name) for name in names],
        [
            *(ExprCheck(end, recorded_ratio(slo, window)) for window in ratio_windows(slo)),
            ExprCheck(end, total, {total: 0.0}),
        ],
    )


def one_sided_cases(slo: Slo, alerts: Sequence[Alert], traffic: Sequence[Kind], options: RuleOptions) -> list[Case]:
    """Good events alone, then bad ones alone, while no series of the other kind exists.

    One of them lasts until all series are gone for most of each window that is read from them: the ratio stays.
    It is the one in which the series that the indicator names do not exist.
    """
    named_bad = names_bad(slo.indicator)
    burns = [alert for alert in alerts if alert.tier and alert.for_ < _QUIET * options.slo_interval]
    return [
        _one_sided(slo, "before the first error the error ratio is zero", "good", traffic, options, [], gone=named_bad),
        _one_sided(slo, "a service that only ever failed pages", "bad", traffic, options, burns, gone=not named_bad),
    ]


def _one_sided(
    slo: Slo,
    name: str,
    verdict: Verdict,
    traffic: Sequence[Kind],
    options: RuleOptions,
    fires: Sequence[Alert],
    *,
    gone: bool,
) -> Case:
    step, events = options.slo_interval, FEW if verdict == "good" else PLENTY
    at, share = _QUIET * step, Decimal(verdict == "bad")
    counted = events * min(_QUIET, -(-BASE // step))
    labels = recorded_labels(slo)
    checks = [
        close_to(at, Series.TOTAL, labels, counted),
        close_to(at, Series.ERRORS, labels, counted * share),
    ]
    later = [
        (window, _QUIET + window * 3 // 4 // step)
        for window in ratio_windows(slo)
        if gone and BASE < window <= _longest(slo, options)
    ]
    for window, moment in [*((window, _QUIET) for window in _summed_windows(slo, options)), *later]:
        of_window = {**labels, SlothLabel.WINDOW: window_text(window)}
        checks.append(close_to(moment * step, ratio_name(window), of_window, share))
    names = dict.fromkeys(alert.name for alert in fires)
    firing = [
        AlertCheck(at, each, [Firing(alert, group_labels(slo)) for alert in fires if alert.name == each])
        for each in names
    ]
    series = counters_of([kind for kind in traffic if kind.verdict == verdict], {verdict: [events]}, [_QUIET + 1])
    return Case(name, step, series, firing, checks)


def _longest(slo: Slo, options: RuleOptions) -> int:
    """The longest window that is read from the series themselves and short enough for a case, in seconds."""
    if options.windows == "raw":
        return 0
    # A group whose events are over for an hour gives up its place.
    return min(LONGEST_RAW, _LONG * options.slo_interval, HOUR if slo.group_by else LONGEST_RAW)


def counters_of(
    traffic: Sequence[Kind], rates: Mapping[Verdict, Sequence[Decimal]], lengths: Sequence[int]
) -> dict[str, str]:
    """Counters of all kinds: ``rates`` gives events per evaluation in each stretch of that many evaluations."""
    made = {}
    for kind in traffic:
        share = sum(other.verdict == kind.verdict for other in traffic)
        stretches = [
            ((rate / share).quantize(_GRAIN), length) for rate, length in zip(rates[kind.verdict], lengths, strict=True)
        ]
        made.update(dict.fromkeys(kind.series, counter(*stretches)))
        made.update(dict.fromkeys(kind.idle, counter((Decimal(0), sum(lengths)))))
    return made
