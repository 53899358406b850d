"""PromQL as a linter sees it: which series it selects, under which conditions, inside what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from exai_sre.generate.optional import promql_parser

__all__ = ["ANY", "Condition", "Expression", "Selection", "parse_expression"]

ANY: Final = "__variable__"
"""What stands in for the value of a template variable."""

_RATE_INTERVAL_SECONDS: Final = 4321
_BUILT_IN: Final = {
    "__rate_interval": f"{_RATE_INTERVAL_SECONDS}s",
    "__interval": "60s",
    "__range": "3600s",
    "__range_s": "3600",
    "__auto": "60s",
}
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::[^}]*)?\}|\$(\w+)|\[\[(\w+)(?::[^\]]*)?\]\]")


@dataclass(frozen=True, slots=True)
class Condition:
    """A label matcher.

    Attributes:
        label: label name.
        regex: whether the value is a regular expression.
        value: value, with :data:`ANY` in the place of variables.
    """

    label: str
    regex: bool
    value: str


@dataclass(frozen=True, slots=True)
class Selection:
    """A selector within an expression.

    Attributes:
        series: name of the series; empty where it is chosen by labels alone.
        conditions: its label matchers.
        function: the function whose argument it is, or an empty text.
        range_is_rate_interval: for a range selector, whether its range is ``$__rate_interval``;
            ``None`` for an instant one.
        groups: labels of the ``by`` clauses around it.
    """

    series: str
    conditions: tuple[Condition, ...]
    function: str = ""
    range_is_rate_interval: bool | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    Attributes:
        error: why it does not parse, in one line; empty where it does.
        selections: its selectors, from left to right.
    """

    error: str = ""
    selections: tuple[Selection, ...] = field(default=())


def parse_expression(text: str) -> Expression:
    """Parse PromQL after its variables were filled in.

    Raises:
        MissingExtraError: promql-parser is not installed.
    """
    parser = promql_parser()
    try:
        tree = parser.parse(_VARIABLE.sub(_fill, text))
    except ValueError as error:
        return Expression(error=" ".join(str(error).split()))
    return Expression(selections=tuple(_walk(parser, tree, "", ())))


def _fill(match: re.Match[str]) -> str:
    name = next(group for group in match.groups() if group)
    return _BUILT_IN.get(name, ANY)


def _walk(parser: Any, node: Any, function: str, groups: tuple[str, ...]) -> Iterator[Selection]:
    if isinstance(node, parser.MatrixSelector):
        interval = int(node.range.total_seconds()) == _RATE_INTERVAL_SECONDS
        yield _selection(parser, node.vector_selector, function, interval, groups)
    elif isinstance(node, parser.VectorSelector):
        yield _selection(parser, node, function, None, groups)
    else:
        for child, function_of, groups_of in _children(parser, node, function, groups):
            yield from _walk(parser, child, function_of, groups_of)


def _children(
    parser: Any, node: Any, function: str, groups: tuple[str, ...]
) -> Iterator[tuple[Any, str, tuple[str, ...]]]:
    if isinstance(node, parser.Call):
        yield from ((argument, node.func.name, groups) for argument in node.args)
    elif isinstance(node, parser.AggregateExpr):
        by = node.modifier if node.modifier and node.modifier.type == parser.AggModifierType.By else None
        yield node.expr, "", (*groups, *by.labels) if by else groups
    elif isinstance(node, parser.BinaryExpr):
        yield from ((side, "", groups) for side in (node.lhs, node.rhs))
    elif isinstance(node, (parser.ParenExpr, parser.UnaryExpr, parser.SubqueryExpr)):
        yield node.expr, function, groups


def _selection(parser: Any, node: Any, function: str, interval: bool | None, groups: tuple[str, ...]) -> Selection:
    patterns = (parser.MatchOp.Re, parser.MatchOp.NotRe)
    conditions = tuple(
        Condition(matcher.name, matcher.op in patterns, matcher.value) for matcher in node.matchers.matchers
    )
    return Selection(node.name or "", conditions, function, interval, groups)
