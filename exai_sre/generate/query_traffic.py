"""Synthetic traffic for queries: series that the selectors of good or bad and of all events would match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from exai_sre.generate.promtool import series_name
from exai_sre.generate.query import counter_of
from exai_sre.generate.synthetic_kind import Kind, Verdict
from exai_sre.slo.indicators import QueryIndicator
from exai_sre.slo.vector_selector import LabelMatcher, VectorSelector, parse_selector

__all__ = ["examples", "query_kinds"]

_OTHER: Final = "other"
_MOST: Final = 64
"""Combinations of label values that are tried at most."""
_ALTERNATIVES = re.compile(r"\(?([\w.|+*-]+)\)?", re.ASCII)


def query_kinds(indicator: QueryIndicator) -> list[Kind]:
    """Kinds of events that the two queries tell apart; none where a query is more than a sum of counters.

    Values for a regular expression are taken from its alternatives, with digits for dots.
    """
    part = indicator.bad if indicator.bad is not None else indicator.good or ""
    try:
        total, chosen = (parse_selector(counter_of(query)) for query in (indicator.total, part))
    except ValueError:
        return []
    if total.offset or chosen.offset:
        return []
    named: Verdict = "good" if indicator.bad is None else "bad"
    other: Verdict = "bad" if named == "good" else "good"
    same = total.metric == chosen.metric
    made = list(_one_metric(total, chosen, named, other) if same else _two_metrics(total, chosen, named, other))
    return made if {"good", "bad"} <= {kind.verdict for kind in made} else []


def examples(query: str) -> tuple[str, dict[str, str], list[dict[str, str]]]:
    """The metric of a selector, labels that it admits, and labels that it refuses for one of its matchers each.

    Raises:
        ValueError: the query is no selector, or admits nothing that can be made up.
    """
    selector = parse_selector(query)
    found = list(_assignments(selector.matchers))
    admitted = next((labels for labels in found if _admits(selector, labels)), None)
    if admitted is None or selector.offset:
        raise ValueError(f"no series can be made up for {query!r}")
    refused = [labels for labels in found if sum(labels[name] != admitted[name] for name in labels) == 1]
    return selector.metric, admitted, [labels for labels in refused if not _admits(selector, labels)]


def _one_metric(total: VectorSelector, chosen: VectorSelector, named: Verdict, other: Verdict) -> Iterator[Kind]:
    for labels in _assignments((*total.matchers, *chosen.matchers)):
        counted, special = _admits(total, labels), _admits(chosen, labels)
        # What only the smaller query counts would be an event that never happened.
        if counted or not special:
            verdict: Verdict = "foreign" if not counted else named if special else other
            yield Kind(verdict, (series_name(total.metric, labels),))


def _two_metrics(total: VectorSelector, chosen: VectorSelector, named: Verdict, other: Verdict) -> Iterator[Kind]:
    every = [each for each in _assignments(total.matchers) if _admits(total, each)]
    some = [each for each in _assignments(chosen.matchers) if _admits(chosen, each)]
    if every and some:
        counted, special = series_name(total.metric, every[0]), series_name(chosen.metric, some[0])
        yield Kind(other, (f'{counted[:-1]},event="a"}}' if "{" in counted else f'{counted}{{event="a"}}',))
        yield Kind(named, (f'{counted[:-1]},event="b"}}' if "{" in counted else f'{counted}{{event="b"}}', special))


def _assignments(matchers: Sequence[LabelMatcher]) -> Iterator[dict[str, str]]:
    names = list(dict.fromkeys(matcher.label for matcher in matchers))
    values = [list(dict.fromkeys(_values(name, matchers))) for name in names]
    for number, chosen in enumerate(product(*values)):
        if number >= _MOST:
            return
        yield dict(zip(names, chosen, strict=True))


def _values(name: str, matchers: Sequence[LabelMatcher]) -> Iterator[str]:
    for matcher in matchers:
        if matcher.label != name:
            continue
        if matcher.op in {"=", "!="}:
            yield matcher.value
        else:
            whole = _ALTERNATIVES.fullmatch(matcher.value)
            alternatives = (whole[1] if whole else matcher.value).split("|")
            yield from (re.sub(r"\.[+*]?", "0", text) for text in alternatives)
    yield _OTHER


def _admits(selector: VectorSelector, labels: dict[str, str]) -> bool:
    return all(_holds(matcher, labels.get(matcher.label, "")) for matcher in selector.matchers)


def _holds(matcher: LabelMatcher, value: str) -> bool:
    if matcher.op in {"=", "!="}:
        return (matcher.value == value) == (matcher.op == "=")
    try:
        matched = re.fullmatch(matcher.value, value) is not None
    except re.error:
        return False
    return matched == (matcher.op == "=~")
