"""Rule 10: optional dependencies are imported late, in one file per package; public API only."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from tests.architecture.tree import modules, plant

OPTIONAL = {
    "ahocorasick": (),
    "aiohttp": ("exai_sre.middleware.aiohttp_client", "exai_sre.middleware.aiohttp_server"),
    "click": ("exai_sre.cli",),
    "fastmcp": (),
    "grafanalib": (),
    "httpx": ("exai_sre.middleware.httpx_client",),
    "hyperscan": (),
    "jsonschema": (),
    "mcp": (),
    "opentelemetry": (),
    "orjson": (),
    "promql_parser": (),
    "redis": (),
    "rich": ("exai_sre.cli",),
    "starlette": (),
    "uvloop": (),
}
"""Optional packages, with the modules of the library that exist for them and may import them at the top."""

PRIVATE = re.compile(
    r"\bmcp\.shared\._|\bmcp\.server\.runner\b|\bmcp\.server\._"
    # OpenTelemetry's logs are documented under this name, and have no other
    r"|\b(?:from|import)\s+(?!opentelemetry(?:\.sdk)?\._logs\b)(?:aiohttp|mcp|mcp_types|opentelemetry|prometheus_client|pybreaker|structlog|tenacity)[\w.]*\._(?!_)"
    r"|\bfrom\s+(?:aiohttp|mcp|mcp_types|opentelemetry|prometheus_client|pybreaker|structlog|tenacity)[\w.]*\s+import\s+_"
)


def early_imports(root):
    for module in modules(root, "exai_sre"):
        for target, line in module.imports(top_level=True):
            package = target.split(".")[0]
            if package in OPTIONAL and not module.name.startswith(OPTIONAL[package] or ("nowhere",)):
                yield module.at(line, f"imports {package} at the top")


def scattered_imports(root):
    users = defaultdict(set)
    for module in modules(root, "exai_sre"):
        package = ".".join(module.name.split(".")[:2])
        text = module.text
        for optional, homes in OPTIONAL.items():
            if re.search(rf'require\(\s*"{optional}[."]', text) and not module.name.startswith(homes or ("nowhere",)):
                users[package, optional].add(module.name)
    yield from (f"{key}: {sorted(names)}" for key, names in users.items() if len(names) > 1)


def private_api(root):
    for module in modules(root, "exai_sre", "server", "tests", "benchmarks"):
        if not module.name.endswith("test_rule_10_dependencies"):
            for match in PRIVATE.finditer(module.text):
                yield module.at(module.text[: match.start()].count("\n") + 1, match.group())


def test_optional_dependencies_are_imported_late(root):
    assert list(early_imports(root)) == []


def test_each_package_reaches_an_optional_dependency_through_one_file(root):
    assert list(scattered_imports(root)) == []


def test_only_public_api_of_dependencies_is_used(root):
    assert list(private_api(root)) == []


def test_the_library_never_imports_what_only_the_server_needs(root):
    found = [m.at(line, t) for m in modules(root, "exai_sre") for t, line in m.imports() if t.split(".")[0] == "server"]
    assert found == []


@pytest.mark.parametrize(
    ("check", "files"),
    [
        (early_imports, {"exai_sre__a": "import orjson"}),
        (early_imports, {"exai_sre__a": "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None"}),
        (scattered_imports, {"exai_sre__a__b": 'require("orjson", x)', "exai_sre__a__c": 'require("orjson", x)'}),
        (private_api, {"server__a": "from mcp.shared._otel import x"}),
        (private_api, {"server__a": "import mcp.server.runner"}),
        (private_api, {"exai_sre__a": "from prometheus_client.registry import _hidden"}),
    ],
)
def test_a_planted_fault_is_found(tmp_path, check, files):
    assert len(list(check(plant(tmp_path, **files)))) == 1
