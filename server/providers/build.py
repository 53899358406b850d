"""All of this package put together over one HTTP session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exai_sre.clock import Clock
from exai_sre.errors import SettingError
from exai_sre.metrics.families import GenAiMetrics, ResilienceMetrics
from server.providers.catalogue import load_catalogue
from server.providers.completion import Completion, EventSink
from server.providers.glm import GLM_BASE_URL, GlmDialect
from server.providers.guard import UpstreamGuard, UpstreamPolicy
from server.providers.http_provider import Endpoint, HttpProvider
from server.providers.kimi import KIMI_BASE_URL, KimiDialect
from server.providers.openai_wire import Dialect
from server.providers.registry import ProviderRegistry

if TYPE_CHECKING:
    import aiohttp

__all__ = ["BASE_URLS", "ProviderParts", "build_providers"]

BASE_URLS: Final[Mapping[str, str]] = {"glm": GLM_BASE_URL, "kimi": KIMI_BASE_URL}
"""Where the vendors are, by provider."""

_DIALECTS: Final[Mapping[str, type[Dialect]]] = {"glm": GlmDialect, "kimi": KimiDialect}


@dataclass(frozen=True, slots=True)
class ProviderParts:
    """What the composition root gets.

    Attributes:
        registry: models and providers.
        guards: per provider its pipelines and its breaker.
        completion: the path to an answer.
    """

    registry: ProviderRegistry
    guards: Mapping[str, UpstreamGuard]
    completion: Completion

    def breakers(self) -> list[dict[str, Any]]:
        """All circuit breakers, ready for JSON, ordered by name."""
        return [self.guards[name].breaker_json() for name in sorted(self.guards)]


def build_providers(
    endpoints: Mapping[str, Endpoint],
    session: aiohttp.ClientSession,
    *,
    gen_ai: GenAiMetrics,
    resilience: ResilienceMetrics | None,
    clock: Clock,
    policy: UpstreamPolicy | None = None,
    total_timeout: float = 120.0,
    redact: Callable[[str], str] = str,
    on_event: EventSink | None = None,
) -> ProviderParts:
    """Build the providers of ``endpoints`` (by name) over ``session``, which stays its owner's.

    Args:
        endpoints: per provider its address and key; those left out are not asked.
        session: an ``aiohttp.ClientSession``, as a rule an instrumented one.
        gen_ai: what every call leaves behind.
        resilience: decisions and breaker states.
        clock: time for all parts.
        policy: limits per upstream.
        total_timeout: seconds for one completion in all.
        redact: cleans vendors' error texts of secrets.
        on_event: takes log events.

    Raises:
        SettingError: an endpoint's provider is unknown.
        SpecError: the catalogue of models is faulty.
    """
    unknown = sorted(set(endpoints) - set(_DIALECTS))
    if unknown:
        raise SettingError("provider", unknown[0], "is not known", remedy=f"one of {', '.join(sorted(_DIALECTS))}")
    providers = [
        HttpProvider(_DIALECTS[name](), endpoint, session, clock=clock, redact=redact)
        for name, endpoint in endpoints.items()
    ]
    guards = {
        name: UpstreamGuard(name, policy or UpstreamPolicy(), clock=clock, metrics=resilience) for name in endpoints
    }
    registry = ProviderRegistry(load_catalogue(), providers, clock=clock)
    completion = Completion(
        registry, guards, metrics=gen_ai, clock=clock, total_timeout=total_timeout, on_event=on_event
    )
    return ProviderParts(registry, guards, completion)
