"""OpenSLO v1alpha, read as Sloth reads it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from exai_sre.slo import load_slos, read_slos
from exai_sre.slo.indicators import GaugeIndicator, QueryIndicator, SliceIndicator
from exai_sre.slo.model import Calendar

Write = Callable[..., Path]
DAY = 86400

RATIO = """\
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: orders, displayName: Orders}
spec:
  service: shop
  description: Orders.
  budgetingMethod: Occurrences
  objectives:
    - displayName: First
      ratioMetrics:
        incremental: true
        good: {source: prometheus, queryType: promql, query: "good[{{.window}}]"}
        total: {source: Prometheus, queryType: promql, query: "all[{{.window}}]"}
      target: 0.999
  timeWindows: [{unit: Day, count: 30}]
"""
ONE_INDICATOR = """\
  indicator: {thresholdMetric: {source: prometheus, queryType: promql, query: lag}}
  objectives: [{target: 0.9, op: lt, value: 5}, {target: 0.99, op: lte, value: 9}]
  timeWindows: [{unit: Week, count: 4, isRolling: true}]
"""
THRESHOLD = RATIO[: RATIO.index("  objectives")] + ONE_INDICATOR
QUERIES = QueryIndicator("good[{{.window}}]", None, "all[{{.window}}]")


def test_a_ratio_is_named_as_sloth_names_it(write: Write) -> None:
    (slo,) = load_slos(write(RATIO))
    assert (slo.id, slo.display_name, slo.description) == ("shop-orders-0", "Orders", "Orders.")
    assert (slo.objective, slo.window, slo.indicator) == (Decimal("0.999"), 30 * DAY, QUERIES)
    assert slo.source.line == 1


def test_a_threshold_is_compared_by_each_objective(write: Write) -> None:
    first, second = load_slos(write(THRESHOLD))
    assert first.indicator == GaugeIndicator("lag", "lt", Decimal(5))
    assert (second.name, second.indicator) == ("orders-1", GaugeIndicator("lag", "lte", Decimal(9)))
    assert first.window == 28 * DAY


def test_slices_are_minutes_and_windows_may_follow_the_calendar(write: Write) -> None:
    text = RATIO.replace("Occurrences", "Timeslices").replace("0.999", "0.9\n      timeSliceTarget: 0.95")
    window = "{unit: Quarter, count: 1, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}"
    (slo,) = load_slos(write(text.replace("{unit: Day, count: 30}", window)))
    assert slo.indicator == SliceIndicator(QUERIES, 60, Decimal("0.95"))
    assert slo.calendar == Calendar("2026-01-01T00:00:00", "UTC", "Q")


def test_a_service_is_no_slo(write: Write) -> None:
    text = "apiVersion: openslo/v1alpha\nkind: Service\nmetadata: {name: shop}\nspec: {description: A shop.}\n"
    assert read_slos([write(text)]).slos == []
    assert "unknown key" in str(read_slos([write(text.replace("description", "descripton"))]).faults[0])
    assert "no valid name" in str(read_slos([write(text.replace("name: shop", "name: Shop"))]).faults[0])


CALENDAR = "calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RATIO.replace("kind: SLO", "kind: SLI"), "unknown kind 'SLI'"),
        (RATIO.replace("service: shop", "service: a shop"), "is no valid name"),
        (RATIO.replace("service: shop", "serv: shop"), "did you mean 'service'?"),
        (RATIO.replace("source: prometheus", "source: datadog"), "not compilable: 'datadog'"),
        (RATIO.replace("queryType: promql", "queryType: sql"), "not compilable: 'sql'"),
        (RATIO.replace('"good[{{.window}}]"', '"good)"'), "is no PromQL expression"),
        (RATIO.replace("target: 0.999", "target: 1"), "must lie between 0 and 1"),
        (RATIO.replace("target: 0.999", "target: 0"), "an objective lies between 0 and 1"),
        (RATIO.replace("target: 0.999", "target: 0.9\n      op: lt"), "op has no meaning"),
        (RATIO.replace("Occurrences", "Timeslices"), "timeSliceTarget must lie above 0"),
        (RATIO.replace("Occurrences", "RatioTimeslices"), "unknown budgeting method"),
        (RATIO.replace("count: 30", "count: 0"), "must be a whole number above 0"),
        (RATIO.replace("count: 30", "count: 1.5"), "must be a whole number above 0"),
        (RATIO.replace("unit: Day", "unit: Year"), "unknown unit 'Year'"),
        (RATIO.replace("[{unit: Day, count: 30}]", "[]"), "exactly one time window"),
        (RATIO.replace("count: 30", "count: 30, isRolling: false"), "'calendar' is missing"),
        (RATIO.replace("count: 30", f"count: 30, isRolling: true, {CALENDAR}"), "a rolling window has no calendar"),
        (RATIO.replace("Day, count: 30", f"Second, count: 30, {CALENDAR}"), "one of days or longer units"),
        (THRESHOLD.replace("op: lt, ", ""), "'op' and 'value' are missing"),
        (THRESHOLD.replace("  indicator", "  # indicator"), "'ratioMetrics' is missing"),
        (THRESHOLD[: THRESHOLD.index("  objectives")] + RATIO[RATIO.index("  objectives") :], "both an indicator and"),
        (RATIO[: RATIO.index("  objectives")] + "  objectives: []\n  timeWindows: [{unit: Day, count: 1}]", "no obj"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(write: Write, text: str, words: str) -> None:
    reading = read_slos([write(text)])
    assert reading.slos == []
    assert any(words in str(fault) for fault in reading.faults), [str(fault) for fault in reading.faults]
    assert all(fault.line and fault.remedy for fault in reading.faults)
