"""Rule 5: policy does no I/O and is handed its clock, its randomness and its sleep; tests do not sleep."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.tree import modules, plant

POLICY = (
    "exai_sre.context",
    "exai_sre.health",
    "exai_sre.logs.sanitize",
    "exai_sre.metrics",
    "exai_sre.middleware.correlation_id",
    "exai_sre.middleware.error_handling",
    "exai_sre.middleware.metrics_collection",
    "exai_sre.middleware.request_logging",
    "exai_sre.resilience",
    "exai_sre.slo",
    "server.mcp.core",
)

EDGES = {
    "exai_sre.metrics.multiprocess_files": "makes, locks and maps the files that processes share",
    "exai_sre.metrics.process": "reads the process's own figures from the operating system",
    "exai_sre.resilience.config.loading": "reads policy files",
    "exai_sre.slo.multiprocess": "publishes the report among processes",
    "exai_sre.slo.store": "is the tracker's persistence",
    "exai_sre.slo.runner": "is the loop that drives tracker and store",
    "exai_sre.slo.yaml_source": "reads the definition files",
    "exai_sre.context.ids": "makes ids from the wall clock and the system's randomness (RFC 9562)",
}
"""Modules of policy packages that are edges, each with its reason."""

MODULES = (
    "aiohttp",
    "http.client",
    "requests",
    "socket",
    "sqlite3",
    "subprocess",
    "urllib.request",
    "random",
    "secrets",
)
CALLS = ("open", "time.time", "time.monotonic", "time.perf_counter", "time.sleep", "asyncio.sleep", "datetime.now")


def policy(root):
    for module in modules(root, "exai_sre", "server"):
        if module.name.startswith(POLICY) and module.name not in EDGES:
            yield module


def io_in_policy(root):
    for module in policy(root):
        yield from (module.at(line, f"imports {name}") for name, line in module.imports() if name in MODULES)
        for node in module.walk():
            if isinstance(node, ast.Call) and ast.unparse(node.func) in CALLS:
                yield module.at(node.lineno, f"calls {ast.unparse(node.func)}")


def sleeping_tests(root):
    for module in modules(root, "tests"):
        for function in module.functions():
            if "real_clock" in function.name or not function.name.startswith("test_"):
                continue
            yield from (
                module.at(node.lineno, f"{function.name} sleeps") for node in ast.walk(function) if sleeps(node)
            )


def sleeps(node):
    """A sleep of more than zero seconds; sleeping for zero only lets other tasks run."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "asyncio.sleep")):
        return False
    return not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)


def test_policy_does_no_io(root):
    assert list(io_in_policy(root)) == []


def test_every_edge_exists(root):
    names = {module.name for module in modules(root, "exai_sre", "server")}
    assert set(EDGES) <= names


def test_no_test_sleeps_unless_its_name_says_so(root):
    assert list(sleeping_tests(root)) == []


@pytest.mark.parametrize("text", ["import socket", "import random", "import time\ntime.time()", "open('x')"])
def test_planted_io_is_found(tmp_path, text):
    assert len(list(io_in_policy(plant(tmp_path, exai_sre__slo__a=text)))) == 1


def test_a_planted_sleep_is_found(tmp_path):
    plant(
        tmp_path,
        tests__test_a="import time\ndef test_x():\n    time.sleep(1)\ndef test_real_clock():\n    time.sleep(1)",
    )
    assert len(list(sleeping_tests(tmp_path))) == 1
