"""Histories from the increases that the generated rules record, or would record, each minute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exai_sre.backtest.history import STEP, History, from_increases, runs_of
from exai_sre.slo.model import Slo

__all__ = ["IncreaseSeries", "group_text", "increase_histories"]


@dataclass(frozen=True, slots=True)
class IncreaseSeries:
    """One series of increases over time.

    Attributes:
        labels: its labels.
        points: pairs of seconds since the Unix epoch and value, ascending.
    """

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


def increase_histories(
    slo: Slo, errors: Sequence[IncreaseSeries], total: Sequence[IncreaseSeries], end: float | None = None
) -> Iterator[History]:
    """One history for each combination of the labels by which the SLO is grouped, ordered.

    Args:
        slo: the objective.
        errors: bad events of the last five minutes, at whole minutes or near them.
        total: all events of the last five minutes.
        end: up to when was asked, seconds since the Unix epoch: what is missing since the last value counts
            for an SLO to which missing data mean something; ``None`` where that is not known.
    """
    bad, every = _by_group(slo, errors), _by_group(slo, total)
    for group, points in sorted(every.items()):
        if not points:
            continue
        last = max(points) if end is None or slo.missing == "excluded" else max(max(points), int(end // STEP))
        span = range(min(points), last + 1)
        part = bad.get(group, {})
        totals = [points.get(minute, 0.0) for minute in span]
        parts = [min(part.get(minute, 0.0), whole) for minute, whole in zip(span, totals, strict=True)]
        gaps = runs_of(at for at, minute in enumerate(span) if minute not in points)
        missing = len(span) - len(points)
        yield from_increases(slo.id, span[0] * STEP, parts, totals, group=group, missing=missing, absent=gaps)


def group_text(slo: Slo, labels: Mapping[str, str]) -> str:
    """The values of the labels by which an SLO is grouped, such as ``tool=search``; empty without groups."""
    return ",".join(f"{name}={labels.get(name, '')}" for name in slo.group_by)


def _by_group(slo: Slo, series: Sequence[IncreaseSeries]) -> dict[str, dict[int, float]]:
    groups: dict[str, dict[int, float]] = {}
    for one in series:
        points = groups.setdefault(group_text(slo, one.labels), {})
        # A comparison with NaN fails: what is no number is no data.
        points.update((round(time / STEP), value) for time, value in one.points if value >= 0)
    return groups
