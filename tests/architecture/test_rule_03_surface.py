"""Rule 3: package files hold imports and a sorted __all__; the public surface is written down."""

from __future__ import annotations

import ast
import importlib
import os

import pytest

from tests.architecture.tree import modules

SNAPSHOT = "tests/architecture/public_api.txt"


def logic_in_packages(root):
    for module in modules(root, "exai_sre", "server"):
        if module.is_package:
            yield from (module.at(node.lineno, type(node).__name__) for node in module.ast.body if not allowed(node))


def allowed(node):
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    if isinstance(node, ast.FunctionDef):
        return node.name in ("__getattr__", "__dir__")
    return isinstance(node, ast.Assign | ast.AnnAssign) and ast.unparse(node).startswith(("__all__", "_HOMES"))


def declared(module):
    for node in module.ast.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return None


def unsorted(root):
    for module in modules(root, "exai_sre", "server"):
        names = declared(module)
        if names is None and (module.name.endswith("__main__") or docstring_alone(module)):
            continue
        if names is None:
            yield f"{module.name}: no __all__"
        elif sorted(names) != names and sorted(names, key=constants_first) != names:
            yield f"{module.name}: __all__ is not sorted"


def docstring_alone(module):
    return all(isinstance(node, ast.Expr) for node in module.ast.body)


def constants_first(name):
    return (not name.isupper(), not name[:1].isupper(), name)


def test_package_files_hold_no_logic(root):
    assert list(logic_in_packages(root)) == []


def test_every_module_says_what_is_public_in_order(root):
    assert list(unsorted(root)) == []


def surface(root):
    lines = []
    for module in modules(root, "exai_sre"):
        if module.is_package and not any(part.startswith("_") for part in module.name.split(".")):
            lines += [f"{module.name}.{name}" for name in declared(module) or ()]
    return "\n".join(sorted(lines)) + "\n"


def test_the_public_surface_is_the_one_written_down(root):
    """A change of the surface shows in the diff; EXAI_UPDATE_SURFACE=1 writes the file anew."""
    if os.environ.get("EXAI_UPDATE_SURFACE") == "1":
        (root / SNAPSHOT).write_text(surface(root), encoding="utf-8")
    assert surface(root) == (root / SNAPSHOT).read_text(encoding="utf-8")


def test_every_name_of_the_surface_can_be_imported(root):
    for line in surface(root).split():
        package, _, name = line.rpartition(".")
        assert hasattr(importlib.import_module(package), name), line


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (logic_in_packages, "__all__ = []\nfor x in ():\n    pass\n"),
        (logic_in_packages, "__all__ = []\ndef helper():\n    return 1\n"),
        (unsorted, "__all__ = ['b', 'a']\n"),
        (unsorted, "import os\n"),
    ],
)
def test_a_planted_fault_is_found(tmp_path, check, text):
    assert list(check(planted_package(tmp_path, text)))


def planted_package(root, text):
    (root / "exai_sre").mkdir()
    (root / "exai_sre" / "__init__.py").write_text(text, encoding="utf-8")
    return root
