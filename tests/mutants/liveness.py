"""Whether a query can have a result at all, given the names of the series that exist."""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import cache
from typing import Any

from exai_sre.generate.optional import promql_parser

__all__ = ["can_yield"]

Test = Callable[[Set[str]], bool]


def can_yield(expr: str, names: Set[str]) -> bool:
    """Whether the query may have a result where series of these names exist and no others; in doubt it may."""
    return _test(expr)(names)


@cache
def _test(expr: str) -> Test:
    return _of(promql_parser().parse(expr))


def _of(node: Any) -> Test:
    kind = type(node).__name__
    if kind == "VectorSelector":
        name = node.name
        return lambda names: name is None or name in names
    if kind == "MatrixSelector":
        return _of(node.vector_selector)
    if kind == "BinaryExpr":
        return _of_pair(str(node.op), _of(node.lhs), _of(node.rhs))
    if kind == "Call":
        # Without its series, a function has no result either, but this one.
        return _always if node.func.name.startswith("absent") else _every([_of(each) for each in node.args])
    if hasattr(node, "expr"):
        return _of(node.expr)
    return _always


def _of_pair(op: str, left: Test, right: Test) -> Test:
    if op == "unless":
        return left
    if op == "or":
        return lambda names: left(names) or right(names)
    return _every([left, right])


def _every(tests: list[Test]) -> Test:
    return lambda names: all(test(names) for test in tests)


def _always(_names: Set[str]) -> bool:
    return True
