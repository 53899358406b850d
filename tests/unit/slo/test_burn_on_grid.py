"""The closed form on the grid of evaluations: theory table, ramp of recorded windows, minimum of failures."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from exai_sre.slo.burn_on_grid import Evaluation, Fault, detection_step, ratio_at, reset_step
from exai_sre.slo.tiers import TIERS

BUDGET = Decimal("0.001")
RAW, RECORDED = Evaluation(recorded=False), Evaluation()
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.needs_vectors
def test_every_cell_of_the_theory_table_is_met_to_the_minute(vectors: Callable[[], Path]) -> None:
    tiers = {tier.name: tier for tier in TIERS}
    with (vectors() / "slo" / "theory" / "burnrate.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        tier, budget = tiers[row["alert"]], 1 - Decimal(row["slo"])
        fault = Fault(Decimal(row["error_rate"]), 3 * tier.long)
        for column, found in (
            ("detect_min_1m_grid", detection_step(tier, budget, fault, RAW)),
            ("reset_min_1m_grid", reset_step(tier, budget, fault, RAW)),
        ):
            assert found == (MINUTE * int(row[column]) if row[column] else None), (row, column)


@pytest.mark.parametrize("rate", [Decimal(1), Decimal("0.1"), Decimal("0.01")])
def test_recorded_windows_detect_two_minutes_later_and_only_the_slowest_resets_later(rate: Decimal) -> None:
    fault = Fault(rate, 4 * DAY)
    for tier in TIERS:
        raw, recorded = detection_step(tier, BUDGET, fault, RAW), detection_step(tier, BUDGET, fault, RECORDED)
        if raw is None or recorded is None:
            assert raw is recorded is None
            continue
        assert recorded - raw == (0 if tier.long == HOUR else 2 * MINUTE)
        late = (reset_step(tier, BUDGET, fault, RECORDED) or 0) - (reset_step(tier, BUDGET, fault, RAW) or 0)
        assert late in ((0,) if tier.short <= 2 * HOUR else (3 * MINUTE, 4 * MINUTE))


def test_a_lasting_fault_has_no_reset_and_one_too_mild_no_detection() -> None:
    assert reset_step(TIERS[0], BUDGET, Fault(1.0), RAW) is None
    assert detection_step(TIERS[0], BUDGET, Fault(0.0144, HOUR), RAW) is None
    assert reset_step(TIERS[0], BUDGET, Fault(0.0144, HOUR), RAW) is None


def test_a_recorded_window_may_fire_after_the_end_of_a_brief_fault() -> None:
    slow = replace(TIERS[1], min_failures=0)
    assert detection_step(slow, BUDGET, Fault(1.0, 3 * MINUTE), RAW) == 3 * MINUTE
    assert detection_step(slow, BUDGET, Fault(1.0, 3 * MINUTE), RECORDED) == 5 * MINUTE


@pytest.mark.parametrize(("per_hour", "minutes"), [(60, 3), (30, 8), (6, 27)])
def test_a_total_outage_is_told_once_three_requests_failed(per_hour: int, minutes: int) -> None:
    traffic = Fraction(per_hour, 3600)
    fault = Fault(1.0, traffic=Decimal(traffic.numerator) / traffic.denominator)
    assert detection_step(TIERS[0], BUDGET, fault, RECORDED) == minutes * MINUTE
    assert detection_step(replace(TIERS[0], min_failures=0), BUDGET, fault, RECORDED) == MINUTE


def test_the_ratio_of_a_window_is_exact_at_each_evaluation() -> None:
    fault = Fault(Decimal("0.1"), history=HOUR)
    assert ratio_at(300, 180, fault, RAW) == Fraction(6, 100)
    assert ratio_at(6 * HOUR, 180, fault, RAW) == Fraction(1, 10) * Fraction(3, 63)
    # Three minutes are counted 1 + 2 + 3 times by then; the hour before, 290 times, and the three minutes, 15 times.
    assert ratio_at(6 * HOUR, 180, fault, RECORDED) == Fraction(1, 10) * Fraction(6, 305)


def test_a_hold_adds_its_evaluations_to_the_firing_minute_and_none_to_the_reset() -> None:
    fault = Fault(1.0, HOUR)
    for tier in TIERS[:2]:
        held = replace(tier, hold=90)
        at_once = detection_step(tier, BUDGET, fault, RECORDED)
        assert at_once is not None
        assert detection_step(held, BUDGET, fault, RECORDED) == at_once + 2 * MINUTE
        assert reset_step(held, BUDGET, fault, RECORDED) == reset_step(tier, BUDGET, fault, RECORDED)
    assert detection_step(replace(TIERS[0], hold=90), BUDGET, Fault(1.0), RECORDED) == 3 * MINUTE


def test_a_hold_longer_than_the_condition_lasts_never_fires() -> None:
    fault = Fault(1.0, MINUTE)
    # The condition holds from the first evaluation of the fault to the fifth after its end.
    assert reset_step(TIERS[0], BUDGET, fault, RAW) == 5 * MINUTE
    assert detection_step(replace(TIERS[0], hold=4 * MINUTE), BUDGET, fault, RAW) == 5 * MINUTE
    never = replace(TIERS[0], hold=5 * MINUTE)
    assert detection_step(never, BUDGET, fault, RAW) is reset_step(never, BUDGET, fault, RAW) is None
