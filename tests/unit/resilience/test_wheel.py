"""The deadline wheel: one timer for many limits, at most a tick late, and little left behind."""

from __future__ import annotations

import pytest

from exai_sre.resilience.wheel import TICK, Entry, Wheel
from exai_sre.testing import VirtualClock


class Limit:
    def __init__(self, wheel, clock, seconds):
        self.clock = clock
        self.ends = clock.monotonic() + seconds
        self.fired_at = None
        self.entry = Entry()
        self.entry.scope = self
        wheel.add(self.entry, self.ends, clock)

    def expire(self):
        assert self.fired_at is None
        self.fired_at = self.clock.monotonic()

    def over(self):
        self.entry.scope = None


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def wheel(clock):
    return Wheel(clock.monotonic)


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.02, 0.1, 0.49, 0.5, 0.51, 1.0, 7.77, 61.03])
def test_a_limit_fires_at_its_end_or_within_a_tick_after_it(wheel, clock, seconds):
    limit = Limit(wheel, clock, seconds)
    clock.advance(seconds + TICK)
    assert limit.ends <= limit.fired_at <= limit.ends + TICK
    clock.advance(1)
    assert (len(wheel), clock.pending) == (0, 0)


def test_many_limits_share_one_timer(wheel, clock):
    limits = [Limit(wheel, clock, 1 + number / 7) for number in range(100)]
    assert (len(wheel), clock.pending) == (100, 1)
    clock.advance(20)
    assert all(limit.ends <= limit.fired_at <= limit.ends + TICK for limit in limits)


def test_a_shorter_limit_is_not_kept_waiting_by_a_longer_one(wheel, clock):
    long, short = Limit(wheel, clock, 0.4), Limit(wheel, clock, 0.1)
    later = Limit(wheel, clock, 0.3)
    clock.advance(0.12)
    assert (long.fired_at, later.fired_at, short.fired_at is not None) == (None, None, True)
    clock.advance(1)
    assert later.fired_at < long.fired_at <= long.ends + TICK


def test_a_call_that_ended_in_time_is_forgotten_within_two_sweeps(wheel, clock):
    calls = [Limit(wheel, clock, 600) for _ in range(50)]
    running = Limit(wheel, clock, 600)
    for call in calls:
        call.over()
    clock.advance(1)
    assert len(wheel) == 1
    clock.advance(600)
    assert running.fired_at is not None
    assert all(call.fired_at is None for call in calls)


def test_a_limit_that_cannot_fire_spoils_no_other(wheel, clock):
    class Stuck(Limit):
        def expire(self):
            raise RuntimeError("the future of somebody else")

    Stuck(wheel, clock, 1)
    beside, after = Limit(wheel, clock, 1), Limit(wheel, clock, 3)
    with pytest.raises(ExceptionGroup) as caught:
        clock.advance(1.1)
    assert [str(error) for error in caught.value.exceptions] == ["the future of somebody else"]
    begun_later = Limit(wheel, clock, 1)
    clock.advance(5)
    assert all(limit.ends <= limit.fired_at <= limit.ends + TICK for limit in (beside, after, begun_later))


def test_a_timer_that_could_not_be_started_is_started_for_the_next_limit(wheel, clock):
    class Refusing:
        def call_later(self, _delay, _callback):
            raise RuntimeError("no timers here")

    entry = Entry()
    entry.scope = None
    with pytest.raises(RuntimeError, match="no timers here"):
        wheel.add(entry, clock.monotonic() + 0.1, Refusing())
    limit = Limit(wheel, clock, 0.1)
    clock.advance(0.2)
    assert limit.fired_at is not None


def test_what_ended_in_its_last_tick_does_not_fire(wheel, clock):
    call = Limit(wheel, clock, 0.1)
    call.over()
    clock.advance(1)
    assert (call.fired_at, len(wheel), clock.pending) == (None, 0, 0)


def test_a_loop_that_was_held_up_fires_what_is_overdue_at_once(wheel, clock):
    class HeldUp(VirtualClock):
        def call_later(self, delay, callback):
            return clock.call_later(delay + 3, callback)

    timers = HeldUp()
    limit = Limit(wheel, clock, 0.2)
    late = Entry()
    late.scope = limit
    other = Wheel(clock.monotonic)
    other.add(late, limit.ends, timers)
    far = Limit(wheel, clock, 1.5)
    clock.advance(1)
    limit.fired_at = None
    clock.advance(3)
    assert limit.fired_at == pytest.approx(limit.ends + 3)
    assert far.fired_at is not None
