"""Chaos: off by default, refused in production, and each injection counted."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import random

import pytest

from exai_sre.errors import SettingError
from exai_sre.resilience.chaos import (
    CHAOS_SETTINGS,
    BehaviourInjector,
    ChaosPermission,
    ChaosRefused,
    ClockJumpInjector,
    FaultInjector,
    JumpingClock,
    LatencyInjector,
    OutcomeInjector,
)
from exai_sre.resilience.errors import OptionError, UnsupportedForm
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.resilience.timeout import Timeout
from exai_sre.settings import SettingSources
from exai_sre.testing import VirtualClock
from tests.unit.resilience.counting import tallied
from tests.unit.resilience.rig import (
    Down,
    answer,
    answer_async,
    collect,
    hang,
    items,
    outcome_of_await,
    outcome_of_call,
    small_breaker,
    stream,
)

STAGING = ChaosPermission("staging")

ALWAYS = {"rate": 1.0, "random": lambda: 0.0, "enabled": True, "permission": STAGING}

KINDS = {
    "chaos_fault": lambda **options: FaultInjector(Down, **options),
    "chaos_latency": lambda **options: LatencyInjector(1.0, **options),
    "chaos_outcome": lambda **options: OutcomeInjector(lambda: "made up", **options),
    "chaos_behaviour": lambda **options: BehaviourInjector(lambda: None, **options),
    "chaos_clock_jump": lambda **options: ClockJumpInjector(JumpingClock(), 3600.0, **options),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_injector_is_off_by_default(kind):
    injector = KINDS[kind](rate=1.0, random=lambda: 0.0)
    forms, tally = tallied(injector)
    assert forms.sync(answer, (), {}) == "ok"
    assert (injector.kind, injector.enabled, tally) == (kind, False, {})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("enabled", [True, lambda: False])
def test_none_can_be_switched_on_in_production(kind, enabled):
    with pytest.raises(ChaosRefused, match=f"{kind} must not be switched on in the environment 'production'") as caught:
        KINDS[kind](rate=1.0, random=lambda: 0.0, enabled=enabled)
    assert (caught.value.injector, caught.value.environment) == (kind, "production")
    injector = KINDS[kind](rate=1.0, random=lambda: 0.0)
    with pytest.raises(ChaosRefused):
        injector.switch(enabled)
    injector.switch(enabled=False)
    assert injector.enabled is False
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_production_is_permitted_in_as_many_words():
    permission = ChaosPermission(in_production=True)
    assert FaultInjector(Down, rate=1.0, random=lambda: 0.0, enabled=True, permission=permission).enabled


@pytest.mark.parametrize(
    ("environment", "granted"),
    [
        ({}, False),
        ({"EXAI_SRE_ENVIRONMENT": "Production"}, False),
        ({"EXAI_SRE_ENVIRONMENT": "staging"}, True),
        ({"EXAI_SRE_CHAOS_IN_PRODUCTION": "yes"}, True),
        ({"EXAI_SRE_ENVIRONMENT": "production", "EXAI_SRE_CHAOS_IN_PRODUCTION": "no"}, False),
    ],
)
def test_the_permission_is_read_from_the_settings_that_are_handed_in(environment, granted):
    assert ChaosPermission.read(SettingSources(environment=environment, prefix="EXAI_SRE_")).granted is granted


def test_a_permission_that_cannot_be_read_is_an_error():
    with pytest.raises(SettingError, match=r"EXAI_SRE_CHAOS_IN_PRODUCTION='maybe'.*use one of yes, no"):
        ChaosPermission.read(SettingSources(environment={"EXAI_SRE_CHAOS_IN_PRODUCTION": "maybe"}, prefix="EXAI_SRE_"))
    assert [setting.default for setting in CHAOS_SETTINGS] == ["production", "no"]


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_is_a_share(rate):
    with pytest.raises(OptionError, match="rate"):
        FaultInjector(Down, rate=rate, random=lambda: 0.0)


def test_the_rate_is_kept():
    draw = random.Random(1).random
    forms, tally = tallied(FaultInjector(Down, rate=0.3, random=draw, enabled=True, permission=STAGING))
    ends = [outcome_of_call(lambda: forms.sync(answer, (), {})) for _ in range(2000)]
    assert 540 < ends.count("Down") < 660
    assert tally == {"injected": ends.count("Down")}


@pytest.mark.parametrize(("rate", "hit"), [(0.0, False), (1.0, True)])
def test_none_and_all_are_exact(rate, hit):
    lowest_and_highest = itertools.cycle([0.0, 0.9999999])
    injector = FaultInjector(Down, **{**ALWAYS, "rate": rate, "random": lambda: next(lowest_and_highest)})
    assert {outcome_of_call(lambda: injector.call(answer)) for _ in range(4)} == {"Down" if hit else "ok"}


def test_the_switch_can_be_asked_before_each_call():
    on = [True]
    injector = FaultInjector(Down, **{**ALWAYS, "enabled": lambda: on[0]})
    assert outcome_of_call(lambda: injector.call(answer)) == "Down"
    on[0] = False
    assert injector.call(answer) == "ok"


async def ends_of(injector):
    """How a call ends in each form, and how often the injector struck."""
    forms, tally = tallied(injector)
    ends = [
        outcome_of_call(lambda: forms.sync(answer, (), {})),
        await outcome_of_await(forms.async_(answer_async, (), {})),
        outcome_of_call(lambda: list(forms.items(items, (1, 2), {}))),
        await outcome_of_await(collect(forms.stream(stream, (1, 2), {}))),
    ]
    return ends, tally


async def test_a_fault_takes_the_place_of_the_call_in_every_form():
    assert await ends_of(FaultInjector(Down, **ALWAYS)) == (["Down"] * 4, {"injected": 4})


async def test_an_outcome_takes_the_place_of_the_result_in_every_form():
    ends, tally = await ends_of(OutcomeInjector(lambda: [7], **ALWAYS))
    assert (ends, tally) == (["[7]"] * 4, {"injected": 4})


async def test_a_behaviour_comes_before_the_call_in_every_form():
    done = []
    ends, tally = await ends_of(BehaviourInjector(lambda: done.append(1), **ALWAYS))
    assert (ends, tally) == (["ok", "ok", "[1, 2]", "[1, 2]"], {"injected": 4})
    assert len(done) == 4


async def test_a_behaviour_may_be_a_coroutine_function_where_it_can_be_awaited():
    done = []

    async def misbehave():
        await asyncio.sleep(0)
        done.append(1)

    injector = BehaviourInjector(misbehave, **ALWAYS)
    assert await injector.call_async(answer_async) == "ok"
    assert done == [1]
    with pytest.raises(UnsupportedForm, match="nobody would await"):
        injector.call(answer)


async def test_latency_comes_before_the_call_in_every_form():
    clock, draws = VirtualClock(), iter([1.0, 2.0, 4.0, 8.0])
    injector = LatencyInjector(lambda: next(draws), sleep=clock.advance, clock=clock, **ALWAYS)
    assert injector.call(answer) == "ok"
    assert clock.monotonic() == 1001
    assert await clock.run(injector.call_async(answer_async)) == "ok"
    assert list(injector(items)(1)) == [1]
    assert await clock.run(collect(injector.stream(stream, 1))) == [1]
    assert clock.monotonic() == 1015


async def test_latency_inside_a_timeout_makes_the_call_time_out():
    clock = VirtualClock()
    pipeline = Pipeline("p", Timeout(5), LatencyInjector(6.0, **ALWAYS), clock=clock)
    assert await clock.run(outcome_of_await(pipeline.call_async(hang))) == "DeadlineExceeded"


def test_a_delay_is_not_negative():
    with pytest.raises(OptionError, match="seconds"):
        LatencyInjector(-1.0, **ALWAYS)


def test_a_breaker_sees_what_is_injected():
    clock = VirtualClock()
    breaker = small_breaker(clock)
    pipeline = Pipeline("p", breaker, FaultInjector(Down, **ALWAYS), clock=clock)
    ends = [outcome_of_call(lambda: pipeline.call(answer)) for _ in range(3)]
    assert ends == ["Down", "Down", "BreakerOpen"]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_jump_of_the_wall_clock_leaves_the_open_time_alone(hours):
    below = VirtualClock()
    clock = JumpingClock(below)
    breaker = small_breaker(clock)
    jump = ClockJumpInjector(clock, 3600.0 * hours, **ALWAYS)
    pipeline = Pipeline("p", breaker, jump, FaultInjector(Down, **ALWAYS), clock=clock)
    for _ in range(2):
        outcome_of_call(lambda: pipeline.call(answer))
    assert clock.time() == below.time() + 2 * 3600 * hours
    assert breaker.snapshot.retry_after == 30.0
    below.advance(29.0)
    assert breaker.state == "open"
    below.advance(1.0)
    assert breaker.state == "half_open"


def test_a_suspended_machine_wakes_with_its_open_time_over():
    clock = JumpingClock(VirtualClock())
    breaker = small_breaker(clock)
    breaker.force_open()
    breaker.reset()
    pipeline = Pipeline("p", breaker, FaultInjector(Down, **ALWAYS), clock=clock)
    for _ in range(2):
        outcome_of_call(lambda: pipeline.call(answer))
    ClockJumpInjector(clock, 3600.0, monotonic=3600.0, **ALWAYS).call(answer)
    assert breaker.state == "half_open"


def test_a_monotonic_clock_never_goes_back():
    with pytest.raises(OptionError, match="monotonic"):
        ClockJumpInjector(JumpingClock(), 0.0, monotonic=-1.0, **ALWAYS)
    with pytest.raises(ValueError, match="cannot go back"):
        JumpingClock().jump(0.0, monotonic=-1.0)


async def test_sleeps_and_timers_of_a_jumping_clock_go_on_as_they_would():
    below = VirtualClock()
    clock = JumpingClock(below)
    fired = []
    timer = clock.call_later(5.0, lambda: fired.append("cancelled"))
    clock.call_later(5.0, lambda: fired.append("fired"))
    timer.cancel()
    clock.jump(100.0, monotonic=100.0)
    await below.run(clock.sleep(6.0))
    assert fired == ["fired"]
    real = JumpingClock()
    real.call_later(0.0, lambda: fired.append("in the loop"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert fired == ["fired", "in the loop"]
