"""Rule 2: small files, short functions, few branches."""

from __future__ import annotations

import ast
import statistics

import pytest

from tests.architecture.tree import modules, plant

FILE_LIMIT, FILE_MEDIAN, FUNCTION_P90, FUNCTION_LIMIT, COMPLEXITY_LIMIT = 400, 150, 30, 60, 10
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension, ast.Assert)


def hand_written(root):
    """Lines of each hand-written Python and JavaScript file."""
    paths = [
        path
        for folder in ("exai_sre", "server", "tests", "benchmarks")
        for suffix in ("*.py", "*.js")
        for path in (root / folder).rglob(suffix)
    ]
    return {str(path.relative_to(root)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}


def length(function):
    return function.end_lineno - function.lineno + 1


def complexity(function):
    """McCabe's number: one, plus one per branch, plus one per further operand of and/or."""
    total = 1
    for node in ast.walk(function):
        if isinstance(node, BRANCHES):
            total += 1
        elif isinstance(node, ast.BoolOp):
            total += len(node.values) - 1
        elif isinstance(node, ast.match_case):
            total += 1
    return total


def oversized(root):
    lines = hand_written(root)
    yield from (f"{name}: {count} lines" for name, count in lines.items() if count > FILE_LIMIT)
    if statistics.median(lines.values()) > FILE_MEDIAN:
        yield f"median file has {statistics.median(lines.values())} lines"
    functions = [(m, f) for m in modules(root, "exai_sre", "server") for f in m.functions()]
    yield from (m.at(f.lineno, f"{f.name} has {length(f)} lines") for m, f in functions if length(f) > FUNCTION_LIMIT)
    ranked = sorted(length(function) for _, function in functions)
    if ranked and ranked[int(len(ranked) * 0.9)] > FUNCTION_P90:
        yield f"function p90 is {ranked[int(len(ranked) * 0.9)]} lines"


def tangled(root):
    for module in modules(root, "exai_sre", "server"):
        for function in module.functions():
            inner = sum(
                complexity(f) - 1 for f in ast.walk(function) if f is not function and hasattr(f, "decorator_list")
            )
            if complexity(function) - inner >= COMPLEXITY_LIMIT + 5:
                yield module.at(function.lineno, f"{function.name}: {complexity(function) - inner}")


def test_files_and_functions_are_short(root):
    assert list(oversized(root)) == []


def test_functions_have_few_branches(root):
    """Stricter on boolean operators than the linter, which holds every function below ten."""
    assert list(tangled(root)) == []


@pytest.mark.parametrize(
    "text",
    ["x = 1\n" * 401, "def f():\n" + "    x = 1\n" * 60, "def f():\n" + "    x = 1\n" * 31],
)
def test_a_planted_giant_is_found(tmp_path, text):
    assert list(oversized(plant(tmp_path, exai_sre__a=text)))


def test_a_planted_median_is_found(tmp_path):
    plant(tmp_path, exai_sre__a="x = 1\n" * 200, exai_sre__b="x = 1\n" * 151, exai_sre__c="x = 1\n")
    assert list(oversized(tmp_path)) == ["median file has 151 lines"]


def test_a_planted_tangle_is_found(tmp_path):
    plant(tmp_path, exai_sre__a="def f(x):\n" + "".join(f"    if x == {n}:\n        return {n}\n" for n in range(14)))
    assert len(list(tangled(tmp_path))) == 1
