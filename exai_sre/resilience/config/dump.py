"""Policies back into text: what is loaded again is equal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from exai_sre.resilience.config.policies import Policies
from exai_sre.resilience.config.spec import PolicySpec

__all__ = ["dump_policies"]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def dump_policies(policies: Policies | PolicySpec, form: Literal["toml", "yaml"] = "toml") -> str:
    """The text of a policy file.

    Args:
        policies: what to write.
        form: ``toml`` or ``yaml``.

    Raises:
        OptionError: a value, such as that of a fallback, cannot be written in TOML, which has no null.
    """
    data = policies.to_dict()
    if form == "yaml":
        import yaml

        return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    return "\n".join(_table((), data)).strip() + "\n"


def _table(path: tuple[str, ...], data: Mapping[str, Any]) -> list[str]:
    """The lines of a table: its own values first, then the tables below it."""
    plain = {key: value for key, value in data.items() if not _below(path, value)}
    lines = [f"{_key(key)} = {_inline(value)}" for key, value in plain.items()]
    for key, value in data.items():
        if key in plain:
            continue
        below = (*path, key)
        name = ".".join(map(_key, below))
        if isinstance(value, list):
            for item in value:
                lines += ["", f"[[{name}]]", *_table(below, item)]
        else:
            lines += ["", f"[{name}]", *_table(below, value)]
    return lines


def _below(path: tuple[str, ...], value: Any) -> bool:
    """Whether a value gets a table of its own: down to the options of a strategy, which stay in one line each."""
    if isinstance(value, dict):
        return len(path) < 3 and path[-1:] != ("strategies",)
    return len(path) == 2 and isinstance(value, list) and all(isinstance(item, dict) for item in value) and value != []


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(value: str) -> str:
    # A TOML basic string is a JSON string, but for the delete character, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_inline(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if value is None:
        from exai_sre.resilience.errors import OptionError

        raise OptionError("value", value, "TOML has no null; write YAML")
    return repr(value)
