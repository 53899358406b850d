"""The part of a promtool test that can see one rule: fewer checks and rules, the same verdict on that rule.

A check sees a rule when what it asks for is computed from it. Left out are checks that do not see the
changed rule, rules from which no remaining check is computed or that can have no result in the case,
and series that none of those reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from exai_sre.slo.windows import parse_duration
from tests.mutants.liveness import can_yield

__all__ = ["Slice", "Slicer"]

Rule = Mapping[str, Any]

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([a-zA-Z_:][a-zA-Z0-9_:]*)')
_CHECKS = ("alert_rule_test", "promql_expr_test")
_BRANCHING = 4
"""Checks of one case whose costs differ by less than this factor are tried together."""
_RANGE = re.compile(r"\[\w+\]")
_SUBQUERY = re.compile(r"\[\w+:\w*\]")
_COST_OF_SUBQUERY = 10
"""How much more a rule with a subquery costs than one without, roughly."""
_COST_OF_SERIES = 0.25
"""What a series adds to the cost of each range that a rule reads, roughly."""


@dataclass(frozen=True)
class Slice:
    """Some checks of one case.

    Attributes:
        number: which rule it is about.
        case: number of the case among all.
        checks: numbers of the checks in the case.
        needs: numbers of the rules from which they are computed.
        place: the same for corresponding checks in the tests of another SLO of that shape.
        cost: seconds that it takes, up to a factor.
    """

    number: int
    case: int
    checks: tuple[int, ...]
    needs: frozenset[int]
    place: tuple[str, int, int]
    cost: float

    @property
    def key(self) -> tuple[int, int, tuple[int, ...]]:
        """The same for the same checks of the same rule."""
        return self.number, self.case, self.checks


@dataclass(frozen=True)
class _Check:
    """One expectation of a case, and the names that it asks for."""

    number: int
    kind: str
    content: Mapping[str, Any]
    seconds: int
    words: frozenset[str]


@dataclass
class _Case:
    """One case of a test file; what was found out about it is kept."""

    number: int
    file: Mapping[str, Any]
    content: Mapping[str, Any]
    step: int
    checks: list[_Check]
    inputs: frozenset[str]
    alive: dict[int, frozenset[str]] = field(default_factory=dict)
    working: dict[int, frozenset[int]] = field(default_factory=dict)
    slices: dict[tuple[int, frozenset[str]], list[Slice]] = field(default_factory=dict)


class Slicer:
    """Cuts the tests of one rule file."""

    def __init__(self, rules: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the rule file and its test files by name, both as loaded from YAML."""
        self._groups = rules["groups"]
        self._group_of = [at for at, group in enumerate(self._groups) for _ in group["rules"]]
        self._rules: list[Rule] = [rule for group in self._groups for rule in group["rules"]]
        self._words = [_words(rule["expr"]) for rule in self._rules]
        self._makers: dict[str, list[int]] = {}
        for number, rule in enumerate(self._rules):
            self._makers.setdefault(_made(rule), []).append(number)
        cases = [(file, case) for file in files.values() for case in file["tests"]]
        self._cases = [_case(number, file, case) for number, (file, case) in enumerate(cases)]

    def slices(self, number: int, changed: Rule) -> list[Slice]:
        """What can see the rule of that number, when it is changed to this."""
        made, words = [], _words(changed["expr"])
        for case in self._cases:
            before = number in self._working(case, -1)
            if before or can_yield(changed["expr"], self._alive(case, number)):
                key = number, frozenset(words & self._makers.keys())
                if key not in case.slices:
                    case.slices[key] = self._cut(case, number, words)
                made += case.slices[key]
        return made

    def files(self, each: Slice, changed: Rule | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """A rule file with the rule changed, or as it was generated, and a test file but for the name of the former."""
        case, number = self._cases[each.case], each.number
        rules = {at: self._rules[at] for at in sorted(each.needs)}
        if changed is not None:
            rules[number] = changed
        checks = [case.checks[at] for at in each.checks]
        read = frozenset[str]().union(*(check.words for check in checks), *(_words(r["expr"]) for r in rules.values()))
        groups = []
        for at, group in enumerate(self._groups):
            own = [rule for each_at, rule in rules.items() if self._group_of[each_at] == at]
            groups += [{**group, "rules": own}] if own else []
        kept = {kind: [check.content for check in checks if check.kind == kind] for kind in _CHECKS}
        series = [one for one in case.content["input_series"] if _metric(one["series"]) in read]
        test = {**case.content, **kept, "input_series": series}
        return {"groups": groups}, {
            **case.file,
            "group_eval_order": [group["name"] for group in groups],
            "tests": [test],
        }

    def _cut(self, case: _Case, number: int, words: frozenset[str]) -> list[Slice]:
        """Checks that see a rule which reads these names, those of a similar cost together."""
        costs = []
        for check in case.checks:
            needs = self._needed(case, check, number, words)
            if number in needs:
                costs.append((self._cost(case, check, needs), check.number, needs))
        made, some = [], list[tuple[float, int, frozenset[int]]]()
        for each in sorted(costs, key=lambda cost: cost[:2]):
            if some and each[0] > _BRANCHING * some[0][0]:
                made.append(some)
                some = []
            some.append(each)
        return [self._slice(case, number, at, each) for at, each in enumerate([*made, some]) if each]

    def _slice(self, case: _Case, number: int, at: int, some: Sequence[tuple[float, int, frozenset[int]]]) -> Slice:
        # What the rule as generated reads is there too, so that the same slice can vouch for itself.
        own = self._needed(case, case.checks[some[0][1]], number, self._words[number])
        needs = own.union(*(needs for _, _, needs in some))
        last = max((case.checks[check] for _, check, _ in some), key=lambda check: check.seconds)
        checks = tuple(check for _, check, _ in some)
        place = _made(self._rules[number]), case.number, at
        return Slice(number, case.number, checks, needs, place, self._cost(case, last, needs))

    def _alive(self, case: _Case, number: int) -> frozenset[str]:
        """Names of series that there may be in a case, if the rule of that number has results."""
        if number not in case.alive:
            names = set(case.inputs) | ({_made(self._rules[number])} if number >= 0 else set())
            size = -1
            while size < len(names):
                size = len(names)
                names |= {_made(rule) for rule in self._rules if can_yield(rule["expr"], names)}
            case.alive[number] = frozenset(names)
        return case.alive[number]

    def _working(self, case: _Case, number: int) -> frozenset[int]:
        """Numbers of the rules that may have results in a case, that of the given number included."""
        if number not in case.working:
            alive = self._alive(case, number)
            rules = (at for at, rule in enumerate(self._rules) if can_yield(rule["expr"], alive))
            case.working[number] = frozenset((*rules, number))
        return case.working[number]

    def _needed(self, case: _Case, check: _Check, number: int, words: frozenset[str]) -> frozenset[int]:
        """Numbers of all rules with results that a check is computed from, if one rule reads these names."""
        found: set[int] = set()
        working, todo = self._working(case, number), set(check.words)
        while todo:
            for maker in self._makers.get(todo.pop(), ()):
                if maker not in found and maker in working:
                    found.add(maker)
                    todo |= words if maker == number else self._words[maker]
        return frozenset(found)

    def _cost(self, case: _Case, check: _Check, needs: Iterable[int]) -> float:
        per = len(case.content["input_series"]) * _COST_OF_SERIES
        exprs = (self._rules[number]["expr"] for number in needs)
        one = sum(1 + _COST_OF_SUBQUERY * len(_SUBQUERY.findall(e)) + per * len(_RANGE.findall(e)) for e in exprs)
        return (check.seconds // case.step + 1) * one


def _case(number: int, file: Mapping[str, Any], content: Mapping[str, Any]) -> _Case:
    wanted = [(kind, each) for kind in _CHECKS for each in content.get(kind, ())]
    checks = [
        _Check(
            at, kind, each, 0 if each["eval_time"] == "0s" else parse_duration(each["eval_time"]), _asked(kind, each)
        )
        for at, (kind, each) in enumerate(wanted)
    ]
    inputs = frozenset(_metric(each["series"]) for each in content["input_series"])
    return _Case(number, file, content, parse_duration(file["evaluation_interval"]), checks, inputs)


def _asked(kind: str, content: Mapping[str, Any]) -> frozenset[str]:
    return _words(content["expr"]) if kind == "promql_expr_test" else frozenset([content["alertname"]])


def _made(rule: Rule) -> str:
    name: str = rule.get("record") or rule["alert"]
    return name


def _metric(series: str) -> str:
    return series.partition("{")[0]


@cache
def _words(expr: str) -> frozenset[str]:
    """All words of a query, those in quotes too: among them the names of the series and alerts that it reads."""
    return frozenset(word for pair in _WORD.findall(expr) for word in pair if word)
