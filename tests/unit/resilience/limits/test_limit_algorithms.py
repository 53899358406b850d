"""Gradient2 and AIMD: where their limits go, window by window."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.resilience.aimd import Aimd
from exai_sre.resilience.gradient2 import Gradient2
from exai_sre.resilience.limit_window import LimitWindow


def window(latency=0.1, running=20.0, *, age=1e6, lost=0.0, pressed=False, at_minimum=False):
    return LimitWindow(age, latency, running, lost, pressed, at_minimum)


def warm(options=None, latency=0.1):
    """A Gradient2 that knows its baseline."""
    engine = (options or Gradient2()).engine()
    for _ in range(50):
        engine.update(20.0, window(latency, running=1.0))
    assert engine.baseline == pytest.approx(latency)
    return engine


def settled(engine, limit, windows, make):
    for _ in range(windows):
        limit = engine.update(limit, make(limit))
    return limit


def test_the_baseline_is_unknown_before_the_first_window():
    engine = Gradient2().engine()
    assert engine.baseline is None
    engine.update(20.0, window(None, running=1.0))
    assert engine.baseline is None
    engine.update(20.0, window(0.2, running=1.0))
    assert engine.baseline == pytest.approx(0.2)


def test_the_first_calls_to_end_are_not_taken_for_typical_ones():
    engine = Gradient2().engine()
    assert engine.update(20.0, window(0.1, 20.0, age=0.29, pressed=True)) == 20.0
    assert engine.baseline is None
    assert engine.update(20.0, window(0.1, 20.0, age=0.31, pressed=True)) > 20.0
    assert engine.baseline == pytest.approx(0.1)


def test_a_limit_in_use_grows_by_its_queue_while_latency_stays():
    assert warm().update(20.0, window()) == pytest.approx(20 + 0.2 * 2)


def test_a_limit_that_is_not_in_use_stays():
    engine = warm()
    assert engine.update(20.0, window(running=11.9)) == 20.0
    assert engine.update(20.0, window(latency=5.0, running=11.9)) == 20.0


@pytest.mark.parametrize(("latency", "gradient"), [(0.125, 1.0), (0.25, 0.5), (10.0, 0.5), (0.2, 0.625)])
def test_a_limit_falls_by_the_gradient_but_no_steeper_than_by_half(latency, gradient):
    assert warm().update(100.0, window(latency, 100.0)) == pytest.approx(80 + 0.2 * (100 * gradient + 2), rel=0.002)


def test_lost_calls_lower_the_limit_by_their_share():
    assert warm().update(100.0, window(0.1, 100.0, lost=0.25)) == pytest.approx(80 + 0.2 * (100 * 0.75 + 2))
    assert warm().update(100.0, window(0.1, 1.0, lost=0.25)) == pytest.approx(80 + 0.2 * (100 * 0.75 + 2))
    assert warm().update(100.0, window(None, 100.0, lost=1.0)) == pytest.approx(80 + 0.2 * (100 * 0.5 + 2))


@pytest.mark.parametrize("capacity", [20, 60, 150])
def test_a_limit_settles_a_little_above_what_the_service_can_serve_at_once(capacity):
    """A service whose latency grows with its queue; the calls turned away keep the limit in use."""
    engine = warm()
    limit = settled(engine, 20.0, 600, lambda now: window(0.1 * max(1.0, now / capacity), now, pressed=True))
    assert capacity < limit < 1.4 * capacity + 4


def test_a_limit_that_starts_far_too_low_doubles_within_a_few_windows():
    engine = Gradient2().engine()
    assert settled(engine, 20.0, 4, lambda now: window(0.1, now, pressed=True)) > 40


def test_once_latency_has_risen_the_limit_grows_slowly():
    engine = warm()
    for latency in (*[0.3] * 10, *[0.1] * 40):
        engine.update(20.0, window(latency, 20.0, pressed=True))
    assert engine.update(20.0, window(0.1, 20.0, pressed=True)) < 20 * 1.1


def test_an_overload_is_not_learned_as_the_new_normal():
    engine = warm()
    settled(engine, 60.0, 300, lambda _: window(0.15, 60.0, pressed=True))
    assert engine.baseline < 0.105


def test_without_pressure_a_longer_latency_becomes_the_new_normal():
    engine = warm()
    settled(engine, 60.0, 900, lambda _: window(0.15, 60.0))
    assert engine.baseline == pytest.approx(0.15, rel=0.05)


def test_at_the_lowest_limit_a_longer_latency_becomes_the_new_normal_soon():
    engine = warm()
    settled(engine, 5.0, 90, lambda _: window(0.3, 5.0, pressed=True, at_minimum=True))
    assert engine.baseline == pytest.approx(0.3, rel=0.05)


def test_after_a_long_overload_the_baseline_comes_down_quickly():
    engine = warm(latency=1.0)
    settled(engine, 60.0, 50, lambda _: window(0.1, 10.0))
    assert engine.baseline < 0.25


@settings(max_examples=40)
@given(
    st.lists(
        st.builds(
            LimitWindow,
            st.floats(0, 100),
            st.none() | st.floats(0, 100),
            st.floats(0, 200),
            st.floats(0, 1),
            st.booleans(),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_a_limit_never_more_than_halves_nor_doubles_in_a_window(windows):
    for algorithm in (Gradient2().engine(), Aimd().engine()):
        limit = 20.0
        for seen in windows:
            after = min(200.0, max(5.0, algorithm.update(limit, seen)))
            assert limit / 2 - 1e-9 <= after <= 1.5 * limit + 2 + 1e-9
            limit = after


def test_aimd_grows_by_one_while_in_use_and_falls_by_a_tenth_after_losses():
    engine = Aimd().engine()
    assert engine.baseline is None
    assert engine.update(20.0, window(running=10.0)) == 21.0
    assert engine.update(20.0, window(running=9.0)) == 20.0
    assert engine.update(20.0, window(lost=0.01)) == pytest.approx(18.0)
    assert engine.update(20.0, window(None, lost=1.0)) == pytest.approx(18.0)
    assert engine.update(20.0, window(latency=5.1)) == pytest.approx(18.0)


@pytest.mark.parametrize(
    ("kind", "options", "named"),
    [
        (Gradient2, {"tolerance": 0.9}, "tolerance"),
        (Gradient2, {"queue": 0}, "queue"),
        (Gradient2, {"smoothing": 0}, "smoothing"),
        (Gradient2, {"smoothing": 1.1}, "smoothing"),
        (Gradient2, {"long_window": 0}, "long_window"),
        (Aimd, {"backoff": 0.4}, "backoff"),
        (Aimd, {"backoff": 1.0}, "backoff"),
        (Aimd, {"timeout": 0}, "timeout"),
    ],
)
def test_algorithm_options_that_make_no_sense_are_refused(kind, options, named):
    with pytest.raises(ValueError, match=named):
        kind(**options)
