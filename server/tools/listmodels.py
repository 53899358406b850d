"""``listmodels``: the catalogue of models."""

from __future__ import annotations

from typing import Final

from server.providers.catalogue import Model
from server.services import Services
from server.tools.base import Arguments, JsonObject, ToolCall, ToolResult, ToolSpec
from server.tools.schema import closed_object, open_object

__all__ = ["SPEC"]


def _entry(services: Services, model: Model) -> JsonObject:
    return {
        "id": model.id,
        "provider": model.provider,
        "available": services.registry.available(model),
        "aliases": list(model.aliases),
        "context": model.context,
        "max_output": model.max_output,
        "capabilities": sorted(model.capabilities),
        "input_price": model.input_price,
        "output_price": model.output_price,
        "fallback": model.fallback or None,
        "retired_on": model.retired_on.isoformat() if model.retired_on else None,
        "replaced_by": model.replaced_by or None,
    }


def _line(entry: JsonObject, default: str) -> str:
    name = f"{entry['id']}{' (default)' if entry['id'] == default else ''}"
    if entry["retired_on"]:
        return f"{name}: retired on {entry['retired_on']}, use {entry['replaced_by']}"
    state = "" if entry["available"] else ", not available: no key for its provider"
    aliases = f", also {', '.join(entry['aliases'])}" if entry["aliases"] else ""
    return f"{name}: {entry['provider']}, {entry['context']} tokens{aliases}{state}"


async def _run(services: Services, arguments: Arguments, _call: ToolCall) -> ToolResult:
    catalogue = services.registry.catalogue
    provider = arguments.get("provider")
    entries = [
        _entry(services, model)
        for model in catalogue.models
        if (provider is None or model.provider == provider)
        and (arguments.get("retired", False) or not model.retired(services.registry.today()))
    ]
    lines = [_line(entry, catalogue.default) for entry in entries]
    structured = {"as_of": catalogue.as_of.isoformat(), "default": catalogue.default, "models": entries}
    return ToolResult("\n".join(lines), structured)


SPEC: Final = ToolSpec(
    name="listmodels",
    title="List models",
    description="List the models that chat can ask: limits, aliases, prices in US dollars per million tokens.",
    input_schema=closed_object(
        {
            "provider": {"type": "string", "enum": ["glm", "kimi"], "description": "Only models of this provider."},
            "retired": {"type": "boolean", "description": "Show retired models too; they are answered by others."},
        }
    ),
    output_schema=open_object(
        {
            "as_of": {"type": "string", "description": "Day on which the catalogue was checked."},
            "default": {"type": "string"},
            "models": {"type": "array", "items": {"type": "object"}},
        }
    ),
    handler=_run,
)
"""The declaration of ``listmodels``."""
