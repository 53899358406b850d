"""Generated rule files read again: their groups as plain values."""

from __future__ import annotations

from typing import Any

from exai_sre.errors import SpecError

__all__ = ["load_groups"]


def load_groups(text: str, path: str) -> list[dict[str, Any]]:
    """The groups of a rule file.

    Args:
        text: YAML with ``groups``.
        path: its name, for errors.

    Raises:
        SpecError: the text is no rule file.
    """
    import yaml

    try:
        # The files are our own and many; libyaml reads them ten times as fast where PyYAML has it.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        loaded = yaml.load(text, Loader=loader)  # noqa: S506 # nosec B506 - both are safe
    except (yaml.YAMLError, RecursionError):
        loaded = None
    groups = loaded.get("groups") if isinstance(loaded, dict) else None
    if not isinstance(groups, list) or not all(_is_group(group) for group in groups):
        raise SpecError("holds no rule groups", file=path, remedy="give a rule file of Prometheus")
    return groups


def _is_group(group: Any) -> bool:
    rules = group.get("rules") if isinstance(group, dict) and "name" in group else None
    return isinstance(rules, list) and all(
        isinstance(rule, dict) and isinstance(rule.get("expr"), str) and ("record" in rule) != ("alert" in rule)
        for rule in rules
    )
