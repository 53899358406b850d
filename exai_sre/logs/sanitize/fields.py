"""What has named fields: mappings, dataclasses, pydantic models, attrs and msgspec classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = ["fields_of", "is_secret_type"]

_SECRET_TYPES: Final = frozenset({"Secret", "SecretBytes", "SecretStr", "SecretString", "SecretValue"})
_ABSENT: Final = object()


class _Hidden:
    """Stands for the value of a field that its class hides from its ``repr``; a secret by its type."""

    get_secret_value: Final = None


_HIDDEN: Final = _Hidden()


def is_secret_type(kind: type) -> bool:
    """Whether values of that type say by their type that they are secret, as pydantic's and Starlette's do."""
    return hasattr(kind, "get_secret_value") or kind.__name__ in _SECRET_TYPES


def fields_of(value: Any) -> Mapping[Any, Any] | None:
    """The fields of ``value`` by name; ``None`` where it has none.

    A field that its class keeps out of its ``repr`` is given as a secret.
    """
    if isinstance(value, Mapping):
        return value
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return _read(value, ((field.name, field.repr) for field in dataclasses.fields(kind)))
    declared = getattr(kind, "model_fields", None)
    if isinstance(declared, dict) and hasattr(kind, "model_dump"):
        shown = ((name, field.repr and not field.exclude) for name, field in declared.items())
        return _read(value, shown) | (getattr(value, "model_extra", None) or {})
    attributes = getattr(kind, "__attrs_attrs__", None)
    if attributes is not None:
        return _read(value, ((attribute.name, attribute.repr is not False) for attribute in attributes))
    names = getattr(kind, "__struct_fields__", None)
    return None if names is None else _read(value, ((name, True) for name in names))


def _read(value: Any, fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The values of those fields that are set, each name with whether its class shows it."""
    read = {}
    for name, shown in fields:
        held = getattr(value, name, _ABSENT)
        if held is not _ABSENT:
            read[name] = held if shown or held is None or held is True or held is False else _HIDDEN
    return read
