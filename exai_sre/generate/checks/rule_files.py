"""Prometheus rule files as entries with the lines on which they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from exai_sre.errors import SpecError
from exai_sre.generate.checks.promql import parse_query
from exai_sre.generate.checks.subject import RuleEntry

if TYPE_CHECKING:
    import yaml

__all__ = ["read_rules"]

NodeT = TypeVar("NodeT")


def read_rules(file: str, document: yaml.Node) -> Iterator[RuleEntry]:
    """The rules of one YAML document.

    Args:
        file: path of the file as the user named it.
        document: the composed document.

    Raises:
        SpecError: the document has not the shape of a rule file.
    """
    for group in _items(file, _fields(file, document, "the document").get("groups"), "groups"):
        fields = _fields(file, group, "a group")
        name = _text(file, fields.get("name"), group, "a group's name")
        for rule in _items(file, fields.get("rules"), f"rules of {name}"):
            yield _rule(file, name, rule)


def _rule(file: str, group: str, node: yaml.Node) -> RuleEntry:
    fields = _fields(file, node, "a rule")
    alerting = "alert" in fields
    name = _text(file, fields.get("alert") or fields.get("record"), node, "a rule's name (alert or record)")
    expr = _text(file, fields.get("expr"), node, f"expr of {name}")
    return RuleEntry(
        file=file,
        line=_line(node),
        group=group,
        name=name,
        alerting=alerting,
        expr=expr,
        expr_line=_line(fields["expr"]),
        query=parse_query(expr),
        labels=_texts(file, fields.get("labels"), f"labels of {name}"),
        annotations=_texts(file, fields.get("annotations"), f"annotations of {name}"),
    )


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _fields(file: str, node: yaml.Node | None, what: str) -> dict[str, yaml.Node]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise SpecError(f"{what} is no mapping", file=file, line=_line(node) if node else 0)
    return {str(key.value): value for key, value in node.value}


def _items(file: str, node: yaml.Node | None, what: str) -> list[Any]:
    import yaml

    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise SpecError(f"{what} is no list", file=file, line=_line(node))
    return list(node.value)


def _text(file: str, node: yaml.Node | None, parent: yaml.Node, what: str) -> str:
    import yaml

    if not isinstance(node, yaml.ScalarNode) or not node.value:
        raise SpecError(f"{what} is missing or no text", file=file, line=_line(node or parent))
    return str(node.value)


def _texts(file: str, node: yaml.Node | None, what: str) -> dict[str, str]:
    if node is None:
        return {}
    return {key: _text_or_empty(value) for key, value in _fields(file, node, what).items()}


def _text_or_empty(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node.value, str) else ""
