"""Synthetic traffic for an indicator: which series grow when a good, a bad or a foreign event happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from exai_sre.generate.measure.text import le_text
from exai_sre.generate.promtool import series_name
from exai_sre.generate.query_traffic import query_kinds
from exai_sre.generate.synthetic_kind import Kind, Verdict
from exai_sre.metrics import Catalog, Matcher
from exai_sre.slo.indicators import EventsIndicator, QueryIndicator
from exai_sre.slo.model import Slo

__all__ = ["Kind", "Verdict", "in_groups", "kinds", "relabelled", "traffic_of", "with_labels"]

_UNNAMED = "other"
"""A label value that no definition names."""


def traffic_of(slo: Slo, catalog: Catalog | None = None) -> list[Kind]:
    """Kinds of events that try the conditions of an SLO's indicator; none where its series cannot be told.

    Args:
        slo: the objective.
        catalog: gives the values of closed labels; without it one unnamed value stands for the rest.
    """
    indicator = slo.indicator
    made: list[Kind] = []
    if isinstance(indicator, QueryIndicator):
        made = query_kinds(indicator)
    elif isinstance(indicator, EventsIndicator) and not indicator.native:
        made = kinds(indicator, catalog)
    return in_groups(made, slo.group_by)


def in_groups(made: Sequence[Kind], labels: Sequence[str]) -> list[Kind]:
    """The kinds as events of a group ``first``, and those that are good as events of a group ``second``, too.

    What happens in the second group is foreign to the first one's budget.
    """
    if not labels:
        return list(made)
    first, second = dict.fromkeys(labels, "first"), dict.fromkeys(labels, "second")
    others = [Kind("foreign", with_labels(kind.series, second)) for kind in made if kind.verdict == "good"]
    return [*(relabelled(kind, first) for kind in made), *others]


def relabelled(kind: Kind, labels: Mapping[str, str]) -> Kind:
    """The same events in other series, which have these labels, too."""
    return Kind(kind.verdict, with_labels(kind.series, labels), with_labels(kind.idle, labels))


def with_labels(series: Sequence[str], labels: Mapping[str, str]) -> tuple[str, ...]:
    """Names of series with further labels."""
    added = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return tuple(f"{each[:-1]},{added}}}" if each.endswith("}") else f"{each}{{{added}}}" for each in series)


def kinds(indicator: EventsIndicator, catalog: Catalog | None = None) -> list[Kind]:
    """Kinds of events that between them try every condition of the indicator.

    Each label value that the definition names is tried, so that a condition lost from a query
    changes its result.

    Args:
        indicator: how events are counted.
        catalog: gives the values of closed labels; without it one unnamed value stands for the rest.
    """
    made = []
    for labels in _assignments(indicator, catalog):
        passes = _admitted(labels, indicator.filter)
        for fast in (True,) if indicator.within is None else (True, False):
            verdict: Verdict = "foreign" if not passes else "good" if _good(indicator, labels, fast=fast) else "bad"
            made.append(_kind(indicator, verdict, labels, fast=fast))
    return made


def _good(indicator: EventsIndicator, labels: Mapping[str, str], *, fast: bool) -> bool:
    if indicator.bad is not None:
        return not _admitted(labels, indicator.bad)
    return fast and _admitted(labels, indicator.good or ())


def _admitted(labels: Mapping[str, str], matchers: Sequence[Matcher]) -> bool:
    return all(matcher.admits(labels[matcher.label]) for matcher in matchers)


def _assignments(indicator: EventsIndicator, catalog: Catalog | None) -> Iterator[dict[str, str]]:
    matchers = (*indicator.filter, *(indicator.good or ()), *(indicator.bad or ()))
    names = list(dict.fromkeys(matcher.label for matcher in matchers))
    for values in product(*(_values(name, matchers, indicator, catalog) for name in names)):
        labels = dict(zip(names, values, strict=True))
        refused = [matcher for matcher in indicator.filter if not matcher.admits(labels[matcher.label])]
        # Foreign in two ways at once proves nothing that foreign in one way does not.
        if len(refused) <= 1:
            yield labels


def _values(name: str, matchers: Sequence[Matcher], indicator: EventsIndicator, catalog: Catalog | None) -> list[str]:
    named = list(dict.fromkeys(value for matcher in matchers if matcher.label == name for value in matcher.values))
    instrument = catalog.get(indicator.instrument) if catalog else None
    label = instrument.label(name) if instrument else None
    others = [value for value in label.values if value not in named] if label and label.values else [_UNNAMED]
    # A value outside a plain filter is foreign, and one such shows it; elsewhere each may be good or bad.
    only_filtered = all(
        matcher in indicator.filter and not matcher.negated for matcher in matchers if matcher.label == name
    )
    return [*named, *(others[:1] if only_filtered else others)]


def _kind(indicator: EventsIndicator, verdict: Verdict, labels: Mapping[str, str], *, fast: bool) -> Kind:
    name = indicator.instrument
    if name.endswith("_total"):
        return Kind(verdict, (series_name(name, labels),))
    # What tells fast from slow events of equal labels is a label of its own; both come from one instance.
    own = {**labels, "speed": "fast" if fast else "slow"}
    counted = series_name(f"{name}_count", own)
    if indicator.within is None:
        return Kind(verdict, (counted,))
    bucket = series_name(f"{name}_bucket", {**own, "le": le_text(indicator.within)})
    return Kind(verdict, (counted, bucket)) if fast else Kind(verdict, (counted,), idle=(bucket,))
