"""OpenSLO documents as YAML or JSON text, with numbers exactly as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final

__all__ = ["json_text", "yaml_text"]

_PLAIN: Final = re.compile(r"[A-Za-z_/][\w ./()%-]*(?<! )|[1-9]\d*[mhdwMQY]", re.ASCII)
_RESERVED: Final = frozenset({"false", "n", "no", "null", "off", "on", "true", "y", "yes"})


def yaml_text(documents: Sequence[Mapping[str, Any]]) -> str:
    """Documents as YAML, one after the other.

    Args:
        documents: mappings, lists, texts, truth values, whole numbers and decimals.
    """
    import yaml

    text: str = yaml.dump_all(
        documents, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=1 << 30, default_flow_style=False
    )
    return text


def json_text(documents: Sequence[Mapping[str, Any]]) -> str:
    """Documents as a JSON list; arguments as for :func:`yaml_text`."""
    return _json(list(documents), "") + "\n"


def _json(node: Any, indent: str) -> str:
    deeper = f"{indent}  "
    if isinstance(node, Decimal):
        return f"{node:f}"
    if isinstance(node, Mapping) and node:
        entries = [f"{deeper}{json.dumps(key)}: {_json(entry, deeper)}" for key, entry in node.items()]
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(node, list) and node:
        return "[\n" + ",\n".join(f"{deeper}{_json(entry, deeper)}" for entry in node) + f"\n{indent}]"
    return json.dumps(node)


def _style(text: str) -> str:
    """A block where lines can stand as they are, else quotes; double ones escape what YAML takes for a line's end."""
    if not text.replace("\n", "").isprintable():
        return '"'
    return "|" if "\n" in text else "'"


@cache
def _dumper() -> Any:
    """A dumper that quotes every text which some YAML library takes for something else.

    libyaml writes the same text in a fifth of the time; where PyYAML was built without it, Python does.
    """
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc, unused-ignore]
        def ignore_aliases(self, data: Any) -> bool:
            """Write everything out: an alias saves nothing and few people can read it."""
            del data
            return True

    def text_node(dumper: Any, text: str) -> Any:
        plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else _style(text))

    def number_node(dumper: Any, number: Decimal) -> Any:
        text = f"{number:f}"
        kind = "float" if "." in text else "int"
        return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)

    Dumper.add_representer(str, text_node)
    Dumper.add_representer(Decimal, number_node)
    return Dumper
