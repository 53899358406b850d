"""Bad events over time, and moments at which something looks."""

from __future__ import annotations

import pytest

from server.demo.flow import Beat, Flow, first


def test_each_attempt_adds_its_share_once_its_delay_is_over():
    flow = Flow(10.0, (0.0, 1.0))
    assert [flow.count(at) for at in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 5.0, 10.0, 30.0]
    assert flow.per_second == 20.0


def test_the_moments_of_a_beat_include_both_ends():
    assert list(Beat(0.5, 1.0).moments(1.5, 3.5)) == [1.5, 2.5, 3.5]
    assert list(Beat(0.5, 1.0).moments(1.6, 2.4)) == []


def test_a_moment_that_rounding_moved_is_still_that_moment():
    third = Beat(0.0, 0.1)
    assert third.latest(0.1 * 3) == pytest.approx(0.3)
    assert next(third.moments(0.1 * 3, 1.0)) == pytest.approx(0.3)


def test_the_latest_moment_is_never_after_the_one_asked_for():
    beat = Beat(10.25, 1.0)
    assert beat.latest(10.25) == 10.25
    assert beat.latest(10.2) == 9.25
    assert beat.latest(0.0) == -0.75


def test_a_beat_can_be_told_since_another_moment():
    assert Beat(7.0, 2.0).since(8.0) == Beat(-1.0, 2.0)


def test_the_first_moment_at_which_something_holds_is_found():
    assert first([1.0, 2.0, 3.0], lambda at: at >= 2) == 2.0
    assert first([1.0], lambda at: at >= 2) is None
