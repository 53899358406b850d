"""PromQL as the rule checks see it: selectors with their ranges, groupings, and the labels that come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from exai_sre.generate.optional import promql_parser

__all__ = ["LabelsOf", "Match", "Query", "Selector", "groupings", "output_labels", "parse_query"]

LabelsOf = Callable[[str], frozenset[str] | None]
"""Labels of a series by its name; ``None`` where they are not known."""

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """A label matcher.

    Attributes:
        label: label name.
        op: ``=``, ``!=``, ``=~`` or ``!~``.
        value: value or pattern.
    """

    label: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector within an expression.

    Attributes:
        series: name of the series; empty where labels alone choose it.
        matches: its label matchers.
        function: the function whose direct argument it is, or an empty text.
        range: its range in seconds; 0 for an instant selector.
    """

    series: str
    matches: tuple[Match, ...]
    function: str
    range: float


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed expression.

    Attributes:
        error: why it does not parse, in one line; empty where it does.
        tree: the parser's tree, or ``None``.
        selectors: its selectors, from left to right.
        compares: whether it holds a comparison that filters, or another condition that can be unmet.
    """

    error: str = ""
    tree: Any = None
    selectors: tuple[Selector, ...] = field(default=())
    compares: bool = False


def parse_query(text: str) -> Query:
    """Parse an expression.

    Raises:
        MissingExtraError: promql-parser is not installed.
    """
    try:
        tree = promql_parser().parse(text)
    except ValueError as error:
        return Query(error=" ".join(str(error).split()))
    return Query("", tree, tuple(_selectors(tree, "")), any(_conditional(node) for node in _nodes(tree)))


def _kind(node: Any) -> str:
    return type(node).__name__


def _children(node: Any) -> list[Any]:
    kind = _kind(node)
    if kind == "BinaryExpr":
        return [node.lhs, node.rhs]
    if kind == "Call":
        return list(node.args)
    if kind == "MatrixSelector":
        return [node.vector_selector]
    if kind in ("AggregateExpr", "ParenExpr", "UnaryExpr", "SubqueryExpr"):
        return [node.expr]
    return []


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def _selectors(node: Any, function: str) -> Iterator[Selector]:
    kind = _kind(node)
    if kind == "MatrixSelector":
        yield _selector(node.vector_selector, function, node.range.total_seconds())
    elif kind == "VectorSelector":
        yield _selector(node, function, 0.0)
    else:
        inner = node.func.name if kind == "Call" else function if kind == "ParenExpr" else ""
        for child in _children(node):
            yield from _selectors(child, inner)


def _selector(node: Any, function: str, seconds: float) -> Selector:
    ops = promql_parser().MatchOp
    names = {int(ops.Equal): "=", int(ops.NotEqual): "!=", int(ops.Re): "=~", int(ops.NotRe): "!~"}
    matches = tuple(Match(each.name, names[int(each.op)], each.value) for each in node.matchers.matchers)
    # A name in quotes, as in {"http.server.duration"}, is parsed into a matcher.
    named = next((each.value for each in matches if each.label == "__name__" and each.op == "="), "")
    kept = tuple(each for each in matches if each.label != "__name__" or not named)
    return Selector(node.name or named, kept, function, seconds)


def _conditional(node: Any) -> bool:
    if _kind(node) == "Call":
        return str(node.func.name) in ("absent", "absent_over_time")
    if _kind(node) != "BinaryExpr":
        return False
    if str(node.op) in ("==", "!=", ">", "<", ">=", "<="):
        return not (node.modifier and node.modifier.return_bool)
    return str(node.op) == "unless"


def output_labels(tree: Any, labels_of: LabelsOf) -> frozenset[str] | None:
    """Labels that the result of an expression can carry; ``None`` where that is not known."""
    handler = _HANDLERS.get(_kind(tree))
    return _NOTHING if handler is None else handler(tree, labels_of)


def groupings(tree: Any, labels_of: LabelsOf) -> list[str]:
    """Labels that an aggregation keeps by name although its input never has them, in order of appearance."""
    found = []
    for node in _nodes(tree) if tree is not None else ():
        if (
            _kind(node) == "AggregateExpr"
            and node.modifier
            and node.modifier.type == promql_parser().AggModifierType.By
        ):
            inner = output_labels(node.expr, labels_of)
            found += [label for label in node.modifier.labels if inner is not None and label not in inner]
    return found


def _of_selector(node: Any, labels_of: LabelsOf) -> frozenset[str] | None:
    return labels_of(node.name or "")


def _of_matrix(node: Any, labels_of: LabelsOf) -> frozenset[str] | None:
    return labels_of(node.vector_selector.name or "")


def _of_inner(node: Any, labels_of: LabelsOf) -> frozenset[str] | None:
    return output_labels(node.expr, labels_of)


def _of_aggregate(node: Any, labels_of: LabelsOf) -> frozenset[str] | None:
    inner = output_labels(node.expr, labels_of)
    if str(node.op) in ("topk", "bottomk"):
        return inner
    if node.modifier is None:
        return _NOTHING
    named = frozenset(node.modifier.labels)
    if node.modifier.type == promql_parser().AggModifierType.By:
        return named
    return None if inner is None else inner - named


def _of_call(node: Any, labels_of: LabelsOf) -> frozenset[str] | None:
    name, arguments = node.func.name, list(node.args)
    if name in ("absent", "absent_over_time"):
        return frozenset(
            match.label for each in _selectors(arguments[0], "") for match in each.matches if match.op == "="
        )
    known = _union(arguments, labels_of)
    if known is None:
        return None
    if name == "histogram_quantile":
        return known - {"le"}
    if name in ("label_replace", "label_join"):
        return known | {arguments[1].val}
    return known


def _of_binary(node: Any, labels_of: LabelsOf) -> frozenset[str] | None:
    if str(node.op) in ("and", "unless"):
        return output_labels(node.lhs, labels_of)
    both = _union((node.lhs, node.rhs), labels_of)
    matching = node.modifier.matching if node.modifier else None
    if matching is None or both is None or str(node.op) == "or" or node.modifier.group_labels is not None:
        return both
    named = frozenset(matching.labels)
    return named if matching.type == promql_parser().LabelModifierType.Include else both - named


def _union(nodes: Any, labels_of: LabelsOf) -> frozenset[str] | None:
    found = [output_labels(node, labels_of) for node in nodes]
    known = [labels for labels in found if labels is not None]
    return frozenset().union(*known) if len(known) == len(found) else None


_HANDLERS: dict[str, Callable[[Any, LabelsOf], frozenset[str] | None]] = {
    "AggregateExpr": _of_aggregate,
    "BinaryExpr": _of_binary,
    "Call": _of_call,
    "MatrixSelector": _of_matrix,
    "ParenExpr": _of_inner,
    "SubqueryExpr": _of_inner,
    "UnaryExpr": _of_inner,
    "VectorSelector": _of_selector,
}
