"""The JSON Schema of policy files, made from the table of kinds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers import CLASSIFIERS
from exai_sre.resilience.config.kinds import BUDGET_OPTIONS, DEFAULT_ORDER, KINDS, Kind, Option
from exai_sre.resilience.config.reading import VERSION
from exai_sre.resilience.config.values import VALUES

__all__ = ["policies_schema"]


def policies_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) that every policy file satisfies, in TOML or YAML."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://exai-sre.dev/schema/policies-v1.json",
        "title": "Resilience policies of exai-sre",
        "description": f"Times in seconds, rates 0 to 1. Outcomes: {', '.join(each.value for each in Outcome)}.",
        "type": "object",
        "required": ["version", "pipelines"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": VERSION},
            "budgets": {"type": "object", "additionalProperties": {"$ref": "#/$defs/budget"}},
            "pipelines": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"oneOf": [{"$ref": "#/$defs/default_order"}, {"$ref": "#/$defs/own_order"}]},
            },
        },
        "$defs": {
            "budget": _object(BUDGET_OPTIONS, "A bound on the share of retries, shared by name."),
            "classifiers": {"type": "array", "items": {"enum": list(CLASSIFIERS)}},
            "default_order": _default_order(),
            "own_order": _own_order(),
            **{name: _object(kind.options, kind.help) for name, kind in KINDS.items()},
        },
    }


def _object(options: Iterable[Option], description: str, **more: Any) -> dict[str, Any]:
    options = tuple(options)
    properties = {option.name: {**VALUES[option.value].schema, "description": option.help} for option in options}
    return {
        "description": description,
        "type": "object",
        "properties": {**more, **properties},
        "required": [*more, *(option.name for option in options if option.required)],
        "additionalProperties": False,
    }


def _default_order() -> dict[str, Any]:
    slots = {slot.name: _slot(slot.kind, [name for name, _ in slot.fixed]) for slot in DEFAULT_ORDER}
    return {
        "description": "Strategies in the default order, each at its place.",
        "type": "object",
        "properties": {"classifiers": {"$ref": "#/$defs/classifiers"}, **slots},
        "anyOf": [{"required": [slot.name]} for slot in DEFAULT_ORDER],
        "additionalProperties": False,
    }


def _slot(kind: str, fixed: list[str]) -> dict[str, Any]:
    if not fixed:
        return {"$ref": f"#/$defs/{kind}"}
    return _object([option for option in KINDS[kind].options if option.name not in fixed], KINDS[kind].help)


def _own_order() -> dict[str, Any]:
    return {
        "description": "Strategies in an order of your own, outermost first.",
        "type": "object",
        "properties": {
            "classifiers": {"$ref": "#/$defs/classifiers"},
            "strategies": {
                "type": "array",
                "minItems": 1,
                "items": {"oneOf": [_listed(each) for each in KINDS.values()]},
            },
        },
        "required": ["strategies"],
        "additionalProperties": False,
    }


def _listed(kind: Kind) -> dict[str, Any]:
    return _object(kind.options, kind.help, kind={"const": kind.name})
