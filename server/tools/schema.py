"""Pieces of JSON Schema that the tools share."""

from __future__ import annotations

from typing import Final

from server.tools.base import JsonObject

__all__ = ["DIALECT", "NO_ARGUMENTS", "closed_object", "open_object"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
"""The dialect of every schema here, the default of MCP."""


def closed_object(properties: JsonObject, required: tuple[str, ...] = ()) -> JsonObject:
    """Schema of arguments: these properties and no others."""
    schema: JsonObject = {"$schema": DIALECT, "type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    schema["additionalProperties"] = False
    return schema


def open_object(properties: JsonObject) -> JsonObject:
    """Schema of a result: all these properties, and room for more in later versions."""
    whole = {**properties, "simulated": {"type": "boolean", "description": "Whether the upstreams are simulated."}}
    return {"$schema": DIALECT, "type": "object", "properties": whole, "required": list(whole)}


NO_ARGUMENTS: Final = closed_object({})
"""Schema of a tool that takes none."""
