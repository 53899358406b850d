"""Tiers for windows of any length, and tiers as text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.slo import QueryIndicator, detection_time, make_slo
from exai_sre.slo.tiers import (
    TIERS,
    BurnTier,
    format_tier,
    name_given_twice,
    parse_tier,
    parse_tiers,
    tiers_for,
    with_min_failures,
)

DAY, HOUR, MINUTE = 86_400, 3600, 60


def texts(window: int) -> list[str]:
    return [format_tier(tier) for tier in tiers_for(window, fastest=0, rest=0)]


def test_thirty_and_twenty_eight_days_are_sloths_catalogues() -> None:
    assert texts(30 * DAY) == ["14.4x 1h/5m page", "6x 6h/30m page", "3x 1d/2h ticket", "1x 3d/6h ticket"]
    assert texts(28 * DAY)[:3] == ["13.44x 1h/5m page", "5.6x 6h/30m page", "2.8x 1d/2h ticket"]
    assert float(tiers_for(28 * DAY)[3].factor) == pytest.approx(14 / 15)


def test_longer_windows_keep_the_long_windows_and_raise_the_factors() -> None:
    assert texts(90 * DAY) == ["43.2x 1h/5m page", "18x 6h/30m page", "9x 1d/2h ticket", "3x 3d/6h ticket"]


def test_shorter_windows_shrink_the_long_windows_and_keep_the_factors() -> None:
    assert texts(7 * DAY) == ["14.4x 14m/2m page", "6x 1h24m/7m page", "3x 5h36m/28m ticket", "1x 16h48m/1h24m ticket"]


@given(st.one_of(st.integers(1, 2 * DAY), st.integers(1, 400 * DAY)))
def test_every_window_has_four_tiers_of_whole_minutes_of_which_the_short_one_is_shorter(window: int) -> None:
    tiers = tiers_for(window)
    assert [tier.severity for tier in tiers] == ["page", "page", "ticket", "ticket"]
    for tier in tiers:
        assert tier.long % MINUTE == tier.short % MINUTE == 0
        assert 2 * MINUTE <= tier.short < tier.long
        assert tier.factor >= 1 or window == 28 * DAY
    assert [tier.factor for tier in tiers] == sorted({tier.factor for tier in tiers}, reverse=True)
    assert name_given_twice(tiers) == ""


@given(
    st.one_of(st.integers(1, 2 * DAY), st.integers(1, 400 * DAY)),
    st.decimals("0.0001", "0.9999", places=4),
)
def test_tiers_of_any_window_can_be_reached_or_are_set_apart(window: int, objective: Decimal) -> None:
    slo = make_slo("a", "b", objective, QueryIndicator(None, "x", "y"), window=window)
    assert {*slo.tiers, *slo.unreachable} == set(tiers_for(window))
    for tier in slo.tiers:
        assert 0 < tier.threshold(slo.budget) < 1
        assert detection_time(tier, slo.budget, 1.0) is not None
    assert all(detection_time(tier, slo.budget, 1.0) is None for tier in slo.unreachable)
    assert slo.tiers or window > 30 * DAY


@given(st.integers(2, 400))
def test_whole_days_spend_exactly_the_shares_of_the_budget(days: int) -> None:
    spent = [tier.factor * tier.long / (days * DAY) for tier in tiers_for(days * DAY)]
    assert [round(share, 9) for share in spent] == [Decimal(share) for share in ("0.02", "0.05", "0.1", "0.1")]
    if days != 28:
        assert all(tier.factor >= 1 for tier in tiers_for(days * DAY))


def test_windows_of_hours_keep_a_long_window_above_the_short_one() -> None:
    assert texts(DAY) == ["14.4x 3m/2m page", "6x 12m/2m page", "3x 48m/4m ticket", "1x 2h24m/12m ticket"]
    assert texts(HOUR) == ["14.4x 3m/2m page", "6x 3m/2m page", "3x 3m/2m ticket", "1x 6m/2m ticket"]


def test_no_window_is_no_window() -> None:
    with pytest.raises(ValueError, match="above zero"):
        tiers_for(0)


def test_the_fastest_tier_waits_for_three_failures_and_the_others_for_ten() -> None:
    assert [tier.min_failures for tier in TIERS] == [3, 10, 10, 10]
    assert [tier.min_failures for tier in tiers_for(30 * DAY, fastest=1, rest=0)] == [1, 0, 0, 0]
    assert with_min_failures(()) == ()


@given(
    st.decimals("0.01", "999", places=2),
    st.integers(3, 100_000),
    st.integers(1, 2),
    st.sampled_from(["page", "page for 90s", "ticket", "ticket for 1h"]),
    st.integers(0, 50),
)
def test_a_tier_survives_as_text(factor: Decimal, long: int, part: int, told: str, failures: int) -> None:
    tier = parse_tier(f"{factor}x {long * MINUTE}s/{part * MINUTE}s {told} min {failures}")
    assert parse_tier(format_tier(tier)) == tier
    assert (tier.factor, tier.long, tier.short, tier.min_failures) == (factor, long * MINUTE, part * MINUTE, failures)
    assert (tier.severity, tier.hold) == (told.split()[0], {"90s": 90, "1h": HOUR}.get(told.split()[-1], 0))


def test_tiers_are_separated_by_commas() -> None:
    assert parse_tiers("14.4x 1h/5m page min 3, 1x 3d/6h ticket") == (
        BurnTier("14.4x", Decimal("14.4"), HOUR, 5 * MINUTE, "page", 3),
        BurnTier("1x", Decimal(1), 3 * DAY, 6 * HOUR, "ticket"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no burn tier"),
        ("14.4 1h/5m page", "no burn tier"),
        ("14.4x 1h/5m scream", "no burn tier"),
        ("14.4x 1h/5m page for ever", "no duration"),
        ("0x 1h/5m page", "not above zero"),
        ("2x 5m/1h page", "not shorter"),
        ("2x 1y/1h page", "no duration"),
        ("2x 1h/5m page, 2x 1d/2h ticket", "two burn tiers are named 2x"),
    ],
)
def test_what_is_no_tier_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_tiers(text)
