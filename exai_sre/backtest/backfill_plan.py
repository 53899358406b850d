"""What has to be recorded for the past, and in which order: read from the generated rules themselves.

Only what other rules sum up over time needs a past: once that stands in Prometheus, the ratios
of all windows and the budget are true at the next evaluation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exai_sre.errors import ExaiSreError
from exai_sre.generate.checks.promql import parse_query
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.rules import prometheus_rules
from exai_sre.slo.model import Slo

__all__ = ["PastSeries", "backfill_plan"]

_SUBQUERY: Final = re.compile(r"\[[^\]\"]*:[^\]\"]*\]")


@dataclass(frozen=True, slots=True)
class PastSeries:
    """One recording rule whose past is wanted.

    Attributes:
        slo: id of the SLO that it belongs to.
        name: name of the recorded series.
        expr: PromQL.
        labels: labels that the rule adds.
        level: 0 where it reads no other series of the plan, else one more than the highest of those.
    """

    slo: str
    name: str
    expr: str
    labels: Mapping[str, str]
    level: int


@dataclass(frozen=True, slots=True)
class _Rule:
    slo: str
    name: str
    expr: str
    labels: Mapping[str, str]
    reads: frozenset[str]
    sums: frozenset[str]


def backfill_plan(slos: Sequence[Slo], options: RuleOptions, *, everything: bool = False) -> list[PastSeries]:
    """The recordings that other rules read over a range, and what they need, ordered by level and SLO.

    Args:
        slos: the objectives.
        options: what their rules are generated with.
        everything: take every recording, so that dashboards show the past too.

    Raises:
        ExaiSreError: an expression cannot be parsed, or recordings need each other.
        MissingExtraError: promql-parser is not installed.
        SpecError: an SLO cannot be compiled.
    """
    found: list[PastSeries] = []
    for slo in sorted(slos, key=lambda slo: slo.id):
        found += _of_one(_rules(slo, options), everything=everything)
    return sorted(found, key=lambda each: (each.level, each.slo))


def _rules(slo: Slo, options: RuleOptions) -> list[_Rule]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rules: list[_Rule] = []
    for text in prometheus_rules([slo], options=options).values():
        # The text is our own; the loader is safe all the same.
        for group in yaml.load(text, Loader=loader)["groups"]:  # noqa: S506  # nosec B506
            rules += [_rule(slo, rule) for rule in group["rules"]]
    return rules


def _rule(slo: Slo, rule: Mapping[str, Any]) -> _Rule:
    expr = rule["expr"]
    query = parse_query(expr)
    if query.error:
        raise ExaiSreError(f"{slo.id}: {rule.get('record') or rule.get('alert')}: {query.error}")
    nested = _SUBQUERY.search(expr) is not None
    reads = frozenset(selector.series for selector in query.selectors)
    sums = frozenset(selector.series for selector in query.selectors if selector.range or nested)
    return _Rule(slo.id, rule.get("record", ""), expr, rule.get("labels", {}), reads, sums)


def _of_one(rules: Iterable[_Rule], *, everything: bool) -> list[PastSeries]:
    by_name: dict[str, list[_Rule]] = {}
    for rule in (every := list(rules)):
        if rule.name:
            by_name.setdefault(rule.name, []).append(rule)
    summed = {name for rule in every for name in rule.sums if name in by_name}
    wanted = set(by_name) if everything else _closed(summed, by_name)
    levels: dict[str, int] = {}
    for name in sorted(wanted):
        _level(name, by_name, wanted, levels, ())
    return [
        PastSeries(rule.slo, rule.name, rule.expr, rule.labels, levels[name])
        for name in sorted(wanted)
        for rule in by_name[name]
    ]


def _closed(wanted: set[str], by_name: Mapping[str, Sequence[_Rule]]) -> set[str]:
    """Those names and all that they are computed of."""
    todo, found = sorted(wanted), set(wanted)
    while todo:
        for rule in by_name[todo.pop()]:
            further = sorted(name for name in rule.reads if name in by_name and name not in found)
            found.update(further)
            todo += further
    return found


def _level(
    name: str,
    by_name: Mapping[str, Sequence[_Rule]],
    wanted: set[str],
    levels: dict[str, int],
    above: tuple[str, ...],
) -> int:
    if name in above:
        raise ExaiSreError(f"the recordings {', '.join(sorted({name, *above}))} need each other")
    if name not in levels:
        needed = sorted({read for rule in by_name[name] for read in rule.reads if read in wanted and read != name})
        inner = [_level(read, by_name, wanted, levels, (*above, name)) for read in needed]
        levels[name] = max(inner, default=-1) + 1
    return levels[name]
