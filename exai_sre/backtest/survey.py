"""How all SLOs stand: what Prometheus has recorded, the corrections applied, each judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from exai_sre.backtest.metric_names import unseen_labels, unseen_metrics
from exai_sre.backtest.prometheus_api import PrometheusApi
from exai_sre.backtest.promises import Promise
from exai_sre.backtest.recorded import Group, Recorded, read_recorded
from exai_sre.backtest.standing import STALE_AFTER, Standing, standing_of, suspects
from exai_sre.generate.series import Series, SlothLabel
from exai_sre.slo.corrections import Correction, Counts, corrected, corrections_of
from exai_sre.slo.model import BurnTier

__all__ = ["server_time", "survey"]

_INCREASE: Final = 300
"""Seconds of a recorded increase."""
_HALF: Final = 0.5


def server_time(api: PrometheusApi) -> float:
    """Now, in seconds since the Unix epoch, by Prometheus's own clock.

    Raises:
        PrometheusError: Prometheus did not answer.
    """
    return api.query("time()")[0].value


def survey(
    api: PrometheusApi,
    promises: Sequence[Promise],
    at: float,
    *,
    corrections: Sequence[Correction] = (),
    stale_after: float = STALE_AFTER,
) -> list[Standing]:
    """How each SLO and each group of it stands at a moment, ordered as the promises and by group.

    Args:
        api: the Prometheus.
        promises: what is asked about; an SLO of which nothing is recorded stands as unknown.
        at: seconds since the Unix epoch.
        corrections: dated corrections of the budgets.
        stale_after: seconds without a new value after which nothing is known.

    Raises:
        PrometheusError: Prometheus did not answer.
    """
    recorded = read_recorded(api, promises, at)
    unseen = unseen_metrics(api, [name for promise in promises for name in promise.metrics])
    unlabelled = unseen_labels(api, [pair for promise in promises for pair in promise.labels])
    found: list[Standing] = []
    for promise in promises:
        groups = recorded[promise.id] or {(): Recorded()}
        standings = [
            standing_of(
                promise,
                group,
                each,
                burning=_burning(api, promise, group, each, at),
                unseen=[
                    *(name for name in promise.metrics if name in unseen),
                    *(f"{pair[0]} with the label {pair[1]!r}" for pair in promise.labels if pair in unlabelled),
                ],
                corrected=_corrected(api, promise, group, each, corrections, at),
                incomplete=api.warnings,
                stale_after=stale_after,
            )
            for group, each in sorted(groups.items())
        ]
        found.extend(_without_idle(standings, groups))
    return found


def _without_idle(standings: list[Standing], groups: Mapping[Group, Recorded]) -> list[Standing]:
    """Groups that had no event are left out where another had: a tool that nobody calls holds up nobody."""
    known = [standing for standing in standings if not standing.unknown]
    if not known:
        return standings[:1] if all(not groups[each.group].ratios for each in standings) else standings
    return [each for each in standings if not each.unknown or groups[each.group].ratios]


def _selector(name: str, promise: Promise, group: Group) -> str:
    labels = ((SlothLabel.ID, promise.id), *group)
    inner = ", ".join(f'{label}="{_quoted(value)}"' for label, value in labels)
    return f"{name}{{{inner}}}"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _burning(api: PrometheusApi, promise: Promise, group: Group, recorded: Recorded, at: float) -> list[BurnTier]:
    """The tiers that burn too fast and have the failures that they wait for."""
    errors = _selector(Series.ERRORS, promise, group)
    found = []
    for tier in suspects(promise, recorded):
        if tier.min_failures and recorded.increases:
            summed = _number(api, f"max(sum_over_time({errors}[{tier.long}s]))", at) * recorded.interval / _INCREASE
            burst = _number(api, f"max(max_over_time({errors}[{_INCREASE}s]))", at)
            if max(summed, burst) <= tier.min_failures - _HALF:
                continue
        found.append(tier)
    return found


def _number(api: PrometheusApi, expr: str, at: float) -> float:
    """The one value of a query, endless where there is none: what cannot be counted is not taken for few."""
    samples = api.query(expr, at)
    return samples[0].value if samples and not math.isnan(samples[0].value) else math.inf


def _corrected(
    api: PrometheusApi,
    promise: Promise,
    group: Group,
    recorded: Recorded,
    corrections: Sequence[Correction],
    at: float,
) -> float | None:
    """Error ratio of the window without what was corrected; ``None`` where nothing is, NaN where it cannot be."""
    window = promise.elapsed(at)
    touching = corrections_of(corrections, promise.id, at - window, at)
    if not touching:
        return None
    if not recorded.increases:
        return math.nan
    scale = recorded.interval / _INCREASE
    sums = [
        _number(api, f"max(sum_over_time({_selector(name, promise, group)}[{window}s]))", at) * scale
        for name in (Series.ERRORS, Series.TOTAL)
    ]
    if not all(map(math.isfinite, sums)):
        return math.nan
    parts = [
        (each, Counts(*(_events(api, _selector(name, promise, group), each) for name in (Series.ERRORS, Series.TOTAL))))
        for each in touching
    ]
    left = corrected(Counts(*sums), parts).error_ratio
    return math.nan if left is None else left


def _events(api: PrometheusApi, series: str, correction: Correction) -> float:
    """Events of the corrected time: increases of five minutes laid end to end, the last one cut to fit."""
    start, end = correction.start, correction.end
    whole = int((end - start) // _INCREASE)
    found = api.query_range(f"max({series})", start + _INCREASE, start + whole * _INCREASE, _INCREASE)
    total = sum(value for each in found for _, value in each.points if not math.isnan(value))
    rest = end - start - whole * _INCREASE
    if rest > 0:
        last = api.query(f"max({series})", end)
        total += sum(sample.value for sample in last if not math.isnan(sample.value)) * rest / _INCREASE
    return total
