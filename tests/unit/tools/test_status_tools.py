from __future__ import annotations

import platform
from typing import Any

import pytest

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers import Verdict
from exai_sre.version import __version__
from server.providers.base import UpstreamError
from server.services import Services
from server.tools import ToolCall, ToolError, ToolResult, build_tools
from tests.unit.tools.tool_rig import Echo, services


async def run(name: str, given: Services | None = None, **arguments: Any) -> ToolResult:
    return await build_tools(given or services())[name].run(arguments, ToolCall())


async def test_version_names_server_library_python_and_replica() -> None:
    result = await run("version")
    assert result.structured == {
        "server": "1.2.3",
        "library": __version__,
        "python": platform.python_version(),
        "replica": "r-1",
        "uptime_seconds": 60.0,
        "simulated": False,
    }
    assert "1.2.3" in result.text


async def test_listmodels_shows_what_can_be_asked() -> None:
    result = await run("listmodels", services(Echo("glm")))
    models = {model["id"]: model for model in result.structured["models"]}
    assert models["glm-4.6"]["available"]
    assert not models["kimi-k2.6"]["available"]
    assert "kimi-k2-turbo-preview" not in models
    assert result.structured["default"] == "glm-4.6"
    assert "glm-4.6 (default): glm, 200000 tokens, also glm\n" in result.text
    assert "not available: no key for its provider" in result.text


async def test_listmodels_filters_and_shows_retired_models_on_demand() -> None:
    result = await run("listmodels", provider="kimi", retired=True)
    assert {model["provider"] for model in result.structured["models"]} == {"kimi"}
    assert "kimi-k2-turbo-preview: retired on 2026-05-25, use kimi-k2.6" in result.text


async def test_status_shows_providers_breakers_and_last_errors() -> None:
    error = UpstreamError("glm", Verdict(Outcome.UPSTREAM_ERROR, retryable=False), "HTTP 503", status=503)
    given = services(Echo("glm", error), Echo("kimi"))
    await build_tools(given)["chat"].run({"prompt": "hi"}, ToolCall())
    result = await run("status", given)
    glm, kimi = result.structured["providers"]
    assert (glm["attempts"], glm["failures"], glm["last_error"]["text"]) == (1, 1, "glm: HTTP 503")
    assert (kimi["attempts"], kimi["failures"], kimi["last_error"]) == (1, 0, None)
    assert [breaker["state"] for breaker in result.structured["breakers"]] == ["closed", "closed"]
    assert "glm: 1 attempts, 1 failed; last error 2026-11-18T" in result.text
    assert "breaker kimi: closed" in result.text


async def test_status_names_a_provider_that_is_not_set_up() -> None:
    result = await run("status", services(Echo("kimi")))
    assert "glm: not set up (no key)" in result.text
    assert result.structured["providers"][0]["available"] is False


async def test_health_tells_readiness_and_components() -> None:
    given = services()

    async def broken() -> bool:
        return False

    given.health.add_probe("store", broken)
    given.health.started()
    result = await run("health", given)
    assert result.structured["ready"] is False
    assert result.text.startswith("unhealthy: takes no traffic\nstore: unhealthy")
    given.health.drain()
    assert (await run("status", given)).structured["draining"] is True


async def test_slo_status_shows_budgets_and_whose_view_it_is() -> None:
    result = await run("slo_status")
    assert "exai-mcp-availability: ok, 90.0% of the error budget left" in result.text
    assert "exai-mcp-own-faults: page, unknown of the error budget left, burning at 14.4x" in result.text
    assert result.text.endswith("Replica r-1: this replica's view")
    assert len(result.structured["slos"]) == 2


@pytest.mark.parametrize("wanted", ["exai-mcp-availability", "availability"])
async def test_slo_status_shows_one_by_id_or_name(wanted: str) -> None:
    result = await run("slo_status", slo=wanted)
    assert [slo["name"] for slo in result.structured["slos"]] == ["availability"]


async def test_an_unknown_slo_is_the_callers_error_and_names_the_known_ones() -> None:
    with pytest.raises(ToolError) as caught:
        await run("slo_status", slo="latency")
    assert (caught.value.outcome, caught.value.error_type) == (Outcome.CLIENT_ERROR, "unknown_slo")
    assert "exai-mcp-availability" in caught.value.remedy
