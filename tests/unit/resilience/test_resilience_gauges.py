"""Gauges of what strategies hold: read before each exposition, not on the path of a call."""

from __future__ import annotations

import asyncio

import pytest

from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.metrics.families.protection import BREAKER_STATES, DECISIONS, STRATEGIES, Readings
from exai_sre.resilience import Bulkhead, CircuitBreaker, Decision, Pipeline, Retry, RetryBudget, Timeout
from exai_sre.resilience.adaptive_limit import AdaptiveLimit
from exai_sre.resilience.breaker_options import BreakerState
from exai_sre.resilience.cache import Cache
from exai_sre.resilience.chaos import injectors
from exai_sre.resilience.fallback import Fallback
from exai_sre.resilience.gauges import show_gauges
from exai_sre.resilience.hedge import Hedge
from exai_sre.resilience.load_shedder import LoadShedder
from exai_sre.resilience.rate_limit import RateLimit
from exai_sre.testing import VirtualClock


class Down(ConnectionError):
    pass


def fail():
    raise Down


def answer():
    return "ok"


class Rig:
    """A catalog with resilience metrics, and its gauges by name and label."""

    def __init__(self):
        self.clock = VirtualClock()
        self.catalog = Catalog()
        self.metrics = ResilienceMetrics.declare(self.catalog)

    def read(self, gauge, name):
        self.catalog.refresh()
        family = getattr(self.metrics, gauge)
        (label,) = family.instrument.label_names
        return family.labels(**{label: name}).value

    def shown(self, *strategies, pipeline="p"):
        show_gauges(pipeline, strategies, self.metrics)
        return strategies


@pytest.fixture
def rig():
    return Rig()


def failing(guard, times):
    for _ in range(times):
        with pytest.raises(Down):
            guard.call(fail)


def test_all_six_states_of_a_breaker_show(rig):
    (breaker,) = rig.shown(CircuitBreaker("b", minimum_calls=2, open_for=5, clock=rig.clock))
    state = rig.metrics.breaker_state.labels(breaker="b")
    seen = [state.value]
    failing(breaker, 2)
    seen.append(state.value)
    rig.clock.advance(5)
    seen.append(rig.read("breaker_state", "b"))
    for change in (breaker.force_open, breaker.disable, breaker.metrics_only, breaker.reset):
        change()
        seen.append(state.value)
    names = [BREAKER_STATES[int(value)] for value in seen]
    assert names == ["closed", "open", "half_open", "forced_open", "disabled", "metrics_only", "closed"]


def test_the_window_of_a_breaker_shows_calls_and_rates(rig):
    (breaker,) = rig.shown(CircuitBreaker("b", slow_after=1, window=10, clock=rig.clock))
    assert [rig.read(name, "b") for name in ("breaker_calls", "breaker_failure_rate", "breaker_slow_rate")] == [0, 0, 0]
    failing(breaker, 1)
    breaker.call(rig.clock.advance, 2)
    breaker.call(answer)
    breaker.call(answer)
    assert [rig.read(name, "b") for name in ("breaker_calls", "breaker_failure_rate", "breaker_slow_rate")] == [
        4, 0.25, 0.25,
    ]  # fmt: skip
    rig.clock.advance(20)
    assert rig.read("breaker_calls", "b") == 0


async def test_the_slots_of_a_bulkhead_show(rig):
    one, _ = rig.shown(Bulkhead(1, queue=2), Bulkhead(5))
    release = asyncio.Event()
    running = [asyncio.create_task(one.call_async(release.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    assert (rig.read("bulkhead_running", "p"), rig.read("bulkhead_waiting", "p")) == (1, 2)
    release.set()
    await asyncio.gather(*running)
    assert (rig.read("bulkhead_running", "p"), rig.read("bulkhead_waiting", "p")) == (0, 0)


def test_an_adaptive_limit_shows(rig):
    rig.shown(AdaptiveLimit("a", initial=30), AdaptiveLimit("b", initial=40))
    assert rig.read("adaptive_limit", "p") == 30


def test_the_emptiest_budget_of_a_pipeline_shows(rig):
    budget = RetryBudget(reserve=3, per_second=0, clock=rig.clock)
    rig.shown(Retry(budget=budget), Retry(), Hedge(1, idempotent=True))
    assert rig.read("retry_budget", "p") == 3
    assert budget.spend()
    assert rig.read("retry_budget", "p") == 2


def test_a_pipeline_without_any_of_these_has_no_gauge(rig):
    rig.shown(Timeout(1), Retry())
    rig.catalog.refresh()
    sizes = [getattr(rig.metrics, name).size for name in ("bulkhead_running", "adaptive_limit", "retry_budget")]
    assert sizes == [0, 0, 0]


def test_a_pipeline_that_takes_anothers_place_takes_its_gauges_over(rig):
    breaker = CircuitBreaker("b", minimum_calls=1, clock=rig.clock)
    heard = []
    breaker.on_transition(lambda *change: heard.append(change))
    rig.shown(breaker, AdaptiveLimit("a", initial=30))
    rig.shown(breaker, AdaptiveLimit("a", initial=50))
    assert rig.read("adaptive_limit", "p") == 50
    failing(breaker, 1)
    assert len(heard) == 1
    assert rig.read("breaker_state", "b") == 1
    other = CircuitBreaker("b", clock=rig.clock)
    rig.shown(other)
    assert rig.read("breaker_state", "b") == 0
    other.disable()
    assert rig.metrics.breaker_state.labels(breaker="b").value == BREAKER_STATES.index("disabled")


def test_a_reading_is_replaced_under_its_key():
    readings, read, source = Readings(), [], object()
    assert readings.put("a", source, lambda: read.append(1))
    assert not readings.put("a", source, lambda: read.append(2))
    assert readings.put("a", object(), lambda: read.append(3))
    readings.put("b", source, lambda: read.append(4))
    readings.refresh()
    assert read == [3, 4]


def test_the_tables_of_the_metrics_are_those_of_the_strategies():
    assert tuple(BreakerState) == BREAKER_STATES
    assert tuple(Decision) == DECISIONS
    chaos = [kind for kind in vars(injectors).values() if isinstance(kind, type) and getattr(kind, "kind", "")]
    kinds = (AdaptiveLimit, Bulkhead, Cache, CircuitBreaker, Fallback, Hedge, LoadShedder, Pipeline, RateLimit, Retry,
             Timeout, *chaos)  # fmt: skip
    assert tuple(sorted({kind.kind for kind in kinds})) == STRATEGIES
    assert list(STRATEGIES) == sorted(STRATEGIES)
