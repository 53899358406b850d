"""The replay against a brute-force reading of the rules, and against the closed form."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.backtest.history import History, from_events, from_increases, window_sums
from exai_sre.backtest.replay import merged, replay, wanted_tiers
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, detection_time, make_slo, reset_time
from exai_sre.slo.indicators import RawIndicator
from exai_sre.slo.model import Alerting, Notice
from exai_sre.slo.tiers import BurnTier

INDICATOR = EventsIndicator("requests_total", good=(Matcher("code", ("200",)),))


def slo_of(objective="0.999", tiers=None, **more):
    return make_slo("a", "s", Decimal(objective), INDICATOR, tiers=tiers, **more)


def minutes_of(told, tier):
    """Positions at which a tier fires."""
    return [
        at
        for firing in told.firings
        if firing.tier == tier
        for at in range((firing.start - told.history.start) // 60, (firing.end - told.history.start) // 60)
    ]


def brute_force(bad, total, tier, budget, recorded):
    """The same condition, each window added up anew at each minute."""

    def last(values, at, length):
        return sum(values[max(at - length + 1, 0) : at + 1])

    def ratio(at, window):
        if recorded and window > 120:
            parts = [sum(last(values, k, 5) for k in range(max(at - window + 1, 0), at + 1)) for values in (bad, total)]
        else:
            parts = [last(values, at, window) for values in (bad, total)]
        return parts[0] / parts[1] if parts[1] else 0.0

    def enough(at):
        burst = any(last(bad, k, 5) > tier.min_failures - 0.5 for k in range(max(at - 4, 0), at + 1))
        summed = sum(last(bad, k, 5) for k in range(max(at - tier.long // 60 + 1, 0), at + 1)) / 5
        return burst or summed > tier.min_failures - 0.5

    limit = float(tier.factor * budget)
    return [
        at
        for at in range(len(total))
        if ratio(at, tier.short // 60) > limit and ratio(at, tier.long // 60) > limit and enough(at)
    ]


counts = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=260)
tiers = st.builds(
    lambda factor, long, short, least: BurnTier("t", Decimal(factor), long * 60, short * 60, "page", least),
    st.sampled_from(("2", "14.4", "30")), st.sampled_from((20, 60, 130, 200)), st.sampled_from((5, 10)),
    st.sampled_from((0, 1, 3)),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(counts, tiers, st.booleans())
def test_every_minute_is_that_of_the_brute_force_reading(events, tier, recorded):
    bad = [float(failed) for failed, _ in events]
    total = [float(failed + good) for failed, good in events]
    slo = slo_of("0.99", (tier,))
    told = replay(slo, from_events(slo.id, 60, bad, total), "recorded" if recorded else "raw")
    assert minutes_of(told, tier) == brute_force(bad, total, tier, slo.budget, recorded)


@pytest.mark.parametrize("error_rate", [1.0, 0.13, 0.011])
@pytest.mark.parametrize("objective", ["0.999", "0.99", "0.95"])
def test_raw_windows_fire_and_reset_by_the_closed_form(objective, error_rate):
    slo = slo_of(objective)
    clean, fault = 4400, 1700
    bad = [0.0] * clean + [1000 * error_rate] * fault + [0.0] * 500
    told = replay(slo, from_events(slo.id, 60, bad, [1000.0] * len(bad)), "raw")
    for tier in slo.tiers:
        detect = detection_time(tier, slo.budget, error_rate)
        firings = [firing for firing in told.firings if firing.tier == tier]
        if detect is None or detect >= fault * 60:
            assert not firings
            continue
        (firing,) = firings
        assert firing.start - clean * 60 == pytest.approx(detect, abs=60)
        reset = reset_time(tier, slo.budget, error_rate, fault * 60)
        assert firing.end - (clean + fault) * 60 == pytest.approx(reset, abs=60)


def test_recorded_windows_fire_at_most_three_minutes_later():
    slo = slo_of()
    bad = [0.0] * 4400 + [100.0] * 60 + [0.0] * 60
    history = from_events(slo.id, 60, bad, [1000.0] * len(bad))
    begins = [{one.tier.name: one.start for one in replay(slo, history, way).firings} for way in ("raw", "recorded")]
    late = {name: begins[1][name] - begins[0][name] for name in begins[0]}
    assert late["14.4x"] == 0
    assert all(0 <= seconds <= 180 for seconds in late.values())


def test_a_firing_costs_what_theory_says():
    slo = slo_of()
    bad = [0.0] * 20000 + [100.0] * 60 + [0.0] * 23140
    told = replay(slo, from_events(slo.id, 60, bad, [1000.0] * len(bad)))
    fastest, slower = told.firings[:2]
    assert (fastest.tier.name, fastest.tier.severity) == ("14.4x", "page")
    assert fastest.spent_at_start == pytest.approx(0.02, rel=0.05)
    assert slower.spent_at_start == pytest.approx(0.05, rel=0.15)
    assert fastest.spent == pytest.approx(6000 / 43200, rel=1e-9)
    assert told.spent == pytest.approx(6000 / 43200)
    assert told.allowance == pytest.approx(43200)


def test_one_failure_among_few_calls_fires_nothing_but_with_the_gate_away():
    slo = slo_of()
    bad = [0.0] * 500 + [1.0] + [0.0] * 500
    history = from_events(slo.id, 60, bad, [1.0] * len(bad))
    assert replay(slo, history).firings == ()
    bare = replace(slo, tiers=tuple(replace(tier, min_failures=0) for tier in slo.tiers))
    assert {firing.tier.name for firing in replay(bare, history).firings} == {"14.4x", "1x"}


def test_shares_of_a_ready_made_ratio_know_no_minimum():
    slo = make_slo("a", "s", Decimal("0.999"), RawIndicator("x"))
    bad = [0.0] * 100 + [0.4] * 60
    told = replay(slo, from_events(slo.id, 60, bad, [1.0] * len(bad)))
    assert told.of("page")


def test_severities_that_are_not_wanted_do_not_fire():
    slo = slo_of(alerting=Alerting(page=Notice(enabled=False)))
    assert {tier.severity for tier in wanted_tiers(slo)} == {"ticket"}
    bad = [0.0] * 100 + [50.0] * 60
    assert {one.tier.severity for one in replay(slo, from_events(slo.id, 60, bad, [100.0] * 160)).firings} == {"ticket"}


def test_an_empty_history_spends_nothing_and_fires_nothing():
    told = replay(slo_of(), from_events("s-a", 60, [], []))
    assert (told.firings, told.spent, told.allowance) == ((), 0.0, 0.0)
    assert told.history.bad_share() is None
    assert told.history.bad_in(-1, 5) == 0.0


def test_a_firing_at_the_end_lasts_until_the_end():
    slo = slo_of()
    history = from_events(slo.id, 60, [0.0] * 100 + [100.0] * 20, [100.0] * 120)
    assert all(firing.end == history.end for firing in replay(slo, history).firings)


def test_stretches_closer_than_the_gap_are_one():
    slo = slo_of()
    bad = [0.0] * 200 + [100.0] * 10 + [0.0] * 30 + [100.0] * 10 + [0.0] * 200
    told = replay(slo, from_events(slo.id, 60, bad, [100.0] * len(bad)))
    fast = [firing for firing in told.firings if firing.tier.name == "14.4x"]
    assert len(fast) == 2
    assert len(merged(fast)) == 2
    assert len(merged(fast, 3600)) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_increases_over_five_minutes_survive_the_way_through_a_history(increases):
    history = from_increases("s", 60, increases, increases)
    back = window_sums(history.total, 5)
    assert list(back[5:]) == pytest.approx(increases[5:], rel=1e-6, abs=1e-5)


def test_an_idle_stretch_leaves_no_residue_of_fractions():
    history = from_events("s", 60, [0.1] * 50 + [0.0] * 50, [0.3] * 50 + [0.0] * 50)
    assert window_sums(history.total, 10)[-1] == 0.0
    assert window_sums(history.bad, 10)[-1] == 0.0


def test_what_is_no_number_counts_as_nothing():
    history = from_events("s", 60, [float("nan"), 1.0], [float("inf"), 2.0])
    assert (list(history.bad), list(history.total)) == ([0.0, 1.0], [0.0, 2.0])
    assert isinstance(history, History)
