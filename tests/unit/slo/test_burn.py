"""Closed forms of detection, reset and cost."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from exai_sre.slo import TIERS, budget_spent, detection_time, reset_time
from exai_sre.slo.windows import DAY, HOUR, MINUTE

FAST = TIERS[0]
BUDGET = Decimal("0.001")


@pytest.mark.needs_vectors
def test_every_cell_of_the_theory_table_is_met(vectors: Callable[[], Path]) -> None:
    tiers = {tier.name: tier for tier in TIERS}
    with (vectors() / "slo" / "theory" / "burnrate.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 32
    for row in rows:
        tier, budget, rate = tiers[row["alert"]], 1 - Decimal(row["slo"]), float(row["error_rate"])
        assert tier.factor == Decimal(row["factor"])
        assert (tier.long, tier.short) == (60 * int(row["long_min"]), 60 * int(row["short_min"]))
        assert float(tier.threshold(budget)) == pytest.approx(float(row["threshold"]))
        detected, reset = detection_time(tier, budget, rate), reset_time(tier, budget, rate)
        if not row["detect_min_theory"]:
            assert detected is None
            assert reset is None
            continue
        assert detected == pytest.approx(60 * float(row["detect_min_theory"]))
        assert reset == pytest.approx(60 * float(row["reset_min_theory"]))
        spent = budget_spent(budget, rate, detected, 30 * DAY)
        assert spent == pytest.approx(float(row["budget_consumed_at_fire"]))


def test_an_outage_is_detected_within_a_minute() -> None:
    assert detection_time(FAST, BUDGET, 1.0) == pytest.approx(51.84)


@pytest.mark.parametrize("rate", [0.0, 0.0144])
def test_an_error_rate_that_does_not_exceed_the_threshold_never_fires(rate: float) -> None:
    assert detection_time(FAST, BUDGET, rate) is None
    assert reset_time(FAST, BUDGET, rate) is None


def test_a_fresh_start_detects_sooner_than_full_windows() -> None:
    assert detection_time(FAST, BUDGET, 1.0, history=0) == 0
    assert detection_time(FAST, BUDGET, 1.0, history=60) == pytest.approx(60 * 0.0144 / 0.9856)
    assert detection_time(FAST, BUDGET, 1.0, history=HOUR) == pytest.approx(51.84)


def test_a_fault_shorter_than_its_detection_never_fires() -> None:
    assert reset_time(FAST, BUDGET, 1.0, duration=51) is None


def test_a_fault_that_outlasts_its_detection_resets_by_the_short_window() -> None:
    assert reset_time(FAST, BUDGET, 1.0, duration=60) == pytest.approx(5 * MINUTE * (1 - 0.0144))


def test_after_a_fresh_start_clean_traffic_thins_out_a_brief_fault() -> None:
    # 2 s of errors after 8 s of clean traffic: the ratio is 0.0144 once 138.9 s have been seen.
    assert reset_time(FAST, BUDGET, 1.0, duration=2, history=8) == pytest.approx(2 / 0.0144 - 10)


def test_a_hold_delays_the_alert_and_not_its_reset() -> None:
    held = replace(FAST, hold=120)
    assert detection_time(held, BUDGET, 1.0) == pytest.approx(51.84 + 120)
    assert detection_time(held, BUDGET, 1.0, history=0) == 120
    assert reset_time(held, BUDGET, 1.0) == reset_time(FAST, BUDGET, 1.0) == pytest.approx(5 * MINUTE * (1 - 0.0144))
    assert reset_time(held, BUDGET, 1.0, duration=60) == reset_time(FAST, BUDGET, 1.0, duration=60)


def test_a_hold_that_outlasts_the_windows_never_fires() -> None:
    # A minute of errors keeps the short window over its threshold for 296 s more.
    assert reset_time(replace(FAST, hold=303), BUDGET, 1.0, duration=60) == pytest.approx(295.68)
    assert reset_time(replace(FAST, hold=304), BUDGET, 1.0, duration=60) is None
