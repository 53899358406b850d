"""Scripted outages: read from data, played in virtual time, and scored against an error budget."""

from __future__ import annotations

import pickle
import random
import tomllib

import pytest

from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.chaos import Act, ChaosPermission, ChaosRefused, InjectedFault, Scenario
from exai_sre.resilience.classify import outcome_of
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.fallback import Fallback
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.resilience.retry import Retry
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import answer, outcome_of_call

STAGING = ChaosPermission("staging")

OUTAGE = """
[[act]]                     # the dependency slows down
begin = 10
end = 30
rate = 0.3
latency = 2.5

[[act]]                     # then half of its answers are lost
begin = 20
end = 40
rate = 0.5
outcome = "timeout"
retry_after = 0.5

[[act]]                     # then it is gone
begin = 40
end = 60
outcome = "upstream_error"
"""


def played(data, clock, seed=1):
    return Scenario.of(data, random=random.Random(seed).random, permission=STAGING, sleep=clock.advance, clock=clock)


def test_an_act_plays_from_its_beginning_to_its_end_and_only_once_begun():
    clock = VirtualClock()
    scenario = played([{"begin": 10, "end": 20, "outcome": "timeout"}], clock)
    pipeline = Pipeline("p", *scenario.injectors, clock=clock)

    def ends():
        return outcome_of_call(lambda: pipeline.call(answer))

    clock.advance(15)
    assert ends() == "ok"
    scenario.begin()
    heard = []
    for _ in range(5):
        heard.append(ends())
        clock.advance(5)
    assert heard == ["ok", "ok", "InjectedFault", "InjectedFault", "ok"]
    scenario.begin()
    clock.advance(10)
    assert ends() == "InjectedFault"
    scenario.stop()
    assert ends() == "ok"
    assert (scenario.seconds, played([], clock).seconds) == (20, 0)


def test_an_act_can_delay_and_fail():
    clock = VirtualClock()
    scenario = played([{"begin": 0, "end": 9, "latency": 2, "outcome": "overload", "retry_after": 3}], clock)
    scenario.begin()
    with pytest.raises(InjectedFault, match="an injected fault: overload") as caught:
        Pipeline("p", *scenario.injectors, clock=clock).call(answer)
    assert (clock.monotonic(), outcome_of(caught.value), caught.value.retry_after) == (1002, "overload", 3)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"begin": 0, "latency": 1}, "end=None: is missing"),
        ({"begin": 5, "end": 5, "latency": 1}, "end=5: an act that begins at 5 s ends later"),
        ({"begin": -1, "end": 5, "latency": 1}, "end=5"),
        ({"begin": 0, "end": 5, "latency": -1}, "latency=-1"),
        ({"begin": 0, "end": 5}, "delays calls, fails them, or both"),
        ({"begin": 0, "end": 5, "outcome": "sad"}, "outcome='sad': is one of ok, error, upstream_error"),
        ({"begin": 0, "end": 5, "latency": 1, "rate": 2}, "rate=2"),
        ({"begin": 0, "end": 5, "delay": 1}, "delay=1: is no part of an act; those are begin, end, latency"),
    ],
)
def test_an_act_that_makes_no_sense_is_refused(data, message):
    with pytest.raises(OptionError, match=message):
        Act.of(data)


def test_no_scenario_is_played_in_production():
    with pytest.raises(ChaosRefused):
        Scenario([Act(0, 1, latency=1)], random=random.random, permission=ChaosPermission())


def bad_share(*around):
    """Share of 200 calls, two in each second, that ended badly; the outage begins with the first."""
    clock = VirtualClock()
    scenario = played(tomllib.loads(OUTAGE)["act"], clock)
    pipeline = Pipeline("p", *around, *scenario.injectors, clock=clock)
    scenario.begin()
    ends = []
    for call in range(200):
        clock.advance(max(0.0, 1000 + call / 2 - clock.monotonic()))
        ends.append(outcome_of_call(lambda: pipeline.call(answer)))
    return 1 - ends.count("ok") / len(ends)


def test_an_outage_is_scored_against_the_error_budget():
    """What each layer spends of the budget of 100 s, half of them full of faults, from the same data."""
    bare = bad_share()
    retried = bad_share(Retry(3, wait=0.01, sleep=lambda _: None))
    answered = bad_share(Fallback("ok"), CircuitBreaker("upstream", minimum_calls=10))
    assert 0.2 < bare <= 0.4
    # what is gone for 20 s stays gone; a retry saves calls from the faults that come and go
    assert 0.15 < retried < bare - 0.03
    assert answered == 0
