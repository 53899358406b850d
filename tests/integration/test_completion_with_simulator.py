from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from exai_sre.outcome import Outcome
from server.providers import CompletionFailed, UpstreamPolicy
from server.providers.base import ChatChunk
from server.simulator import SimulatorProcess
from tests.integration.upstream_rig import ask, providers_at, until


@pytest.fixture
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess(seed=1, latency=0.005, sigma=0.0) as process:
        yield process


async def test_one_question_is_one_request_at_one_upstream(simulator: SimulatorProcess) -> None:
    async with providers_at(simulator.base_url) as rig:
        result = await rig.parts.completion.run(ask("why", max_tokens=200))
    state = (await simulator.state())["providers"]
    assert result.answer.text.startswith("Simulated answer of glm-4.6:")
    assert (state["glm"]["hits"], state["kimi"]["hits"]) == (1, 0)
    assert state["glm"]["last_request"]["parameters"] == {"model": "glm-4.6", "max_tokens": 200, "stream": False}
    assert rig.attempts() == rig.operations() == {("glm", "ok"): 1}


@pytest.mark.parametrize("model", ["glm-4.6", "kimi-k2.6"])
async def test_a_stream_comes_in_pieces_and_carries_its_usage(simulator: SimulatorProcess, model: str) -> None:
    chunks: list[ChatChunk] = []

    async def collect(chunk: ChatChunk) -> None:
        chunks.append(chunk)

    async with providers_at(simulator.base_url) as rig:
        result = await rig.parts.completion.run(ask(model=model, stream=True), collect)
    assert len(chunks) > 3
    assert "".join(chunk.text for chunk in chunks) == result.answer.text
    assert result.answer.usage.output_tokens > 20
    assert rig.first_chunks() == {(result.provider, "ok"): 1}


async def test_max_tokens_is_always_sent_and_a_cut_answer_says_so(simulator: SimulatorProcess) -> None:
    """R23: answers were cut off because max_tokens was never sent."""
    async with providers_at(simulator.base_url) as rig:
        assert not (await rig.parts.completion.run(ask())).answer.truncated
        assert (await simulator.state())["providers"]["glm"]["last_request"]["parameters"]["max_tokens"] == 8192
        assert (await rig.parts.completion.run(ask(max_tokens=3))).answer.truncated


async def test_an_outage_is_bridged_by_the_other_provider_and_stays_visible(simulator: SimulatorProcess) -> None:
    await simulator.control("glm", error_rate=1.0, status=503)
    async with providers_at(simulator.base_url) as rig:
        result = await rig.parts.completion.run(ask())
    assert (result.provider, result.fallback_from) == ("kimi", "glm")
    assert rig.attempts() == {("glm", "upstream_error"): 1, ("kimi", "ok"): 1}
    assert rig.operations() == {("kimi", "ok"): 1}
    assert rig.fallbacks() == {("glm", "kimi"): 1}


async def test_arrears_under_429_are_not_repeated_and_concurrency_under_429_is(simulator: SimulatorProcess) -> None:
    """R41: one status, two meanings."""
    policy = UpstreamPolicy(attempts=2, minimum_calls=1000)
    async with providers_at(simulator.base_url, policy=policy) as rig:
        await simulator.control("glm", error_rate=1.0, status=429, code="1113")
        await rig.parts.completion.run(ask())
        assert (await simulator.state())["providers"]["glm"]["hits"] == 1
        await simulator.control("glm", error_rate=1.0, status=429, code="1302")
        await rig.parts.completion.run(ask())
        assert (await simulator.state())["providers"]["glm"]["hits"] == 3


async def test_a_bad_request_reaches_one_upstream_once(simulator: SimulatorProcess) -> None:
    await simulator.control("glm", error_rate=1.0, status=400)
    policy = UpstreamPolicy(attempts=3, minimum_calls=2)
    async with providers_at(simulator.base_url, policy=policy) as rig:
        for _ in range(6):
            with pytest.raises(CompletionFailed) as caught:
                await rig.parts.completion.run(ask())
            assert caught.value.outcome is Outcome.CLIENT_ERROR
        assert rig.parts.breakers()[0]["state"] == "closed"
    state = (await simulator.state())["providers"]
    assert (state["glm"]["hits"], state["kimi"]["hits"]) == (6, 0)


@pytest.mark.parametrize(
    ("stream", "fault"), [(False, {"malformed": True}), (True, {"malformed": True}), (True, {"cut_after": 1})]
)
async def test_a_garbled_answer_is_bridged_too(
    simulator: SimulatorProcess, stream: bool, fault: dict[str, object]
) -> None:
    await simulator.control("glm", **fault)
    async with providers_at(simulator.base_url) as rig:
        result = await rig.parts.completion.run(ask(stream=stream))
    assert result.provider == "kimi"
    assert rig.attempts() == {("glm", "upstream_error"): 1, ("kimi", "ok"): 1}


async def test_cancelling_a_call_closes_its_upstream_request_and_frees_its_slot_by_the_real_clock(
    simulator: SimulatorProcess,
) -> None:
    """R08, R09: a cancelled call ran on, held its slot and cost money."""
    await simulator.control("glm", hang=True)
    policy = UpstreamPolicy(attempts=1, concurrency=1, queue=0, minimum_calls=1)

    async def in_flight() -> bool:
        return (await simulator.state())["providers"]["glm"]["in_flight"] == 1

    async def aborted() -> bool:
        return (await simulator.state())["providers"]["glm"]["aborted"] == 1

    async with providers_at(simulator.base_url, policy=policy) as rig:
        task = asyncio.create_task(rig.parts.completion.run(ask()))
        await until(in_flight)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(aborted, 0.5)
        await simulator.clear()
        assert (await rig.parts.completion.run(ask())).provider == "glm"
        assert rig.attempts() == {("glm", "cancelled"): 1, ("glm", "ok"): 1}


async def test_a_hanging_upstream_costs_its_share_of_the_deadline_by_the_real_clock(
    simulator: SimulatorProcess,
) -> None:
    """R22: the whole chain has one deadline."""
    await simulator.control("glm", hang=True)
    async with providers_at(simulator.base_url, total_timeout=1.0) as rig:
        began = time.monotonic()
        result = await rig.parts.completion.run(ask())
        seconds = time.monotonic() - began
    assert result.provider == "kimi"
    assert 0.45 < seconds < 1.0
    assert rig.attempts() == {("glm", "timeout"): 1, ("kimi", "ok"): 1}


async def test_when_everything_hangs_the_call_ends_at_its_deadline_by_the_real_clock(
    simulator: SimulatorProcess,
) -> None:
    for provider in ("glm", "kimi"):
        await simulator.control(provider, hang=True)
    async with providers_at(simulator.base_url, total_timeout=0.6) as rig:
        began = time.monotonic()
        with pytest.raises(CompletionFailed) as caught:
            await rig.parts.completion.run(ask())
        seconds = time.monotonic() - began
    assert caught.value.outcome is Outcome.TIMEOUT
    assert seconds < 1.6


async def test_equal_seeds_give_equal_runs() -> None:
    async def run() -> list[tuple[str, str]]:
        async with SimulatorProcess(seed=42, latency=0.001) as simulator:
            await simulator.control("glm", error_rate=0.5)
            async with providers_at(simulator.base_url) as rig:
                results = [await rig.parts.completion.run(ask(f"{n}")) for n in range(12)]
        return [(result.provider, result.answer.text) for result in results]

    first = await run()
    assert first == await run()
    assert {provider for provider, _ in first} == {"glm", "kimi"}
