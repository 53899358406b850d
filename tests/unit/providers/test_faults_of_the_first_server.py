"""The faults of the breakers of the first EX-AI server, put to this server's real path to an upstream."""

from __future__ import annotations

import ast
import asyncio
import json
import threading
from collections.abc import Awaitable, Callable

import pytest

from exai_sre.context import deadline_at
from exai_sre.outcome import Outcome
from exai_sre.resilience import BreakerState
from exai_sre.testing import VirtualClock
from server.providers.completion_result import CompletionFailed
from server.providers.guard import UpstreamGuard, UpstreamPolicy
from tests.architecture.tree import modules
from tests.unit.providers.completion_rig import ANSWER, Rig, ask, down, hang, refused, rig

OPEN_FOR, HOUR = 15.0, 3600.0


async def outage(*then: object, **options: object) -> Rig:
    """A path to one provider whose breaker has just opened and then let the open time pass."""
    failures = [down()] * 5
    it = rig([*failures, *then, ANSWER], [down("kimi")], minimum_calls=5, open_for=OPEN_FOR, **options)
    for _ in failures:
        await ends(it)
    assert it.guards["glm"].breaker.state is BreakerState.OPEN
    await it.clock.elapse(OPEN_FOR)
    return it


async def ends(it: Rig, elapse: float = 0.0) -> Outcome:
    """How one completion that asks the first provider only ends."""
    task = asyncio.create_task(it.completion.run(ask(model="glm-4.6")))
    await it.clock.elapse(elapse)
    await it.clock.settle()
    try:
        return Outcome.OK if (await task).provider == "glm" else Outcome.UPSTREAM_ERROR
    except CompletionFailed as failed:
        return failed.outcome


async def answered_by_glm(it: Rig) -> bool:
    return (await it.run()).provider == "glm"


async def test_a_healthy_provider_answers_every_call_after_its_breaker_has_opened_once() -> None:
    """The first server's breaker never gave its one permit back: 23 of 23 hourly calls were refused."""
    it = await outage()
    for _ in range(23):
        assert await answered_by_glm(it)
        await it.clock.elapse(HOUR)
    assert it.guards["glm"].breaker.state is BreakerState.CLOSED


async def probe_fails(it: Rig) -> None:
    assert await ends(it) is Outcome.UPSTREAM_ERROR


async def probe_was_a_wrong_request(it: Rig) -> None:
    assert await ends(it) is Outcome.CLIENT_ERROR


async def probe_times_out(it: Rig) -> None:
    await ends(it, 100.0)


async def probe_is_given_up_by_its_caller(it: Rig) -> None:
    task = asyncio.create_task(it.completion.run(ask()))
    await it.clock.settle()
    assert it.glm.running == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def probe_comes_after_its_deadline(it: Rig) -> None:
    with deadline_at(it.clock.monotonic() - 1.0):
        assert await ends(it) is Outcome.TIMEOUT


async def probes_of_many_callers_are_given_up(it: Rig) -> None:
    tasks = [asyncio.create_task(it.completion.run(ask())) for _ in range(50)]
    await it.clock.settle()
    assert it.glm.running <= it.guards["glm"].breaker.options.half_open_calls
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("probe", "scripts", "wait"),
    [
        (probe_fails, [down()], OPEN_FOR),
        (probe_times_out, [hang], OPEN_FOR),
        (probe_was_a_wrong_request, [refused()] * 5, 0.0),
        (probe_is_given_up_by_its_caller, [hang] * 5, 0.0),
        (probe_comes_after_its_deadline, [], 0.0),
        (probes_of_many_callers_are_given_up, [hang] * 15, 0.0),
    ],
)
async def test_however_a_probe_ends_it_takes_no_permit_with_it(
    probe: Callable[[Rig], Awaitable[None]], scripts: list[object], wait: float
) -> None:
    it = await outage(*scripts)
    # where a probe says nothing about the provider, more of them than there are permits
    for _ in range(1 if wait else 5):
        await probe(it)
    await it.clock.elapse(wait)
    assert [await answered_by_glm(it) for _ in range(20)] == [True] * 20
    assert it.guards["glm"].breaker.state is BreakerState.CLOSED


async def test_a_probe_that_hangs_for_ever_holds_the_provider_back_for_a_bounded_time() -> None:
    it = await outage(*[hang] * 3, attempt_timeout=10 * HOUR, total=20 * HOUR)
    hung = [asyncio.create_task(it.completion.run(ask())) for _ in range(3)]
    await it.clock.settle()
    assert await ends(it) is Outcome.UPSTREAM_ERROR
    await it.clock.elapse(it.guards["glm"].breaker.options.half_open_limit + OPEN_FOR)
    assert [await answered_by_glm(it) for _ in range(20)] == [True] * 20
    for task in hung:
        task.cancel()
    await asyncio.gather(*hung, return_exceptions=True)


async def test_a_probe_that_found_no_free_slot_gives_its_permit_back() -> None:
    it = await outage(concurrency=1, queue=0)
    held: asyncio.Event = asyncio.Event()
    holder = asyncio.create_task(it.guards["glm"].call(held.wait))
    await it.clock.settle()
    assert [await ends(it) for _ in range(10)] == [Outcome.OVERLOAD] * 10
    held.set()
    await holder
    assert [await answered_by_glm(it) for _ in range(20)] == [True] * 20


async def test_as_many_completions_of_one_provider_are_in_flight_as_its_policy_lets() -> None:
    """The first server's breaker held a lock while the call ran: one completion at a time per provider."""
    it = rig([hang], concurrency=64, queue=0)
    tasks = [asyncio.create_task(it.completion.run(ask())) for _ in range(64)]
    await it.clock.settle()
    assert it.glm.running == 64
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert it.glm.running == 0


def test_a_blocking_call_holds_no_lock_of_the_breaker_that_another_thread_waits_for() -> None:
    breaker = UpstreamGuard("glm", UpstreamPolicy(), clock=VirtualClock()).breaker
    inside = threading.Barrier(8)
    # each waits for the seven others to be inside as well: behind a lock the barrier would break
    threads = [threading.Thread(target=breaker.call, args=(lambda: inside.wait(10.0),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not inside.broken
    assert breaker.snapshot.calls == 8


def test_the_state_of_a_breaker_can_be_read_while_a_call_is_inside() -> None:
    guard = UpstreamGuard("glm", UpstreamPolicy(), clock=VirtualClock())
    assert guard.breaker.call(lambda: guard.breaker_json()["state"]) == "closed"
    assert guard.breaker.call(lambda: guard.breaker.call(lambda: "nested")) == "nested"


@pytest.mark.parametrize("state", list(BreakerState))
def test_every_state_has_a_name_and_a_value_and_goes_into_json(state: BreakerState) -> None:
    """The first server asked the text of a state for its name, which raised AttributeError."""
    clock = VirtualClock()
    guard = UpstreamGuard("glm", UpstreamPolicy(), clock=clock)
    bring_into(state, guard, clock)
    assert guard.breaker.state is state
    assert guard.breaker.state.name == state.name == state.value.upper()
    assert f"{guard.breaker.state}" == state.value
    assert json.loads(json.dumps(guard.breaker_json()))["state"] == state.value


def bring_into(state: BreakerState, guard: UpstreamGuard, clock: VirtualClock) -> None:
    breaker = guard.breaker
    if state in (BreakerState.OPEN, BreakerState.HALF_OPEN):
        for _ in range(guard.policy.minimum_calls):
            with pytest.raises(ConnectionError):
                breaker.call(refuse_connection)
    if state is BreakerState.HALF_OPEN:
        clock.advance(guard.policy.open_for)
    ways = {
        BreakerState.FORCED_OPEN: breaker.force_open,
        BreakerState.DISABLED: breaker.disable,
        BreakerState.METRICS_ONLY: breaker.metrics_only,
    }
    ways.get(state, lambda: None)()


def refuse_connection() -> None:
    raise ConnectionRefusedError


def test_the_server_has_no_breaker_nor_retry_of_its_own(root) -> None:
    """The first server had seven hand-written breakers beside a library's."""
    own = []
    for module in modules(root, "server"):
        classes = [node.name for node in module.walk() if isinstance(node, ast.ClassDef)]
        own += [module.at(0, name) for name in classes if "Breaker" in name or "Retry" in name]
        own += [module.at(at, name) for name, at in module.imports() if name in ("pybreaker", "tenacity")]
    assert own == []


def test_a_provider_is_asked_in_one_place_and_under_its_guard(root) -> None:
    asked = [
        (module.name, ast.unparse(node))
        for module in modules(root, "server")
        for node in module.walk()
        if isinstance(node, ast.Call) and "route.provider.chat" in map(ast.unparse, (node.func, *node.args))
    ]
    assert asked == [("server.providers.completion", "guard.attempt(route.provider.chat, route.request, run.delivery)")]
    assert {module.name for module in modules(root, "server") if ".chat(" in module.text} == set()
