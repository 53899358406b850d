"""Whether an indicator can be counted: its instrument, labels, values and bound against the catalog."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from exai_sre.errors import SpecError
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.instrument import Instrument, Label
from exai_sre.metrics.selection import Matcher
from exai_sre.slo.indicators import CompositeIndicator, Indicator, SliceIndicator
from exai_sre.slo.model import EventsIndicator, Slo
from exai_sre.slo.suggestion import suggest

__all__ = ["Problem", "counted", "gauge_problems", "problems", "require_countable"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One contradiction between an indicator and the catalog.

    Attributes:
        at: keys that lead from the indicator's ``ratioMetric`` to the value, leaving out ``metricSource.spec``.
        what: what is wrong.
        remedy: what to do.
    """

    at: tuple[str, ...]
    what: str
    remedy: str


def problems(indicator: EventsIndicator, catalog: Catalog) -> Iterator[Problem]:
    """All contradictions between the indicator and the catalog."""
    at = ("total", "instrument")
    instrument = catalog.get(indicator.instrument)
    if instrument is None:
        names = [known.name for known in catalog if known.kind != "gauge"]
        yield Problem(at, f"unknown metric {indicator.instrument!r}", suggest(indicator.instrument, names))
        return
    if instrument.kind == "gauge":
        yield Problem(at, f"{instrument.name} is a gauge, which counts no events", "name a counter or a histogram")
        return
    yield from _label_problems(indicator, instrument)
    yield from _bound_problems(indicator, instrument)


def gauge_problems(name: str, conditions: tuple[Matcher, ...], catalog: Catalog) -> Iterator[Problem]:
    """All contradictions between the series of a gauge and the catalog."""
    at = ("instrument",)
    instrument = catalog.get(name)
    if instrument is None:
        yield Problem(at, f"unknown metric {name!r}", suggest(name, [known.name for known in catalog]))
        return
    if instrument.kind == "histogram":
        yield Problem(at, f"{name} is a histogram, which has no one value", "name a gauge, or write a ratioMetric")
        return
    yield from _matcher_problems(("filter",), conditions, instrument)


def counted(indicator: Indicator) -> Iterator[EventsIndicator]:
    """What of an indicator is counted by instruments of the catalog: itself, or its parts."""
    if isinstance(indicator, CompositeIndicator):
        for component in indicator.components:
            yield from counted(component.indicator)
    elif isinstance(indicator, SliceIndicator):
        yield from counted(indicator.of)
    elif isinstance(indicator, EventsIndicator):
        yield indicator


def require_countable(slo: Slo, catalog: Catalog) -> None:
    """Check an SLO that was built in code or read without a catalog.

    Raises:
        SpecError: its indicator contradicts the catalog; located where the SLO was defined.
    """
    for indicator in counted(slo.indicator):
        for problem in problems(indicator, catalog):
            raise SpecError(
                f"SLO {slo.id}: {problem.what}",
                file=slo.source.file,
                line=slo.source.line,
                field=".".join(problem.at),
                remedy=problem.remedy,
            )


def _label_problems(indicator: EventsIndicator, instrument: Instrument) -> Iterator[Problem]:
    side = "good" if indicator.bad is None else "bad"
    chosen = indicator.good or indicator.bad or ()
    yield from _matcher_problems(("total", "filter"), indicator.filter, instrument)
    yield from _matcher_problems((side, "labels"), chosen, instrument)
    for label in instrument.labels:
        yield from _empty_problems(label, indicator.filter, chosen, side)


def _matcher_problems(
    prefix: tuple[str, ...], matchers: tuple[Matcher, ...], instrument: Instrument
) -> Iterator[Problem]:
    for matcher in matchers:
        label = instrument.label(matcher.label)
        if label is None:
            what = f"{instrument.name} has no label {matcher.label!r}"
            yield Problem((*prefix, matcher.label), what, suggest(matcher.label, instrument.label_names))
        else:
            yield from _value_problems((*prefix, matcher.label), matcher, label)


def _value_problems(at: tuple[str, ...], matcher: Matcher, label: Label) -> Iterator[Problem]:
    for value in matcher.values:
        if not label.allows(value):
            what = f"label {label.name!r} never has the value {value!r}"
            yield Problem(at, what, suggest(value, label.values))


def _empty_problems(
    label: Label, conditions: tuple[Matcher, ...], chosen: tuple[Matcher, ...], side: str
) -> Iterator[Problem]:
    """A closed label of which every value is excluded: nothing would ever be counted."""
    every = [*conditions, *chosen]
    on_label = [matcher for matcher in every if matcher.label == label.name]
    allowed = [value for value in label.values if all(matcher.admits(value) for matcher in on_label)]
    known = all(label.allows(value) for matcher in on_label for value in matcher.values)
    if label.values and known and on_label and not allowed:
        what = f"no value of label {label.name!r} is both counted and {side}"
        at = (side, "labels") if on_label[-1] in chosen else ("total", "filter")
        yield Problem((*at, label.name), what, "widen the total's filter or the labels")


def _bound_problems(indicator: EventsIndicator, instrument: Instrument) -> Iterator[Problem]:
    """A bound that no bucket has; a native histogram in Prometheus can be asked for any."""
    within = indicator.within
    if within is None:
        return
    at = ("good", "within")
    if instrument.kind != "histogram":
        yield Problem(at, f"{instrument.name} is a {instrument.kind} and has no buckets", "name a histogram")
    elif within not in instrument.buckets and not indicator.native:
        place = bisect_left(instrument.buckets, within)
        below = [f"{bound:g} below" for bound in instrument.buckets[:place][-1:]]
        above = [f"{bound:g} above" for bound in instrument.buckets[place : place + 1]]
        what = f"{within:g} is no bucket bound of {instrument.name}; the nearest are {' and '.join(below + above)}"
        yield Problem(at, what, "use one of them, or declare this bucket")
