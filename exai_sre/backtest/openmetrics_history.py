"""Histories from OpenMetrics text with timestamps, such as ``promtool tsdb dump-openmetrics`` writes.

Series that the generated rules recorded are taken as they are. Otherwise the indicator's own
counters are read, with counter resets taken out, as Prometheus reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from exai_sre.backtest.history import STEP, History
from exai_sre.backtest.increases import IncreaseSeries, group_text, increase_histories
from exai_sre.backtest.minutes import Minutes
from exai_sre.errors import SpecError
from exai_sre.generate.series import Series, SlothLabel
from exai_sre.metrics.selection import Matcher
from exai_sre.slo.model import EventsIndicator, Slo

__all__ = ["openmetrics_histories"]

_SAMPLE = re.compile(
    r"(?P<series>[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*\})?)"
    r"\s+(?P<value>\S+)(?:\s+(?P<time>[-+0-9.eE]+))?\s*(?:#.*)?"
)
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?')
_ESCAPE = re.compile(r"\\(.)")
_MILLISECONDS: Final = 1e11
"""From here on a timestamp is one of milliseconds, as in the Prometheus text format."""


@dataclass(slots=True)
class _Samples:
    """Samples of one series in the order of the text."""

    name: str
    labels: Mapping[str, str]
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


def openmetrics_histories(text: str, file: str, slos: Sequence[Slo]) -> list[History]:
    """The histories of the SLOs that a text with timestamps tells of, ordered by id and group.

    Args:
        text: the content.
        file: path of the file as the user named it, for errors.
        slos: the objectives that are wanted.

    Raises:
        SpecError: a line is no sample with a timestamp, or the text holds nothing of any SLO.
    """
    wanted = _wanted(slos)
    series: dict[str, _Samples] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line and not line.startswith("#") and not line.isspace():
            _read(line, number, file, series, wanted)
    kept = [samples for samples in series.values() if samples.times]
    histories = [history for slo in sorted(slos, key=lambda one: one.id) for history in _of(slo, kept, file)]
    if not histories:
        names = ", ".join(sorted(wanted)[:6])
        raise SpecError("holds no series of a wanted SLO", file=file, remedy=f"wanted are {names}")
    return histories


def _wanted(slos: Sequence[Slo]) -> set[str]:
    names = {Series.ERRORS, Series.TOTAL}
    for slo in slos:
        if isinstance(slo.indicator, EventsIndicator):
            names |= set(_names(slo.indicator))
    return names


def _names(indicator: EventsIndicator) -> tuple[str, str]:
    """Names of the series of all events and of the bucket, if there is one."""
    name = indicator.instrument
    return (name if name.endswith("_total") else f"{name}_count", f"{name}_bucket")


def _read(line: str, number: int, file: str, series: dict[str, _Samples], wanted: set[str]) -> None:
    match = _SAMPLE.fullmatch(line)
    if match is None:
        raise SpecError("is no sample of OpenMetrics", file=file, line=number, remedy="mend or remove that line")
    key = match["series"]
    samples = series.get(key)
    if samples is None:
        name, _, inner = key.partition("{")
        samples = series[key] = _Samples(name, _labels(inner[:-1]) if name in wanted else {})
    if samples.name not in wanted:
        return
    try:
        value, time = float(match["value"]), float(match["time"] or "nan")
    except ValueError:
        value, time = 0.0, -1.0
    if not time >= 0:
        raise SpecError(
            "has no timestamp", file=file, line=number, remedy="a history needs one on each sample, in seconds"
        )
    samples.times.append(time / 1000 if time >= _MILLISECONDS else time)
    samples.values.append(value)


def _labels(inner: str) -> dict[str, str]:
    return {
        name: _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], value)
        for name, value in _LABEL.findall(inner)
    }


def _of(slo: Slo, series: Sequence[_Samples], file: str) -> Iterator[History]:
    recorded = {
        name: [
            IncreaseSeries(one.labels, list(zip(one.times, one.values, strict=True)))
            for one in series
            if one.name == name and one.labels.get(SlothLabel.ID) == slo.id
        ]
        for name in (Series.ERRORS, Series.TOTAL)
    }
    if recorded[Series.TOTAL]:
        yield from increase_histories(slo, recorded[Series.ERRORS], recorded[Series.TOTAL])
    elif isinstance(slo.indicator, EventsIndicator):
        for minutes in _counted(slo, slo.indicator, series):
            yield minutes.history(file)


def _counted(slo: Slo, indicator: EventsIndicator, series: Sequence[_Samples]) -> list[Minutes]:
    """Events by group, ordered."""
    counted, bucket = _names(indicator)
    relevant = [one for one in series if one.name in (counted, bucket) and _admits(indicator.filter, one.labels)]
    begin = min((one.times[0] for one in relevant), default=0.0)
    groups: dict[str, Minutes] = {}
    for one in relevant:
        weight = _weight(indicator, one, counted)
        if weight is not None:
            group = group_text(slo, one.labels)
            minutes = groups.setdefault(group, Minutes(slo.id, group))
            for minute, events in _increments(one, begin):
                minutes.add(minute, weight[0] * events, weight[1] * events)
    return [groups[group] for group in sorted(groups)]


def _admits(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    return all(matcher.admits(labels.get(matcher.label, "")) for matcher in matchers)


def _weight(indicator: EventsIndicator, samples: _Samples, counted: str) -> tuple[int, int] | None:
    """How an event of a series counts as bad and as an event; ``None`` if it does not."""
    good = _admits(indicator.good or (), samples.labels)
    if samples.name == counted:
        if indicator.within is not None:
            return 1, 1
        return (int(_admits(indicator.bad, samples.labels)) if indicator.bad is not None else int(not good)), 1
    # All events of a histogram count as bad first; those in the bucket of the bound are taken off again.
    bound = samples.labels.get("le", "")
    return (-1, 0) if indicator.within is not None and good and _number(bound) == indicator.within else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


def _increments(samples: _Samples, begin: float) -> Iterator[tuple[int, float]]:
    """Increments of a counter with the minute in which each ended; a value below the last one is a restart."""
    # A series that appears later began at 0: its first value happened since the scrape before.
    before = samples.values[0] if samples.times[0] <= begin + STEP else 0.0
    for time, value in zip(samples.times, samples.values, strict=True):
        grown = value - before if value >= before else value
        before = value
        yield ceil(time / STEP) - 1, max(grown, 0.0)
