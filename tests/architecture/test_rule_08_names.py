"""Rule 8: names of metrics, log events and spans come from the catalog or names.py."""

from __future__ import annotations

import ast

import pytest

from exai_sre.metrics import Label
from exai_sre.names import Event, LabelName, Metric
from server.metrics import build_catalog
from tests.architecture.tree import modules, plant

HOME = "exai_sre.names"
LOG_METHODS = ("debug", "info", "warning", "error", "critical", "exception")


def values(table):
    return {value for name, value in vars(table).items() if name.isupper()}


RESERVED = values(Metric) | values(Event) | {name for name in values(LabelName) if "_" in name}


def literal_names(root):
    for module in modules(root, "exai_sre", "server"):
        if module.name == HOME:
            continue
        for node in module.walk():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in RESERVED:
                yield module.at(node.lineno, f"literal {node.value!r}")
            elif logs_a_literal(node):
                yield module.at(node.lineno, f"logs the literal {ast.unparse(node.args[0])}")


def logs_a_literal(node):
    """A call such as ``log.info("text")``; the standard library's loggers are not used for events."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS):
        return False
    owner = ast.unparse(node.func.value).lower()
    return "log" in owner and bool(node.args) and isinstance(node.args[0], ast.Constant | ast.JoinedStr)


def test_no_name_is_written_twice(root):
    assert list(literal_names(root)) == []


@pytest.mark.parametrize(
    "text",
    ["x = 'exai_breaker_state'", "f(mcp_method_name='x', y='gen_ai_tool_name')", "log.info('something happened')"],
)
def test_a_planted_literal_is_found(tmp_path, text):
    assert len(list(literal_names(plant(tmp_path, exai_sre__a=text)))) == 1


def test_every_metric_name_is_declared_and_every_declaration_is_named():
    assert {instrument.name for instrument in build_catalog()} == values(Metric)


def test_every_label_is_bounded():
    labels = [label for instrument in build_catalog() for label in instrument.labels]
    assert labels
    assert all(label.values or 0 < label.bound <= 200 for label in labels)
    assert {label.name for label in labels} <= values(LabelName)


def test_a_planted_unbounded_label_cannot_be_declared():
    with pytest.raises(Exception, match="either values or a bound"):
        Label("free")
