"""How an SLO stands: whatever is odd in the data ends as unknown."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.backtest.prometheus_answers import Sample
from exai_sre.backtest.promises import Promise
from exai_sre.backtest.recorded import Recorded
from exai_sre.backtest.standing import standing_of, suspects, tidy
from exai_sre.backtest.standing_text import rough_duration, standing_lines
from exai_sre.slo.tiers import TIERS

PROMISE = Promise("shop-a", Decimal("0.999"), 30 * 86_400, TIERS)


def recorded(**changes):
    base = Recorded(ratios={"1h": 0.0001, "30d": 0.0005}, age=30.0, freshest=30.0, coverage=0.5, interval=60)
    return replace(base, **changes)


def test_figures_follow_from_the_ratios():
    found = standing_of(PROMISE, (), recorded())
    assert (found.verdict, found.name) == ("ok", "shop-a")
    assert found.budget_remaining == pytest.approx(0.5)
    assert found.exhaustion == pytest.approx(0.5 * 30 * 86_400 / 0.1)
    assert found.to_json()["burn_rates"] == {"1h": 0.1, "30d": 0.5}


def test_without_a_ratio_of_the_window_the_recorded_budget_tells():
    found = standing_of(PROMISE, (), recorded(ratios={}, remaining=0.25))
    assert found.budget_remaining == pytest.approx(0.25)
    assert found.sli == pytest.approx(1 - 0.75 * 0.001)
    assert found.exhaustion is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"age": None, "freshest": None, "coverage": None}, "no data"),
        ({"age": None, "freshest": None}, "stale: no value in the last 1h"),
        ({"age": 601.0, "freshest": 601.0}, "stale: the newest value is 10m1s old"),
        ({"ratios": {}}, "no events were counted in 30d"),
        ({"ratios": {"30d": math.nan}}, "is NaN"),
        ({"ratios": {"30d": math.inf}}, "is inf, which is no ratio"),
        ({"ratios": {"30d": -0.5}}, "is -0.5, which is no ratio"),
        ({"ratios": {"30d": 1.5}}, "is 1.5, which is no ratio"),
        ({"ratios": {}, "remaining": math.nan}, "is NaN"),
    ],
)
def test_odd_data_are_unknown(changes, said):
    found = standing_of(PROMISE, (), recorded(**changes))
    assert found.verdict == "unknown"
    assert said in found.unknown
    assert (found.sli, found.budget_remaining, found.exhaustion) == (None, None, None)
    assert f"unknown: {found.unknown}" in "\n".join(standing_lines(found))


@given(
    ratio=st.floats() | st.none(),
    remaining=st.floats() | st.none(),
    age=st.floats(0, 1e6) | st.none(),
    corrected=st.floats(0, 1) | st.just(math.nan) | st.none(),
)
def test_only_a_fresh_and_sensible_ratio_with_budget_left_is_ok(ratio, remaining, age, corrected):
    ratios = {} if ratio is None else {"30d": ratio}
    some = recorded(ratios=ratios, remaining=remaining, age=age, freshest=age)
    found = standing_of(PROMISE, (), some, corrected=corrected)
    if found.verdict == "ok":
        assert age is not None
        assert age <= 600
        assert (ratio is not None and -1e-6 <= ratio <= 1) or (ratio is None and remaining is not None)
        assert (found.corrected_remaining if found.corrected_remaining is not None else found.budget_remaining) > 0
    tidy(found.to_json()["budget_remaining"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unseen": ["errs_total"]}, "Prometheus has never seen errs_total: misspelt, or not exported"),
        ({"incomplete": ["a store is down"]}, "the answer of Prometheus is incomplete: a store is down"),
    ],
)
def test_what_is_known_beside_the_data_can_make_it_unknown(changes, said):
    assert standing_of(PROMISE, (), recorded(), **changes).unknown == said


def test_what_burns_now_comes_before_what_is_spent():
    spent = recorded(ratios={"30d": 0.002})
    assert standing_of(PROMISE, (), spent).verdict == "exhausted"
    assert standing_of(PROMISE, (), spent, burning=TIERS[:1]).verdict == "page"
    assert standing_of(PROMISE, (), recorded(), burning=TIERS[3:]).verdict == "ticket"
    alerting = recorded(alerts={"14.4x": "page"})
    assert standing_of(PROMISE, (), alerting, burning=TIERS[:1]).notes == ()


def test_a_correction_decides_and_one_that_cannot_be_applied_is_noted():
    spent = recorded(ratios={"30d": 0.002})
    found = standing_of(PROMISE, (), spent, corrected=0.0001)
    assert (found.verdict, found.budget_remaining, found.corrected_remaining) == (
        "ok", pytest.approx(-1.0), pytest.approx(0.9),
    )  # fmt: skip
    assert "with the corrections 90 % of the budget are left" in "\n".join(standing_lines(found))
    failed = standing_of(PROMISE, (), spent, corrected=math.nan)
    assert (failed.verdict, failed.corrected_remaining) == ("exhausted", None)
    assert failed.notes == ("its corrections could not be applied: they need recorded increases",)


def test_burn_rates_stand_in_the_order_of_their_windows():
    found = standing_of(PROMISE, (), recorded(ratios={"4w": 0.1, "1d": math.nan, "30d": 0.0, "5m": 0.001}))
    assert found.burn_rates == {"5m": pytest.approx(1.0), "1d": None, "4w": pytest.approx(100.0), "30d": 0.0}
    assert list(found.burn_rates) == ["5m", "1d", "4w", "30d"]
    odd = standing_of(PROMISE, (), recorded(ratios={"5m": 0.1, "odd": 0.1, "30d": 0.0}))
    assert list(odd.burn_rates) == ["odd", "5m", "30d"]


def test_a_tier_is_suspect_only_when_both_windows_are_above_its_threshold():
    fast, slow = TIERS[0], TIERS[3]
    assert suspects(PROMISE, recorded(ratios={"1h": 0.0145, "5m": 0.0143})) == []
    assert suspects(PROMISE, recorded(ratios={"1h": 0.0145, "5m": 0.0145})) == [fast]
    assert suspects(PROMISE, recorded(ratios={"3d": 0.0011, "6h": 0.0011})) == [slow]


def test_the_worst_of_several_series_counts_and_nan_is_worse_than_all():
    seen = Recorded()
    name = {"__name__": "slo:sli_error:ratio_rate1h"}
    for value, worst in ((0.1, 0.1), (0.05, 0.1), (0.3, 0.3)):
        seen.take(Sample(name, value, 0.0))
        assert seen.ratios["1h"] == worst
    seen.take(Sample(name, math.nan, 0.0))
    seen.take(Sample(name, 1.0, 0.0))
    assert math.isnan(seen.ratios["1h"])
    for coverage in (0.5, 0.4, 0.6):
        seen.take(Sample({"__name__": "slo:coverage:ratio"}, coverage, 0.0))
    assert seen.coverage == 0.4


def test_text_has_all_there_is_to_say():
    found = standing_of(
        PROMISE, (("tool", "a"),), recorded(objective=0.99, alerts={"1x": "ticket", "Odd": ""}, age=None)
    )
    name, *details = standing_lines(found)
    assert name == 'shop-a{tool="a"}'
    assert [line.strip() for line in details] == [
        "99.95 % good of 99.9 % over 30d, 50 % of the budget left, spent in 150d at the rate of the last hour",
        "burn rates 1h 0.1, 30d 0.5",
        "firing 1x (ticket), Odd (alert)",
        "coverage 50 % of the window, newest value none in the last hour",
        "note: the rules in Prometheus are those of the objective 0.99, not of 0.999; load the generated ones",
    ]
    assert "coverage unknown" in standing_lines(standing_of(PROMISE, (), recorded(coverage=None)))[-1]


@pytest.mark.parametrize(("seconds", "text"), [(40, "40s"), (180, "3m"), (7200, "2h"), (86_400 * 12.4, "12d")])
def test_a_rough_duration_has_one_unit(seconds, text):
    assert rough_duration(seconds) == text
