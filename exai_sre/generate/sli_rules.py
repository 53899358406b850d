"""Recording rules of an SLO: error ratios per window, and what dashboards read about the objective."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from exai_sre.generate.calendars import calendar_recordings
from exai_sre.generate.composite import combined_ratio, composite_recordings, weight_recordings
from exai_sre.generate.coverage import coverage_recordings
from exai_sre.generate.groups import member_recordings
from exai_sre.generate.measure import Measure, Recording, Scope, measure_of
from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.measure.text import decimal_text
from exai_sre.generate.missing import errors_with_missing, total_with_missing
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.series import (
    Series,
    SlothLabel,
    identity,
    identity_labels,
    info_labels,
    own_labels,
    ratio_name,
    window_text,
)
from exai_sre.generate.tiles import tile_recordings
from exai_sre.generate.windows import error_ratio, long_errors, ratio_windows, window_source
from exai_sre.slo.indicators import CompositeIndicator, Countable, SliceIndicator
from exai_sre.slo.model import Slo
from exai_sre.version import __version__

__all__ = ["meta_rules", "sli_rules"]

_DAY: Final = 86_400

Rule = dict[str, Any]


def sli_rules(slo: Slo, options: RuleOptions) -> list[Rule]:
    """Recording rules of the indicator in the order in which they depend on each other.

    What the indicator needs, increases of five minutes and of half-hours, then the ratio of each window.

    Raises:
        SpecError: the indicator or the calendar window cannot be compiled.
    """
    scope, indicator = Scope(slo, options.slo_interval), slo.indicator
    made = (
        _composite(scope, indicator, options.windows)
        if isinstance(indicator, CompositeIndicator)
        else _simple(scope, indicator, options.windows)
    )
    return [_record(slo, recording) for recording in made]


def meta_rules(slo: Slo) -> list[Rule]:
    """Recording rules about the objective: Sloth's seven series, those about burn and budget for each group."""
    series, percent = identity(slo), decimal_text(slo.objective * 100)
    by_budget = f"/ on(sloth_id, sloth_slo, sloth_service) group_left\n{Series.BUDGET}{series}"
    info = {
        **info_labels(slo),
        SlothLabel.MODE: "cli-gen-prom",
        SlothLabel.OBJECTIVE: percent,
        SlothLabel.SPEC: "openslo/v1",
        SlothLabel.VERSION: f"exai-sre-{__version__}",
    }
    made = (
        Recording(Series.OBJECTIVE, f"vector({decimal_text(slo.objective)})"),
        Recording(Series.BUDGET, f"vector({decimal_text(slo.budget)})"),
        Recording(Series.PERIOD, f"vector({decimal_text(Decimal(slo.window) / _DAY)})"),
        Recording(Series.CURRENT_BURN, f"{ratio_name(BASE)}{series}\n{by_budget}"),
        Recording(Series.PERIOD_BURN, f"{ratio_name(slo.window)}{series}\n{by_budget}"),
        Recording(Series.REMAINING, f"1 - {Series.PERIOD_BURN}{series}"),
        Recording(Series.INFO, "vector(1)", info),
    )
    return [_record(slo, recording) for recording in made]


def _simple(scope: Scope, indicator: Countable | SliceIndicator, choice: str) -> Iterator[Recording]:
    measure = measure_of(indicator, scope)
    yield from calendar_recordings(scope.slo)
    yield from member_recordings(scope, (measure.population,))
    yield from _part(scope, measure, choice)
    yield from coverage_recordings(scope)


def _composite(scope: Scope, indicator: CompositeIndicator, choice: str) -> Iterator[Recording]:
    slo = scope.slo
    parts = [Scope(slo, scope.interval, component=part.name) for part in indicator.components]
    measures = [measure_of(each.indicator, part) for each, part in zip(indicator.components, parts, strict=True)]
    yield from calendar_recordings(slo)
    yield from member_recordings(scope, [measure.population for measure in measures])
    yield from weight_recordings(indicator)
    for part, measure in zip(parts, measures, strict=True):
        yield from _part(part, measure, choice)
    for window in ratio_windows(slo):
        yield Recording(ratio_name(window), combined_ratio(slo, window), _window(window))
    yield from composite_recordings(scope)
    yield from coverage_recordings(scope)


def _part(scope: Scope, measure: Measure, choice: str) -> Iterator[Recording]:
    """The series of an SLO without components, or of one component."""
    windows = ratio_windows(scope.slo)
    own = [
        *measure.helpers,
        Recording(scope.name(Series.TOTAL), total_with_missing(scope, measure)),
        Recording(scope.name(Series.ERRORS), errors_with_missing(scope, measure)),
    ]
    if (
        any(window_source(scope.slo, window, choice) == "tiles" for window in windows)
        or scope.slo.missing != "excluded"
    ):
        own += tile_recordings(scope)
    own += long_errors(scope, choice)
    for window in windows:
        ratio = error_ratio(scope, measure, window, choice)
        own.append(Recording(scope.name(ratio_name(window)), ratio, _window(window)))
    for recording in own:
        yield Recording(recording.name, recording.expr, {**recording.labels, **scope.labels})


def _window(window: int) -> dict[str, str]:
    return {SlothLabel.WINDOW: window_text(window)}


def _record(slo: Slo, recording: Recording) -> Rule:
    every = {**own_labels(slo), **identity_labels(slo), **recording.labels}
    return {"record": recording.name, "expr": recording.expr, "labels": dict(sorted(every.items()))}
