"""The health policy: ready, degraded, unhealthy, starting, draining; probes cached and bounded."""

from __future__ import annotations

import asyncio
import json

import pytest

from exai_sre.errors import SettingError
from exai_sre.health import Health, HealthStatus
from exai_sre.testing import VirtualClock


class Component:
    """A component whose state a test sets."""

    def __init__(self) -> None:
        self.runs = 0
        self.answer: object = None
        self.error: Exception | None = None

    async def probe(self) -> object:
        self.runs += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.answer


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def health(clock: VirtualClock) -> Health:
    health = Health(clock)
    health.started()
    return health


async def test_a_service_without_probes_is_ready_once_started(clock: VirtualClock) -> None:
    health = Health(clock)
    starting = await health.ready()
    assert (starting.ready, starting.status) == (False, HealthStatus.STARTING)
    assert health.live()
    health.started()
    ready = await health.ready()
    assert (ready.ready, ready.status) == (True, HealthStatus.READY)


async def test_draining_ends_readiness_and_not_liveness(health: Health) -> None:
    assert not health.draining
    health.drain()
    report = await health.ready()
    assert (report.ready, report.status) == (False, HealthStatus.DRAINING)
    assert health.draining
    assert health.live()


async def test_a_probe_that_raises_makes_its_component_unhealthy(health: Health) -> None:
    component = Component()
    component.error = ConnectionError("postgres://bob:hunter2@db")
    health.add_probe("db", component.probe)
    report = await health.ready()
    assert (report.ready, report.status) == (False, HealthStatus.UNHEALTHY)
    assert report.components[0].detail == "ConnectionError"


async def test_the_text_of_an_exception_is_shown_redacted(clock: VirtualClock) -> None:
    health = Health(clock, redact=lambda text: text.replace("hunter2", "#"))
    component = Component()
    component.error = ConnectionError("hunter2 refused")
    silent = Component()
    silent.error = ConnectionError()
    health.add_probe("db", component.probe)
    health.add_probe("cache", silent.probe)
    report = await health.ready()
    assert [component.detail for component in report.components] == ["ConnectionError: # refused", "ConnectionError"]


async def test_a_probe_that_answers_false_is_unhealthy_and_a_text_is_its_detail(health: Health) -> None:
    bad, good = Component(), Component()
    bad.answer, good.answer = False, "3 connections"
    health.add_probe("bad", bad.probe, critical=False)
    health.add_probe("good", good.probe)
    report = await health.ready()
    assert (report.ready, report.status) == (True, HealthStatus.DEGRADED)
    assert [(part.healthy, part.detail) for part in report.components] == [(False, ""), (True, "3 connections")]


async def test_a_result_is_kept_for_its_time_to_live(clock: VirtualClock, health: Health) -> None:
    component = Component()
    health.add_probe("db", component.probe, ttl=5.0)
    assert (await health.ready()).ready
    component.error = OSError()
    clock.advance(4.9)
    assert (await health.ready()).ready
    clock.advance(0.2)
    assert not (await health.ready()).ready
    assert component.runs == 2


async def test_callers_at_the_same_time_share_one_run(health: Health) -> None:
    component = Component()
    health.add_probe("db", component.probe)
    reports = await asyncio.gather(*(health.ready() for _ in range(20)))
    assert component.runs == 1
    assert all(report == reports[0] for report in reports)


async def test_a_cancelled_caller_does_not_take_the_run_from_the_others(health: Health) -> None:
    gate = asyncio.Event()

    async def probe() -> None:
        await gate.wait()

    health.add_probe("db", probe)
    first, second = asyncio.ensure_future(health.ready()), asyncio.ensure_future(health.ready())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert (await second).ready
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_probe_without_an_answer_in_time_is_given_up(clock: VirtualClock, health: Health) -> None:
    cancelled = asyncio.Event()

    async def probe() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    health.add_probe("db", probe, timeout=2.0)
    asking = asyncio.ensure_future(health.ready())
    for _ in range(5):
        await asyncio.sleep(0)
    clock.advance(2.0)
    report = await asking
    assert not report.ready
    assert report.components[0].detail == "no answer within 2 s"
    assert report.components[0].duration == 2.0
    await cancelled.wait()


async def test_a_probe_that_is_cancelled_from_within_proves_nothing(health: Health) -> None:
    async def probe() -> None:
        raise asyncio.CancelledError

    health.add_probe("db", probe)
    report = await health.ready()
    assert (report.ready, report.components[0].detail) == (False, "cancelled")


async def test_a_run_that_is_cancelled_leaves_no_result(health: Health) -> None:
    component = Component()
    health.add_probe("db", component.probe)
    asking = asyncio.ensure_future(health.ready())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task(), asking}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await health.ready()).ready


async def test_a_report_is_json(health: Health, clock: VirtualClock) -> None:
    health.add_probe("db", Component().probe)
    report = (await health.ready()).to_json()
    assert json.loads(json.dumps(report)) == {
        "ready": True,
        "status": "ready",
        "components": [
            {
                "name": "db",
                "healthy": True,
                "critical": True,
                "detail": "",
                "checked_at": clock.time(),
                "duration_seconds": 0.0,
            }
        ],
    }


@pytest.mark.parametrize("times", [{"ttl": -1.0}, {"timeout": float("nan")}])
def test_a_time_that_is_no_duration_is_an_error(health: Health, times: dict[str, float]) -> None:
    with pytest.raises(SettingError, match="not a duration"):
        health.add_probe("db", Component().probe, **times)


def test_two_probes_of_one_name_are_an_error(health: Health) -> None:
    health.add_probe("db", Component().probe)
    with pytest.raises(SettingError, match="name='db'"):
        health.add_probe("db", Component().probe)
