"""``status``: providers, circuit breakers and the last errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from server.services import Services
from server.tools.base import Arguments, JsonObject, ToolCall, ToolResult, ToolSpec
from server.tools.schema import NO_ARGUMENTS, open_object

__all__ = ["SPEC"]


def _provider(services: Services, name: str) -> JsonObject:
    models = [model.id for model in services.registry.catalogue.models if model.provider == name]
    available = name in services.registry.providers
    return {"name": name, "available": available, "models": models, **services.completion.journal.to_json(name)}


def _provider_line(provider: JsonObject) -> str:
    if not provider["available"]:
        return f"{provider['name']}: not set up (no key)"
    text = f"{provider['name']}: {provider['attempts']} attempts, {provider['failures']} failed"
    error = provider["last_error"]
    if error is None:
        return text
    at = datetime.fromtimestamp(error["at"], UTC).isoformat(timespec="seconds")
    return f"{text}; last error {at}: {error['text']}"


async def _run(services: Services, _arguments: Arguments, _call: ToolCall) -> ToolResult:
    names = sorted({model.provider for model in services.registry.catalogue.models})
    providers = [_provider(services, name) for name in names]
    breakers = services.breakers()
    lines = [_provider_line(provider) for provider in providers]
    lines += [f"breaker {breaker['name']}: {breaker['state']}" for breaker in breakers]
    structured = {
        "uptime_seconds": round(services.clock.time() - services.started_at, 3),
        "draining": services.health.draining,
        "providers": providers,
        "breakers": breakers,
    }
    return ToolResult("\n".join(lines), structured)


SPEC: Final = ToolSpec(
    name="status",
    title="Status",
    description="Show the providers with their attempts and last errors, the circuit breakers and the uptime.",
    input_schema=NO_ARGUMENTS,
    output_schema=open_object(
        {
            "uptime_seconds": {"type": "number"},
            "draining": {"type": "boolean"},
            "providers": {"type": "array", "items": {"type": "object"}},
            "breakers": {"type": "array", "items": {"type": "object"}},
        }
    ),
    handler=_run,
)
"""The declaration of ``status``."""
