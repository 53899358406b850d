"""A service at half its budget wakes nobody at any traffic, and a total outage still pages after three failures."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.bench_false_pages import MONTH, OURS, SLOTHS, firing, outage_failures, starts, traffic

MONTHS = 2


def pages(rate, tiers, *, recorded):
    """Page alerts that start in 30 days at half the budget."""
    random = Random(rate)
    count = 0
    for _ in range(MONTHS):
        seen = traffic(random, rate, lambda _: 0.0005, MONTH)
        count += sum(starts(firing(seen, tier, recorded=recorded)) for tier in tiers if tier.severity == "page")
    return count / MONTHS


@pytest.mark.parametrize("rate", [6, 60, 600])
def test_half_the_budget_wakes_nobody(rate):
    assert pages(rate, OURS, recorded=True) <= 0.1


def test_without_a_minimum_of_failures_the_same_traffic_would():
    assert pages(60, SLOTHS, recorded=False) > 5


@pytest.mark.parametrize("rate", [6, 60])
@pytest.mark.parametrize("seed", range(5))
def test_a_total_outage_pages_within_three_minutes_of_the_third_failure(rate, seed):
    found = outage_failures(Random(seed), rate)
    assert found is not None
    failures, minutes = found
    assert failures >= 3
    assert minutes <= 3
