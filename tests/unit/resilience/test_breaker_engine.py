"""The breaker's engine, driven by hand: no calls, no clock, only times."""

from __future__ import annotations

import pytest

from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker_engine import BreakerEngine, Permit, Rejection
from exai_sre.resilience.breaker_options import BreakerOptions, BreakerState

OK, BAD, NEUTRAL = Outcome.OK, Outcome.UPSTREAM_ERROR, Outcome.CANCELLED


def engine(**options):
    settings = {"minimum_calls": 4, "half_open_calls": 2, "open_for": 30.0, "half_open_limit": 60.0}
    return BreakerEngine(BreakerOptions(**{**settings, **options}))


def admitted(breaker, now):
    permit = breaker.admit(now)
    assert isinstance(permit, Permit)
    return permit


def calls(breaker, now, *outcomes, took=0.0):
    for outcome in outcomes:
        breaker.record(admitted(breaker, now - took), outcome, now)


def opened(now=0.0, **options):
    breaker = engine(**options)
    calls(breaker, now, BAD, BAD, BAD, BAD)
    assert breaker.state(now) == "open"
    return breaker


def test_it_opens_when_the_failure_rate_is_reached():
    breaker = engine()
    calls(breaker, 0.0, OK, OK, BAD)
    assert breaker.state(0.0) == "closed"
    calls(breaker, 0.0, BAD)
    assert breaker.state(0.0) == "open"


def test_it_does_not_open_below_the_failure_rate():
    breaker = engine()
    calls(breaker, 0.0, OK, OK, OK, BAD, OK, BAD)
    assert breaker.state(0.0) == "closed"


def test_a_rate_that_binary_fractions_cannot_hold_is_reached_exactly():
    breaker = engine(failure_rate=0.1, minimum_calls=30)
    calls(breaker, 0.0, *[BAD] * 3, *[OK] * 27)
    assert breaker.state(0.0) == "open"


def test_no_rate_is_taken_of_too_few_calls():
    breaker = engine()
    calls(breaker, 0.0, BAD, BAD, BAD)
    assert breaker.state(0.0) == "closed"


def test_a_success_that_makes_the_volume_full_opens_if_the_rate_is_too_high():
    breaker = engine()
    calls(breaker, 0.0, BAD, BAD, BAD, OK)
    assert breaker.state(0.0) == "open"


def test_half_of_alternating_calls_failing_opens():
    """C31: consecutive counters miss a failure rate of one half."""
    breaker = engine(minimum_calls=20)
    for number in range(20):
        calls(breaker, number * 0.1, BAD if number % 2 else OK)
    assert breaker.state(2.0) == "open"


def test_failures_leave_the_window():
    breaker = engine(window=10.0)
    calls(breaker, 0.0, BAD, BAD, BAD)
    calls(breaker, 10.0, BAD)
    assert breaker.state(10.0) == "closed"
    assert breaker.counts(10.0) == (1, 1, 0)


def test_a_reading_older_than_the_present_bucket_counts_into_it():
    """Threads read the clock before they take the lock."""
    breaker = engine(minimum_calls=100, window=10.0)
    calls(breaker, 20.0, OK)
    calls(breaker, 15.0, BAD)
    assert breaker.counts(29.9) == (2, 1, 0)
    assert breaker.counts(30.0) == (0, 0, 0)


def test_slow_calls_open_even_when_they_succeed():
    breaker = engine(slow_after=1.0, slow_rate=0.5)
    calls(breaker, 10.0, OK, OK, took=1.0)
    calls(breaker, 10.0, OK, took=1.5)
    assert breaker.state(10.0) == "closed"
    calls(breaker, 10.0, OK, took=1.5)
    assert breaker.state(10.0) == "open"


def test_every_call_must_be_slow_by_default():
    breaker = engine(slow_after=1.0)
    calls(breaker, 10.0, OK, OK, OK, took=2.0)
    calls(breaker, 10.0, OK, took=0.5)
    assert breaker.state(10.0) == "closed"


def test_an_open_breaker_says_when_to_come_back():
    breaker = opened(now=100.0)
    rejection = breaker.admit(110.0)
    assert isinstance(rejection, Rejection)
    assert rejection.retry_after == pytest.approx(20.0)
    assert breaker.retry_after(110.0) == pytest.approx(20.0)
    assert breaker.retry_after(130.0) == 0.0


def test_probes_that_all_succeed_close_it():
    breaker = opened()
    calls(breaker, 30.0, OK)
    assert breaker.state(30.0) == "half_open"
    calls(breaker, 31.0, OK)
    assert breaker.state(31.0) == "closed"
    assert breaker.counts(31.0) == (0, 0, 0)


def test_one_failed_probe_opens_it_again_for_the_whole_open_time():
    breaker = opened()
    calls(breaker, 40.0, OK, BAD)
    assert breaker.state(69.9) == "open"
    assert breaker.state(70.0) == "half_open"


def test_slow_probes_open_it_again():
    breaker = opened(slow_after=1.0, slow_rate=0.5)
    calls(breaker, 40.0, OK)
    calls(breaker, 45.0, OK, took=2.0)
    assert breaker.state(45.0) == "open"


def test_half_open_admits_no_more_than_its_permits():
    """C3: exactly k run, over the whole half-open phase."""
    breaker = opened()
    admissions = [breaker.admit(30.0) for _ in range(20)]
    assert [type(admission) for admission in admissions].count(Permit) == 2
    rejection = admissions[-1]
    assert isinstance(rejection, Rejection)
    assert rejection.retry_after == 30.0


def test_a_finished_probe_makes_no_room_for_a_third():
    breaker = opened()
    first, second = admitted(breaker, 30.0), admitted(breaker, 30.0)
    breaker.record(first, OK, 31.0)
    assert isinstance(breaker.admit(31.0), Rejection)
    breaker.record(second, OK, 32.0)
    assert breaker.state(32.0) == "closed"


def test_a_neutral_probe_gives_its_permit_back():
    """C6, C8: neutral neither closes nor opens nor wedges."""
    breaker = opened()
    for _ in range(5):
        calls(breaker, 31.0, NEUTRAL)
        assert breaker.state(31.0) == "half_open"
    calls(breaker, 31.0, OK, OK)
    assert breaker.state(31.0) == "closed"


def test_a_late_success_does_not_close_the_breaker():
    """C9: a success from before the trip says nothing about now."""
    breaker = engine()
    late = admitted(breaker, 0.0)
    calls(breaker, 0.0, BAD, BAD, BAD, BAD)
    breaker.record(late, OK, 1.0)
    assert breaker.state(1.0) == "open"
    assert breaker.state(31.0) == "half_open"
    breaker.record(late, OK, 31.0)
    assert breaker.state(31.0) == "half_open"


def test_late_failures_do_not_end_a_probe_nor_extend_the_open_time():
    """C10: failures from before the trip are old news."""
    breaker = engine()
    late = [admitted(breaker, 0.0) for _ in range(3)]
    calls(breaker, 0.0, BAD, BAD, BAD, BAD)
    breaker.record(late[0], BAD, 20.0)
    assert breaker.retry_after(20.0) == pytest.approx(10.0)
    first, second = admitted(breaker, 30.0), admitted(breaker, 30.0)
    breaker.record(late[1], BAD, 31.0)
    assert breaker.state(31.0) == "half_open"
    breaker.record(first, OK, 32.0)
    breaker.record(second, OK, 32.0)
    breaker.record(late[2], BAD, 33.0)
    assert breaker.state(33.0) == "closed"
    assert breaker.counts(33.0) == (0, 0, 0)


def test_a_late_neutral_call_adds_no_permits():
    """C11: only a probe of this phase can give a permit back, and only once."""
    breaker = engine()
    late = admitted(breaker, 0.0)
    calls(breaker, 0.0, BAD, BAD, BAD, BAD)
    probes = [admitted(breaker, 30.0), admitted(breaker, 30.0)]
    breaker.record(late, NEUTRAL, 31.0)
    assert isinstance(breaker.admit(31.0), Rejection)
    breaker.record(probes[0], NEUTRAL, 31.0)
    breaker.record(probes[0], NEUTRAL, 31.0)
    admitted(breaker, 31.0)
    assert isinstance(breaker.admit(31.0), Rejection)


def test_a_probe_that_hangs_counts_as_failed_after_the_limit():
    """C12: a hung probe cannot wedge the breaker."""
    breaker = opened()
    hung = admitted(breaker, 30.0)
    assert breaker.state(89.9) == "half_open"
    assert breaker.state(90.0) == "open"
    breaker.record(hung, OK, 95.0)
    assert breaker.state(119.9) == "open"
    calls(breaker, 120.0, OK, OK)
    assert breaker.state(120.0) == "closed"


def test_a_hung_probe_noticed_much_later_admits_at_once():
    """C12: hourly calls to a healthy provider are not refused for ever."""
    breaker = opened()
    admitted(breaker, 30.0)
    admitted(breaker, 30.0)
    calls(breaker, 3600.0, OK, OK)
    assert breaker.state(3600.0) == "closed"


def test_the_result_of_a_probe_that_hung_is_void():
    breaker = opened()
    hung = admitted(breaker, 30.0)
    breaker.record(hung, OK, 91.0)
    assert breaker.state(91.0) == "open"


def test_a_stream_that_flows_past_the_limit_has_passed():
    breaker = opened(half_open_calls=1)
    flowing = admitted(breaker, 30.0)
    flowing.answered_at = 31.0
    assert breaker.state(89.0) == "half_open"
    assert breaker.state(90.0) == "closed"


def test_a_stream_that_passed_at_the_limit_is_not_counted_again_when_it_ends():
    breaker = opened(half_open_calls=2)
    flowing = admitted(breaker, 30.0)
    flowing.answered_at = 31.0
    assert breaker.state(90.0) == "half_open"
    breaker.record(flowing, BAD, 95.0)
    assert breaker.state(95.0) == "half_open"
    breaker.record(flowing, OK, 96.0)
    assert breaker.state(96.0) == "half_open"
    calls(breaker, 97.0, OK)
    assert breaker.state(97.0) == "closed"


def test_a_stream_that_answered_too_late_has_not_passed():
    breaker = opened(half_open_calls=1)
    hung = admitted(breaker, 30.0)
    hung.answered_at = 95.0
    assert breaker.state(96.0) == "open"


def test_waiting_for_a_hung_probe_is_never_longer_than_it_can_hang():
    breaker = opened(half_open_calls=1)
    admitted(breaker, 30.0)
    assert breaker.retry_after(80.0) == pytest.approx(10.0)


@pytest.mark.parametrize("state", ["forced_open", "disabled", "metrics_only"])
def test_a_state_set_by_hand_stays_until_it_is_reset(state):
    breaker = engine()
    breaker.put(BreakerState(state), 0.0)
    if state != "forced_open":
        calls(breaker, 1.0, *[BAD] * 10)
    assert breaker.state(1e9) == state
    breaker.put(BreakerState.CLOSED, 1e9)
    assert breaker.state(1e9) == "closed"
    assert breaker.counts(1e9) == (0, 0, 0)


def test_forced_open_refuses_and_names_the_open_time():
    breaker = engine()
    breaker.put(BreakerState.FORCED_OPEN, 0.0)
    rejection = breaker.admit(1000.0)
    assert isinstance(rejection, Rejection)
    assert rejection.retry_after == 30.0


def test_disabled_counts_nothing_and_metrics_only_counts():
    breaker = engine()
    breaker.put(BreakerState.DISABLED, 0.0)
    calls(breaker, 1.0, BAD, OK)
    assert breaker.counts(1.0) == (0, 0, 0)
    breaker.put(BreakerState.METRICS_ONLY, 2.0)
    calls(breaker, 3.0, BAD, OK)
    assert breaker.counts(3.0) == (2, 1, 0)


def test_each_transition_is_told_once_and_in_order():
    told = []
    breaker = BreakerEngine(
        BreakerOptions(minimum_calls=1, half_open_calls=1), lambda old, new: told.append(f"{old}>{new}")
    )
    calls(breaker, 0.0, BAD)
    calls(breaker, 30.0, OK)
    breaker.put(BreakerState.FORCED_OPEN, 31.0)
    breaker.put(BreakerState.FORCED_OPEN, 32.0)
    assert told == ["closed>open", "open>half_open", "half_open>closed", "closed>forced_open"]


def test_a_listener_that_looks_at_the_breaker_hears_transitions_in_order():
    told = []

    def look(old, new):
        told.append(f"{old}>{new}")
        if new == "open":
            breaker.put(BreakerState.DISABLED, 0.0)
        told.append(breaker.state(0.0))

    breaker = BreakerEngine(BreakerOptions(minimum_calls=1), look)
    calls(breaker, 0.0, BAD)
    assert told == ["closed>open", "disabled", "open>disabled", "disabled"]


def test_a_permit_names_its_generation():
    breaker = opened()
    assert [admitted(engine(), 0.0).generation, admitted(breaker, 30.0).generation] == [0, 2]


def test_the_call_that_finds_a_flowing_stream_past_its_limit_is_admitted():
    breaker = opened(half_open_calls=1)
    admitted(breaker, 30.0).answered_at = 31.0
    assert isinstance(breaker.admit(90.0), Permit)
    assert breaker.state(90.0) == "closed"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("failure_rate", 0),
        ("failure_rate", 1.1),
        ("slow_rate", 0),
        ("window", 0),
        ("open_for", -1),
        ("half_open_limit", 0),
        ("slow_after", 0),
        ("minimum_calls", 0),
        ("half_open_calls", 0),
        ("window", float("nan")),
    ],
)
def test_options_that_make_no_sense_are_refused(option, value):
    with pytest.raises(ValueError, match=option) as caught:
        BreakerOptions(**{option: value})
    assert caught.value.option == option
