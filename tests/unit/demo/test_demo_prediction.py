"""Closed forms of what is detected when, against events counted one by one."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.demo.flow import Beat, Flow
from server.demo.forecast import forecast
from server.demo.prediction import Prediction, breaker_prediction, burn_predictions, page_prediction
from server.demo.script import SCRIPT, Phase
from server.demo.stage import Rhythm
from tests.unit.demo.demo_rig import BREAKER, FakeServer, slo_named

OUTAGE, SLOW = SCRIPT[1], SCRIPT[3]
BOTH = Flow(10.0, (0.03, 0.16))
TICK = Beat(0.0, 1.0)


def test_a_tier_is_predicted_for_the_first_tick_at_which_its_threshold_is_passed():
    slo = slo_named("upstream-glm")
    found = burn_predictions(slo, BOTH, fault="outage", events=180, tick=TICK, within=15)
    assert {each.key[1]: each.predicted for each in found} == {"14.4x": 2.0, "6x": 1.0, "3x": 1.0, "1x": 1.0}
    assert all(each.key[0] == slo.id for each in found)


def test_a_prediction_also_says_what_full_windows_would_take():
    found = burn_predictions(slo_named("upstream-glm"), BOTH, fault="outage", events=180, tick=TICK, within=15)
    assert {each.key[1]: each.full for each in found}["14.4x"] == pytest.approx(518.4)


def test_a_tier_that_needs_longer_than_the_fault_lasts_is_not_predicted():
    slo = slo_named("first-token")
    found = burn_predictions(slo, Flow(10.0, (6.0,)), fault="slow", events=460, tick=TICK, within=18)
    assert {each.key[1]: each.predicted for each in found} == {"3x": 15.0, "1x": 9.0}


def test_a_tier_that_a_total_failure_cannot_reach_is_not_predicted():
    slo = slo_named("first-token")
    hard = slo.tiers[0]
    impossible = type(hard)(hard.name, 1 / slo.budget, hard.long, hard.short, hard.severity)
    lone = type(slo)(**{name: getattr(slo, name) for name in slo.__dataclass_fields__} | {"tiers": (impossible,)})
    assert burn_predictions(lone, BOTH, fault="outage", events=1, tick=TICK, within=1e4) == []


@given(events=st.integers(0, 2000), rate=st.floats(1, 100), offset=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_at_the_predicted_tick_the_windows_are_above_the_threshold_and_at_the_tick_before_they_are_not(
    events, rate, offset
):
    slo = slo_named("upstream-glm")
    flow = Flow(rate, (0.03, 0.16))
    for each in burn_predictions(slo, flow, fault="x", events=events, tick=Beat(offset, 1.0), within=600):
        tier = next(tier for tier in slo.tiers if tier.name == each.key[1])
        share = tier.threshold(slo.budget)

        def fires(at, share=share, tier=tier):
            bad = math.floor(flow.count(at) + 1e-9)
            return bad >= tier.min_failures and Decimal(bad) / (events + bad) > share

        assert fires(each.predicted)
        assert not fires(each.predicted - 1.0)


def test_the_breaker_opens_when_failures_outweigh_the_good_calls_left_in_its_window():
    (found,) = breaker_prediction("glm", BOTH, BREAKER, fault="outage", within=15)
    assert found.predicted == pytest.approx(3.2, abs=0.1)
    assert (found.key, found.full) == (("glm", "open"), None)


def test_a_breaker_that_the_fault_does_not_open_is_not_predicted():
    assert breaker_prediction("glm", BOTH, BREAKER, fault="outage", within=1) == []


def test_a_breaker_with_a_short_history_opens_sooner():
    (found,) = breaker_prediction("glm", BOTH, BREAKER, fault="outage", within=15, history=0.5)
    assert found.predicted < 1.5


def rhythm(scrape=-0.3, evaluation=-0.1, took=0.05, window=4.0):
    return Rhythm(Beat(scrape, 1.0), Beat(evaluation, 1.0), took, window)


def test_the_page_comes_with_the_first_evaluation_that_sees_more_failures_than_answers():
    (found,) = page_prediction(BOTH, rhythm(), fault="outage", within=15)
    # Scraped at 0.7 and 1.7; the second one holds more failures than answers, and is evaluated at 1.9.
    assert found.predicted == pytest.approx(1.9)
    assert found.key == ("UpstreamMostAttemptsFail", "")


def test_a_scrape_that_is_not_read_in_time_waits_for_the_next_evaluation():
    (found,) = page_prediction(BOTH, rhythm(took=0.25), fault="outage", within=15)
    assert found.predicted == pytest.approx(2.9)


def test_without_two_scrapes_in_its_window_an_evaluation_sees_nothing():
    assert page_prediction(BOTH, rhythm(window=1.0), fault="outage", within=5) == []


def test_too_few_failures_page_nobody():
    assert page_prediction(Flow(0.1, (0.0,)), rhythm(), fault="outage", within=10) == []


def test_an_outage_is_forecast_with_tiers_breaker_and_page_soonest_first():
    server = FakeServer()
    answered = server.metrics.gen_ai.attempt_duration.labels(gen_ai_provider_name="glm", outcome="ok")
    for _ in range(100):
        answered.observe(0.03)
    server.tracker.tick()
    found = forecast(OUTAGE, server.stage(), 10.0, tick=TICK, rhythm=rhythm())
    assert [each.predicted for each in found] == sorted(each.predicted for each in found)
    assert {each.key[1] for each in found} == {"14.4x", "6x", "3x", "1x", "open", ""}
    unwatched = forecast(OUTAGE, server.stage(), 10.0, tick=TICK, rhythm=None)
    assert {each.key[1] for each in unwatched} == {"14.4x", "6x", "3x", "1x", "open"}


def test_a_slow_down_is_forecast_with_the_tiers_of_the_first_token():
    found = forecast(SLOW, FakeServer().stage(), 10.0, tick=TICK, rhythm=rhythm())
    assert {each.name.split()[0] for each in found} == {"first-token"}
    assert min(each.predicted for each in found) > 6.0


def test_a_fault_that_the_forecast_does_not_know_predicts_nothing():
    odd = Phase("odd", "Something else.", 1.0, "glm", {"malformed": True})
    assert forecast(odd, FakeServer().stage(), 10.0, tick=TICK, rhythm=None) == []


def test_a_prediction_in_json_has_tenths_of_seconds_and_says_what_is_still_open():
    prediction = Prediction("x", "outage", 1.26, ("a", "b"), full=518.4)
    told = {"name": "x", "fault": "outage", "predicted_seconds": 1.3, "full_windows_seconds": 518.4}
    assert prediction.to_json() == {**told, "measured_seconds": None}
    prediction.measured = 1.04
    assert prediction.to_json() == {**told, "measured_seconds": 1.0}
