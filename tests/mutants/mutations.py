"""Every single change of a rule file that its tests should notice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Rules = dict[str, Any]

_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKENS = re.compile(
    rf"(?P<label>{_STRING})|\[(?P<window>\w+)\]|ratio_rate(?P<named>\w+)|(?P<comparison>[<>]=?|==|!=)(?=\s)"
    r"|(?P<matcher>=~|!~|!=|=)(?=\")|\b(?P<logic>and|or|unless)\b|(?<![\w.:\[])(?P<number>\d+(?:\.\d+)?)(?![\w.:\]])"
)
_COMPARISONS = {">": (">=", "<="), "<": ("<=", ">="), ">=": (">", "<"), "<=": ("<", ">"), "==": ("!=",), "!=": ("==",)}
_LOGIC = {"and": ("or", "unless"), "or": ("and",), "unless": ("and",)}
_MATCHERS = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_FACTORS = (Decimal("1.1"), Decimal("0.9"))
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True)
class Mutant:
    """A change of one rule.

    Attributes:
        kind: ``threshold``, ``window``, ``label`` or ``comparison``.
        what: the change, for people.
        number: which rule of the file it is, counted from 0 through all groups.
        original: the rule.
        rule: the changed rule.
    """

    kind: str
    what: str
    number: int
    original: Rules
    rule: Rules


def mutants(rules: Rules) -> Iterator[Mutant]:
    """All mutants of a rule file, in the order of its rules."""
    for number, rule in enumerate(rule for group in rules["groups"] for rule in group["rules"]):
        name = rule.get("record") or f"{rule['alert']} {rule['labels'].get('burnrate_tier', '')}".strip()
        for kind, change, changed in _of_rule(rule):
            yield Mutant(kind, f"{name}: {change}", number, rule, changed)


def _of_rule(rule: Rules) -> Iterator[tuple[str, str, Rules]]:
    for match in _TOKENS.finditer(rule["expr"]):
        for kind, old, new in _of_token(match):
            begin, end = match.span(match.lastgroup or 0)
            expr = rule["expr"]
            yield kind, f"{old} -> {new} at {begin}", {**rule, "expr": f"{expr[:begin]}{new}{expr[end:]}"}
    for label, value in rule.get("labels", {}).items():
        yield "label", f"{label}={value} changed", {**rule, "labels": {**rule["labels"], label: f"{value}x"}}
    if "for" in rule:
        yield "window", f"for {rule['for']} doubled", {**rule, "for": _scaled(rule["for"], 2)}
        yield "window", "for dropped", {key: value for key, value in rule.items() if key != "for"}


def _of_token(match: re.Match[str]) -> Iterator[tuple[str, str, str]]:
    group = match.lastgroup or ""
    kind, changes = _CHANGES[group]
    old = match[group]
    for new in changes(old):
        yield kind, old, new


def _windows(old: str) -> list[str]:
    return [_scaled(old, factor) for factor in (2, Decimal("0.5"))] if _duration(old) else []


def _numbers(old: str) -> list[str]:
    if Decimal(old) == 0:
        return ["1"]
    return [f"{(Decimal(old) * factor).normalize():f}" for factor in _FACTORS]


def _duration(text: str) -> int:
    return sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([smhdw])", text))


def _scaled(text: str, factor: int | Decimal) -> str:
    seconds = int(_duration(text) * factor)
    parts = []
    for unit in "dhms":
        count, seconds = divmod(seconds, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


_CHANGES: dict[str, tuple[str, Callable[[str], Iterable[str]]]] = {
    "label": ("label", lambda old: [f'{old[:-1]}x"']),
    "matcher": ("label", lambda old: [_MATCHERS[old]]),
    "window": ("window", _windows),
    "named": ("window", _windows),
    "comparison": ("comparison", _COMPARISONS.__getitem__),
    "logic": ("comparison", _LOGIC.__getitem__),
    "number": ("threshold", _numbers),
}
"""By the group of a token, what kind of change it sees and into what it is changed."""
