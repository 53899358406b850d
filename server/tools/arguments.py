"""Arguments against a tool's input schema, with errors that name the field and the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from exai_sre.extras import require
from exai_sre.outcome import Outcome
from server.tools.base import Arguments, JsonObject, ToolError

__all__ = ["INVALID_ARGUMENTS", "ArgumentCheck", "compile_check"]

INVALID_ARGUMENTS: Final = "invalid_arguments"
"""``error_type`` of a call whose arguments break the schema."""

ArgumentCheck = Callable[[Arguments], None]
"""Raises :class:`ToolError` where the arguments break the schema."""

_RULES: Final[dict[str, Callable[[Any], str]]] = {
    "type": lambda rule: f"must be of type {rule if isinstance(rule, str) else ' or '.join(rule)}",
    "enum": lambda rule: "must be one of " + ", ".join(map(str, rule)),
    "minimum": lambda rule: f"must be at least {rule}",
    "maximum": lambda rule: f"must be at most {rule}",
    "minLength": lambda rule: f"must have at least {rule} characters",
    "maxLength": lambda rule: f"must have at most {rule} characters",
}


def compile_check(tool: str, schema: JsonObject) -> ArgumentCheck:
    """The check of ``tool``'s arguments; its errors never quote a value, which may be secret or long.

    Raises:
        MissingExtraError: jsonschema is not installed.
        jsonschema.SchemaError: ``schema`` is no JSON Schema 2020-12.
    """
    validator_class = require("jsonschema", package="jsonschema", extra="check").Draft202012Validator
    validator_class.check_schema(schema)
    validator = validator_class(schema)

    def check(arguments: Arguments) -> None:
        faults = sorted({_fault(error) for error in _errors(validator, arguments)})
        if faults:
            known = ", ".join(schema.get("properties", {})) or "none"
            raise ToolError(
                Outcome.CLIENT_ERROR,
                f"invalid arguments for {tool}: {'; '.join(faults)}",
                INVALID_ARGUMENTS,
                remedy=f"arguments of {tool}: {known}",
            )

    return check


def _errors(validator: Any, arguments: Arguments) -> Iterable[Any]:
    return validator.iter_errors(dict(arguments))  # type: ignore[no-any-return]


def _fault(error: Any) -> str:
    field = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return "; ".join(f"{_inside(field, name)} is required" for name in missing)
    if error.validator == "additionalProperties":
        unknown = sorted(set(error.instance) - set(error.schema.get("properties", ())))
        return "; ".join(f"{_inside(field, name)[:80]!r} is not a known argument" for name in unknown)
    rule = _RULES.get(error.validator)
    text = rule(error.validator_value) if rule else f"breaks the rule {error.validator}"
    return f"{field or 'arguments'} {text}"


def _inside(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
