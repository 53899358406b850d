"""Rule 7: no mutable state in modules; every module imports in any order, twice."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.architecture.tree import modules, plant

MUTATORS = ("add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update")
MUTABLE_CALLS = ("dict", "list", "set", "defaultdict", "deque", "Counter", "OrderedDict", "WeakValueDictionary")


def module_mutables(module):
    """Names bound at module level to something mutable."""
    for node in module.ast.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        mutable = isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp) or (
            isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in MUTABLE_CALLS
        )
        if mutable:
            yield from (ast.unparse(target) for target in targets if ast.unparse(target) != "__all__")


def mutated(module, names):
    for node in module.walk():
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS
        if called and ast.unparse(node.func.value) in names:
            yield node.lineno, ast.unparse(node.func)
        stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)
        if stored and ast.unparse(node.value) in names:
            yield node.lineno, ast.unparse(node)


def module_state(root):
    for module in modules(root, "exai_sre", "server"):
        names = set(module_mutables(module))
        yield from (module.at(line, f"mutates {what}") for line, what in mutated(module, names))
        yield from (module.at(n.lineno, "uses global") for n in module.walk() if isinstance(n, ast.Global))
        yield from (
            f"{module.name}: {name} is mutable and no constant" for name in names if not name.strip("_").isupper()
        )


def test_modules_hold_no_mutable_state(root):
    assert list(module_state(root)) == []


@pytest.mark.parametrize(
    "text",
    [
        "CACHE = {}\ndef f(x):\n    CACHE[x] = 1",
        "SEEN = set()\nSEEN.add(1)",
        "cache = []",
        "def f():\n    global X\n    X = 1",
    ],
)
def test_planted_state_is_found(tmp_path, text):
    assert list(module_state(plant(tmp_path, exai_sre__a=text)))


def importable(root):
    return [m.name for m in modules(root, "exai_sre", "server") if not m.name.endswith("__main__")]


IMPORT_ALL = """
import importlib, random, sys
names = sys.argv[2:]
random.Random(int(sys.argv[1])).shuffle(names)
for turn in range(2):
    for name in names:
        importlib.import_module(name)
    for name in [n for n in sys.modules if n.split(".")[0] in ("exai_sre", "server", "a", "b")]:
        del sys.modules[name]
"""


def import_all(seed, names, cwd):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL, str(seed), *names],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_modules_import_in_any_order_twice(root, seed):
    result = import_all(seed, importable(root), root)
    assert result.returncode == 0, result.stderr


def test_a_planted_circle_is_found(tmp_path):
    plant(tmp_path, a="import b\nb.X", b="import a\na.Y\nX = 1")
    assert import_all(1, ["a", "b"], tmp_path).returncode != 0
