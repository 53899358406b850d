"""Rule 1: a package imports only what lies below it, and importing is cheap."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.architecture.tree import modules, plant

LAYERS = (
    "testing",
    "cli",
    "bench",
    "backtest",
    "generate",
    "middleware",
    "health",
    "slo",
    "resilience",
    "tracing",
    "logs",
    "metrics",
    "context",
)
"""From top to bottom, as in the design; the plain modules beside the packages lie below all of them."""

CPU_BUDGET = {"exai_sre": 0.060, **dict.fromkeys(("context", "metrics", "slo", "resilience"), 0.150), "logs": 0.250}
"""CPU seconds of an import, interpreter included."""

THIRD_PARTY = ("structlog", "opentelemetry", "yaml", "pydantic", "aiohttp", "click", "rich", "grafanalib", "mcp")


def wrong_arrows(root):
    for module in modules(root, "exai_sre", "server"):
        for target, line in module.imports():
            fault = fault_of(module.name, target)
            if fault:
                yield module.at(line, fault)


def fault_of(importer, target):
    if importer.startswith("exai_sre"):
        return fault_in_library(importer, target)
    if importer == "server.metrics" and target.startswith("exai_sre") and not target.startswith("exai_sre.metrics"):
        return "the server's catalog imports exai_sre.metrics only"
    return None


def fault_in_library(importer, target):
    head, _, rest = target.partition(".")
    if head == "server":
        return "the library imports the server"
    layer, wanted = importer.partition(".")[2].split(".")[0], rest.split(".")[0]
    if head != "exai_sre" or wanted not in LAYERS:
        return None
    if wanted == "testing" and layer != "testing":
        return "nothing imports exai_sre.testing"
    if layer not in LAYERS or LAYERS.index(wanted) < LAYERS.index(layer):
        return f"{layer or 'a plain module'} imports {wanted}, which lies above it"
    return None


def test_every_import_points_down(root):
    assert list(wrong_arrows(root)) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("exai_sre__metrics__a", "import server.app"),
        ("exai_sre__metrics__a", "from exai_sre.slo import tracker"),
        ("exai_sre__names", "def f():\n    from exai_sre.metrics import Catalog"),
        ("exai_sre__cli__a", "from exai_sre.testing import VirtualClock"),
        ("server__metrics", "from exai_sre.slo import Slo"),
    ],
)
def test_a_planted_import_that_points_up_is_found(tmp_path, file, text):
    assert len(list(wrong_arrows(plant(tmp_path, **{file: text})))) == 1


def import_cost(statement, root, budget=0.0):
    """Least CPU seconds of five runs, and the third-party packages that the import brought in.

    On a busy machine the least of five is still no property of the code: above the budget, it gets ten more.
    """
    code = (
        f"{statement}\nimport json, resource, sys\nuse = resource.getrusage(resource.RUSAGE_SELF)\n"
        f"print(json.dumps([use.ru_utime + use.ru_stime, [m for m in {THIRD_PARTY} if m in sys.modules]]))"
    )
    runs = []
    while len(runs) < 5 or (len(runs) < 15 and min(runs)[0] > budget > 0):
        done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True)
        runs.append(json.loads(done.stdout))
    return min(runs)[0], runs[0][1]


@pytest.mark.parametrize("package", CPU_BUDGET)
def test_importing_is_cheap_on_the_real_clock(root, package):
    name = package if package == "exai_sre" else f"exai_sre.{package}"
    cost, brought = import_cost(f"import {name}", root, CPU_BUDGET[package])
    assert cost <= CPU_BUDGET[package], f"{name}: {cost:.3f} s of CPU"
    if package != "logs":
        assert brought == []


def test_a_planted_heavy_import_is_found_on_the_real_clock(tmp_path):
    plant(tmp_path, heavy="import yaml\nsum(range(20_000_000))")
    cost, brought = import_cost("import heavy", tmp_path)
    assert cost > CPU_BUDGET["exai_sre"]
    assert brought == ["yaml"]
