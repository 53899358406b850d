from __future__ import annotations

import aiohttp
import pytest

from exai_sre.clock import SystemClock
from exai_sre.errors import SettingError
from exai_sre.metrics import Catalog
from server.metrics import PROVIDERS, ServerMetrics
from server.providers import Endpoint, ProviderParts, build_providers
from server.providers.build import BASE_URLS


async def build(*names: str) -> ProviderParts:
    metrics = ServerMetrics.declare(Catalog())
    async with aiohttp.ClientSession() as session:
        return build_providers(
            {name: Endpoint("http://127.0.0.1:1", "k") for name in names},
            session,
            gen_ai=metrics.gen_ai,
            resilience=metrics.resilience,
            clock=SystemClock(),
        )


async def test_each_provider_of_the_metrics_has_an_address_a_guard_and_a_breaker() -> None:
    parts = await build(*PROVIDERS)
    assert tuple(BASE_URLS) == PROVIDERS
    assert tuple(parts.registry.providers) == PROVIDERS
    assert [breaker["name"] for breaker in parts.breakers()] == list(PROVIDERS)
    assert {breaker["state"] for breaker in parts.breakers()} == {"closed"}


async def test_a_provider_without_a_key_is_not_asked() -> None:
    parts = await build("kimi")
    assert set(parts.registry.providers) == set(parts.guards) == {"kimi"}


async def test_an_unknown_provider_is_refused_by_name() -> None:
    with pytest.raises(SettingError, match="gpt"):
        await build("gpt", "glm")
