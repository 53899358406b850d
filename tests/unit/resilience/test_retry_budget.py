"""The retry budget: calls earn, retries spend, time helps a little."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from exai_sre.resilience import RetryBudget
from exai_sre.testing import VirtualClock


@pytest.fixture
def clock():
    return VirtualClock()


def spent(budget):
    count = 0
    while budget.spend():
        count += 1
    return count


def test_it_starts_with_its_reserve(clock):
    assert spent(RetryBudget(reserve=3, clock=clock)) == 3


def test_calls_earn_their_share(clock):
    budget = RetryBudget(0.25, per_second=0, reserve=0, clock=clock)
    for _ in range(10):
        budget.earn()
    assert budget.balance == 2.5
    assert spent(budget) == 2


def test_a_quiet_service_earns_by_time(clock):
    budget = RetryBudget(per_second=0.5, reserve=0, clock=clock)
    clock.advance(7)
    assert spent(budget) == 3


def test_no_more_than_the_cap_is_saved_up(clock):
    budget = RetryBudget(1.0, reserve=0, cap=5, clock=clock)
    for _ in range(50):
        budget.earn()
    assert budget.balance == 5
    clock.advance(1e6)
    assert budget.balance == 5


def test_threads_cannot_spend_one_retry_twice(clock):
    budget = RetryBudget(per_second=0, reserve=100, clock=clock)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: budget.spend(), range(400)))
    assert sum(results) == 100


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"share": -0.1}, "share"),
        ({"per_second": -1}, "per_second"),
        ({"reserve": -1}, "reserve"),
        ({"cap": 0.5, "reserve": 0}, "cap"),
        ({"cap": 5, "reserve": 10}, "cap"),
    ],
)
def test_budget_options_that_make_no_sense_are_refused(options, named):
    with pytest.raises(ValueError, match=named):
        RetryBudget(**options)
