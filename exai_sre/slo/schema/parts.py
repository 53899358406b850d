"""Building blocks of JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Schema", "listed", "maybe", "record", "reference"]

Schema = dict[str, Any]
"""A JSON Schema, or a part of one."""


def reference(name: str) -> Schema:
    """What is defined under a name."""
    return {"$ref": f"#/$defs/{name}"}


def record(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """An object of these properties and no other.

    Args:
        properties: schemas of the values by key.
        required: keys that must be there.
    """
    made: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**made, "required": list(required)} if required else made


def maybe(schema: Schema) -> Schema:
    """The same, or null, which stands for nothing."""
    return {"anyOf": [schema, {"type": "null"}]}


def listed(spec: str, key: str, kind: str) -> Schema:
    """A list of objects that are each referred to by name or written in place.

    Args:
        spec: name of the schema of the object's ``spec``.
        key: key of a reference.
        kind: kind of the object.
    """
    inline = record(
        {"kind": {"const": kind}, "metadata": reference("metadata"), "spec": reference(spec)},
        ("kind", "metadata", "spec"),
    )
    return {"type": "array", "items": {"oneOf": [record({key: reference("name")}, (key,)), inline]}}
