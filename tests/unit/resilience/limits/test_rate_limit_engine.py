"""GCRA: the same decisions as an exact token bucket, from any number of threads, for a bounded number of keys."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.resilience.rate_limit_engine import GcraEngine, KeyedGcraEngine

GRID = 1 / 1024
"""Times on a dyadic grid are exact in binary floating point, so that a reference can be exact too."""

scripts = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 2048)), max_size=60)
"""Steps: the time since the step before, and the patience, both in grid units."""


class TokenBucket:
    """An exact token bucket with reservations: tokens may go below zero by what callers wait for."""

    def __init__(self, interval, burst):
        self.interval, self.burst, self.tokens, self.at = interval, burst, Fraction(burst), None

    def take(self, now, patience):
        if self.at is not None:
            self.tokens = min(Fraction(self.burst), self.tokens + (now - self.at) / self.interval)
        self.at = now
        wait = max(Fraction(0), (1 - self.tokens) * self.interval)
        if wait <= patience:
            self.tokens -= 1
        return wait


@settings(max_examples=60)
@given(interval=st.integers(1, 2048), burst=st.integers(1, 8), script=scripts)
def test_decisions_and_waits_are_those_of_an_exact_token_bucket(interval, burst, script):
    engine = GcraEngine(interval * GRID, burst, slack=0.0)
    keyed = KeyedGcraEngine(interval * GRID, burst, most=1, slack=0.0)
    bucket = TokenBucket(Fraction(interval, 1024), burst)
    now = 0
    for gap, patience in script:
        now += gap
        expected = bucket.take(Fraction(now, 1024), Fraction(patience, 1024))
        assert engine.take(now * GRID, patience * GRID) == expected
        assert keyed.take("key", now * GRID, patience * GRID) == expected
        assert engine.available(now * GRID) == max(0, int(bucket.tokens // 1))


@settings(max_examples=40)
@given(rate=st.floats(0.1, 1e4), burst=st.integers(1, 20), gaps=st.lists(st.floats(0, 5), min_size=1, max_size=80))
def test_no_stretch_of_time_holds_more_than_the_burst_and_the_rate(rate, burst, gaps):
    engine, now, begun = GcraEngine(1 / rate, burst), 1e6, []
    for gap in gaps:
        now += gap / rate
        if engine.take(now) == 0:
            begun.append(now)
    for first in range(len(begun)):
        for last in range(first, len(begun)):
            assert last - first + 1 <= burst + (begun[last] - begun[first] + 2e-6) * rate + 1e-6


def test_a_call_at_exactly_the_rate_is_never_refused_for_rounding():
    engine = GcraEngine(0.1, 1)
    assert all(engine.take(1e6 + 0.1 * call) == 0 for call in range(10_000))


def test_coming_a_little_early_each_time_gains_nothing():
    engine = GcraEngine(1.0, 1, slack=0.01)
    taken = sum(engine.take(0.99 * call) == 0 for call in range(1000))
    assert taken <= 0.99 * 1000 + 1


def test_threads_take_exactly_the_burst_together():
    engine, keyed = GcraEngine(1000.0, 500), KeyedGcraEngine(1000.0, 500, most=3)
    together = threading.Barrier(8)

    def work(_):
        together.wait()
        return [(engine.take(5.0) == 0, keyed.take("key", 5.0) == 0) for _ in range(500)]

    with ThreadPoolExecutor(8) as pool:
        results = [pair for pairs in pool.map(work, range(8)) for pair in pairs]
    assert [sum(column) for column in zip(*results, strict=True)] == [500, 500]


def test_keys_do_not_count_against_each_other():
    engine = KeyedGcraEngine(10.0, 1, most=5)
    assert [engine.take(key, 0.0) for key in "abcabc"] == [0, 0, 0, 10, 10, 10]


def test_a_key_with_a_full_bucket_is_forgotten_first():
    engine = KeyedGcraEngine(10.0, 1, most=3)
    for now, key in enumerate("abc"):
        engine.take(key, float(now))
    assert engine.take("d", 10.0) == 0
    assert len(engine) == 3
    assert [engine.take(key, 10.0) for key in "bcd"] == [1, 2, 10]


def test_the_number_of_keys_shrinks_to_those_in_use():
    engine = KeyedGcraEngine(1.0, 1, most=1000)
    for number in range(1000):
        engine.take(str(number), 0.0)
    for number in range(1000):
        engine.take(f"later {number}", 100.0 + 2 * number)
    assert len(engine) == 1


def test_keys_that_do_not_fit_share_one_bucket():
    engine = KeyedGcraEngine(10.0, 2, most=2)
    engine.take("a", 0.0)
    engine.take("b", 0.0)
    assert [engine.take(key, 0.0) for key in "cdefab"] == [0, 0, 10, 10, 0, 0]
    assert len(engine) == 2


@pytest.mark.parametrize("keys", [100, 10_000])
def test_made_up_keys_buy_no_more_than_the_keys_that_fit(keys):
    engine = KeyedGcraEngine(1.0, 1, most=10)
    taken = sum(engine.take(f"made up {number}", number / keys) == 0 for number in range(keys))
    assert taken <= 11 * 2
