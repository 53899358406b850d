"""Rule 4: every public name is annotated and documented; the type checkers run in `make style`."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.tree import Function, modules, plant


def public(body, *, inside=""):
    for node in body:
        if isinstance(node, (*Function.__args__, ast.ClassDef)) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, inside=f"{node.name}.")


def undocumented(root):
    for module in modules(root, "exai_sre", "server"):
        if ast.get_docstring(module.ast) is None:
            yield f"{module.name}: no docstring"
        for name, node in public(module.ast.body):
            overload = any("overload" in ast.unparse(d) or ".setter" in ast.unparse(d) for d in node.decorator_list)
            if ast.get_docstring(node) is None and not overload:
                yield module.at(node.lineno, f"{name} has no docstring")


def unannotated(root):
    for module in modules(root, "exai_sre", "server"):
        for function in module.functions():
            arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
            if bare or function.returns is None:
                yield module.at(function.lineno, f"{function.name}: {bare or 'return'} not annotated")


def test_every_public_name_is_documented(root):
    assert list(undocumented(root)) == []


def test_every_function_is_annotated(root):
    assert list(unannotated(root)) == []


def test_the_package_says_that_it_is_typed(root):
    assert (root / "exai_sre" / "py.typed").is_file()


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (undocumented, "x = 1\n"),
        (undocumented, '"""Doc."""\ndef f() -> None:\n    return None\n'),
        (undocumented, '"""Doc."""\nclass A:\n    """Doc."""\n    def f(self) -> None:\n        return None\n'),
        (unannotated, "def f(x) -> None:\n    return None\n"),
        (unannotated, "def f(x: int):\n    return None\n"),
    ],
)
def test_a_planted_fault_is_found(tmp_path, check, text):
    assert len(list(check(plant(tmp_path, exai_sre__a=text)))) == 1
