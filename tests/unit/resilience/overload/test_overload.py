"""Three times the capacity for 15 s: goodput, latency of the most important calls, recovery; and a queue that fails."""

from __future__ import annotations

import pytest

from tests.unit.resilience.overload.scenarios import WORK, bounded_queue, possible, protected, run, step, unshed
from tests.unit.resilience.overload.simulation import Service, Simulation

SCENARIOS = [
    ("step", "exponential", 1),
    ("step", "exponential", 3),
    ("ramp", "lognormal", 1),
    ("bursts", "heavy tail", 2),
    ("step", "even", 1),
]
"""Shape of the overload, kind of work, seed; ``figures.py`` beside this file runs all of them and more."""

GOODPUT, SLOWER, RECOVERED = 0.95, 1.5, 5
"""What issue and goal G8 ask for: the goal for goodput, where 0.85 is the bar."""


def service(work):
    return Service(workers=50, mean=0.3, draw=WORK[work], patience=3.0)


def report(shape, work, seed, name, verdict):
    print(f"{shape}, {work}, seed {seed}, {name}: {verdict}")


@pytest.mark.parametrize(("shape", "work", "seed"), SCENARIOS)
async def test_an_overload_costs_little_goodput_and_the_most_important_calls_nothing(shape, work, seed):
    verdict = run(shape, service(work), protected, seed)
    report(shape, work, seed, "protected", verdict)
    assert verdict.goodput >= GOODPUT
    assert verdict.slower <= SLOWER
    assert verdict.served >= 0.98
    assert verdict.before >= 0.9
    assert verdict.recovered <= RECOVERED


@pytest.mark.parametrize(("shape", "work", "seed"), [SCENARIOS[0], SCENARIOS[2]])
async def test_a_bounded_queue_collapses_under_the_same_load(shape, work, seed):
    """The positive control: this simulation can tell a service that survives from one that does not."""
    verdict = run(shape, service(work), bounded_queue, seed)
    report(shape, work, seed, "bounded queue", verdict)
    assert verdict.goodput < 0.6
    assert verdict.served < 0.5
    assert verdict.recovered > RECOVERED


async def test_without_a_shedder_the_limit_keeps_goodput_but_knows_no_priorities():
    verdict = run("step", service("exponential"), unshed, 1)
    report("step", "exponential", 1, "unshed", verdict)
    assert verdict.goodput >= 0.85
    assert verdict.served < 0.5


async def test_less_important_calls_go_in_order():
    record = Simulation(service("exponential"), step, protected, 3).run(25)
    shares = [record.share_answered(12, 25, level) for level in (0, 1, 3, 5, 7)]
    assert shares == sorted(shares, reverse=True)
    assert shares[1] > 0.85
    assert shares[-1] < 0.02


def test_no_control_can_answer_more_than_the_capacity_and_none_is_asked_of_it_before_it_is_reached():
    alone = service("even")
    assert alone.capacity == pytest.approx(50 / 0.345)
    assert possible(alone, step) == pytest.approx(15 * alone.capacity)
    assert possible(alone, lambda _: 0.5) == pytest.approx(7.5 * alone.capacity)
