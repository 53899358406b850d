"""Rule 6: one root of errors; cancellation is never swallowed."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.tree import modules, plant

ROOT_ERROR = "ExaiSreError"


def classes(root):
    return [
        (module, node)
        for module in modules(root, "exai_sre", "server")
        for node in module.walk()
        if isinstance(node, ast.ClassDef)
    ]


def rootless_errors(root):
    """Classes that are exceptions but do not descend from the root."""
    found = classes(root)
    bases = {node.name: [ast.unparse(base).split(".")[-1] for base in node.bases] for _, node in found}

    def descends(name, from_):
        return name == from_ or any(descends(base, from_) for base in bases.get(name, ()) if base != name)

    for module, node in found:
        exception = any(base.endswith(("Error", "Exception", "Exceeded", "Full", "Open")) for base in bases[node.name])
        if exception and not descends(node.name, ROOT_ERROR) and node.name != ROOT_ERROR:
            yield module.at(node.lineno, f"{node.name} does not descend from {ROOT_ERROR}")


def swallowing(handler):
    caught = ast.unparse(handler.type) if handler.type else "BaseException"
    greedy = any(word in caught for word in ("BaseException", "CancelledError", "get_cancelled_exc_class"))
    return greedy and not any(isinstance(node, ast.Raise) or hands_on(node) for node in ast.walk(handler))


def hands_on(node):
    """The error is thrown into the coroutine that is driven here, which decides about it."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".throw")


def swallowed(root):
    for module in modules(root, "exai_sre", "server"):
        for function in module.functions():
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler) and swallowing(node) and not awaits_own_task(function):
                    yield module.at(node.lineno, f"{function.name} swallows cancellation")


def awaits_own_task(function):
    """A function that cancels a task of its own and awaits its end ends that cancellation rightly."""
    return any(isinstance(n, ast.Call) and ast.unparse(n.func).endswith(".cancel") for n in ast.walk(function))


def test_every_error_descends_from_one_root(root):
    assert list(rootless_errors(root)) == []


def test_cancellation_is_never_swallowed(root):
    assert list(swallowed(root)) == []


def test_a_planted_rootless_error_is_found(tmp_path):
    plant(tmp_path, exai_sre__a="class A(ValueError): ...\nclass B(ExaiSreError): ...\nclass C(B, TimeoutError): ...")
    assert [line.split(": ")[1] for line in rootless_errors(tmp_path)] == ["A does not descend from ExaiSreError"]


@pytest.mark.parametrize("caught", ["", " BaseException", " asyncio.CancelledError", " (ValueError, CancelledError)"])
def test_a_planted_swallowed_cancellation_is_found(tmp_path, caught):
    plant(tmp_path, exai_sre__a=f"def f():\n    try:\n        g()\n    except{caught}:\n        return None\n")
    assert len(list(swallowed(tmp_path))) == 1
