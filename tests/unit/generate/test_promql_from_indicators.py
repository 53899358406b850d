"""The counting side of an SLO as PromQL."""

from __future__ import annotations

from decimal import Decimal

import promql_parser
import pytest

from exai_sre.errors import SpecError
from exai_sre.generate.promql import (
    decimal_text,
    error_query,
    good_query,
    le_text,
    selector,
    total_query,
)
from exai_sre.generate.query import counter_of, counts_per_second
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, QueryIndicator, Source
from exai_sre.slo.indicators import Component, CompositeIndicator, GaugeIndicator, RawIndicator, SliceIndicator

OK = Matcher("outcome", ("ok",))
COUNTED = Matcher("outcome", ("client_error", "cancelled"), negated=True)
CALL = Matcher("method", ("call",))


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.0720", "0.072"), ("30", "30"), ("100", "100"), ("1E-3", "0.001"), ("14.4", "14.4"), ("0.50", "0.5")],
)
def test_numbers_have_neither_exponent_nor_noise(value, text):
    assert decimal_text(Decimal(value)) == text


def test_a_bound_is_written_as_the_exposition_writes_it():
    assert [le_text(bound) for bound in (1, 0.2, 30.0)] == ["1.0", "0.2", "30.0"]


def test_a_selector_without_conditions_has_no_braces():
    assert selector("up") == "up"
    assert selector("x", (OK,), "_count") == 'x_count{outcome="ok"}'


def test_a_counter_is_counted_by_itself_and_a_histogram_by_its_count(slo_of):
    assert total_query(slo_of(EventsIndicator("jobs_total", good=(OK,))), "5m") == "sum(rate(jobs_total[5m]))"
    histogram = slo_of(EventsIndicator("calls_seconds", (CALL,), good=(OK,)))
    assert total_query(histogram, "1h", "increase") == 'sum(increase(calls_seconds_count{method="call"}[1h]))'


def test_a_good_value_makes_a_filter_on_the_same_label_superfluous(slo_of):
    slo = slo_of(EventsIndicator("jobs_total", (COUNTED, CALL), good=(OK,)))
    assert good_query(slo, "5m") == 'sum(rate(jobs_total{method="call",outcome="ok"}[5m]))'


def test_bad_events_are_the_opposite_of_a_single_good_condition(slo_of):
    slo = slo_of(EventsIndicator("jobs_total", (COUNTED,), good=(OK,)))
    assert 'sum(rate(jobs_total{outcome!~"client_error|cancelled|ok"}[5m]))' in error_query(slo, "5m")


def test_a_filter_that_still_says_something_stays(slo_of):
    maybe = Matcher("outcome", ("ok", "cancelled"))
    slo = slo_of(EventsIndicator("jobs_total", (COUNTED,), good=(maybe,)))
    assert (
        good_query(slo, "5m") == 'sum(rate(jobs_total{outcome!~"client_error|cancelled",outcome=~"ok|cancelled"}[5m]))'
    )
    slo = slo_of(EventsIndicator("jobs_total", (maybe,), good=(OK,)))
    assert 'sum(rate(jobs_total{outcome=~"ok|cancelled",outcome!="ok"}[5m]))' in error_query(slo, "5m")


def test_errors_without_a_series_are_zero_where_the_total_exists(slo_of):
    slo = slo_of(EventsIndicator("jobs_total", bad=(Matcher("outcome", ("error", "overload")),)))
    bad = 'sum(rate(jobs_total{outcome=~"error|overload"}[5m]))'
    assert error_query(slo, "5m") == f"(\n  {bad}\n  or\n  0 * sum(rate(jobs_total[5m]))\n)"
    assert good_query(slo, "5m").startswith("(\n  sum(rate(jobs_total[5m]))\n  -\n")


def test_two_good_conditions_leave_the_rest_as_bad(slo_of):
    slo = slo_of(EventsIndicator("jobs_total", good=(OK, CALL)))
    assert error_query(slo, "5m").startswith("clamp_min(\n  sum(rate(jobs_total[5m]))\n  - (sum(rate(jobs_total{")


def test_within_a_bound_is_read_from_its_bucket_however_the_bound_is_spelt(slo_of):
    slo = slo_of(EventsIndicator("calls_seconds", (CALL,), good=(), within=1))
    assert good_query(slo, "5m") == 'sum(rate(calls_seconds_bucket{method="call",le=~"1|1\\\\.0"}[5m]))'
    assert " or " not in error_query(slo, "5m")
    narrowed = slo_of(EventsIndicator("calls_seconds", (COUNTED,), good=(OK,), within=0.5))
    assert good_query(narrowed, "5m") == 'sum(rate(calls_seconds_bucket{outcome="ok",le="0.5"}[5m]))'
    assert " or 0 * " in error_query(narrowed, "5m")


def test_a_native_histogram_tells_counts_and_any_bound_by_itself(slo_of):
    slo = slo_of(EventsIndicator("calls_seconds", (CALL,), good=(), within=0.3, native=True))
    merged = 'sum(rate(calls_seconds{method="call"}[5m]))'
    assert total_query(slo, "5m") == f"histogram_count({merged})"
    assert f"(histogram_fraction(-Inf, 0.3, {merged}) >= 0) * histogram_count({merged})" in error_query(slo, "5m")
    outcome = slo_of(EventsIndicator("calls_seconds", good=(OK,), native=True))
    assert 'histogram_count(sum(rate(calls_seconds{outcome="ok"}[5m])))' in error_query(outcome, "5m")
    bad = slo_of(EventsIndicator("calls_seconds", bad=(Matcher("outcome", ("error",)),), native=True))
    assert 'histogram_count(sum(rate(calls_seconds{outcome="error"}[5m])))' in error_query(bad, "5m")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('requests_total{code="200"}', 'sum(rate(requests_total{code="200"}[1h]))'),
        ("sum(requests_total)", "sum(rate(requests_total[1h]))"),
        ("sum(rate(requests_total[{{.window}}]))", "sum(rate(requests_total[1h]))"),
        ("sum(increase(requests_total[{{ .Window }}]))", "sum(rate(requests_total[1h]))"),
        ("sum(irate(requests_total[{{ .Window }}]))", "(sum(irate(requests_total[1h])))"),
        ("count_over_time(x[{{.window}}])", "((count_over_time(x[1h])) / 3600)"),
    ],
)
def test_a_plain_query_gets_its_window(slo_of, query, text):
    assert total_query(slo_of(QueryIndicator(good=query, bad=None, total=query)), "1h") == text


def test_a_plain_query_counts_events_of_the_window_when_asked_to(slo_of):
    slo = slo_of(QueryIndicator(good="2 * sum(rate(ok_total[{{.window}}]))", bad=None, total="all_total"))
    assert total_query(slo, "5m", "increase") == "sum(increase(all_total[5m]))"
    assert "((2 * sum(rate(ok_total[5m]))) * 300)" in error_query(slo, "5m", "increase")


def test_rates_and_counts_are_told_apart_and_counters_are_recognised():
    assert counts_per_second("sum(rate(x[5m]))")
    assert not counts_per_second("sum(increase(errors_rate[5m]))")
    assert counter_of('sum(rate(x{a="}"}[{{.window}}]))') == 'x{a="}"}'
    assert counter_of("sum by (tool) (rate(x[{{.window}}]))") == ""
    assert counter_of("sum(rate(x[{{.window}}])) / 2") == ""


def test_a_plain_query_without_room_for_a_window_is_refused_with_its_place(slo_of):
    query = "sum(rate(requests_total[5m]))"
    slo = slo_of(QueryIndicator(good=query, bad=None, total=query), source=Source("a.yaml", 7))
    with pytest.raises(SpecError, match=r"a\.yaml:7: spec\.indicator: .*no room for a window; write"):
        total_query(slo, "5m")


def test_values_and_slices_can_be_asked_of_a_history_without_recordings(slo_of):
    probe = GaugeIndicator("probe_success", "gte", Decimal(1))
    assert total_query(slo_of(probe), "1h") == "sum_over_time(count((probe_success))[59m59s:1m])"
    assert "sum((probe_success) >= bool 1)" in error_query(slo_of(probe), "1h")
    sliced = slo_of(SliceIndicator(probe, 600, Decimal("0.9")))
    assert error_query(sliced, "1h").endswith("> bool 0.1)[59m59s:10m])")
    assert error_query(sliced, "5m").endswith(" * 300 / 600)")
    assert total_query(slo_of(RawIndicator("ratio")), "1h") == "(avg_over_time(ratio[1h]) >= 0) * 0 + 1"


def test_a_composite_has_no_events_of_its_own(slo_of):
    slo = slo_of(CompositeIndicator((Component("a", Decimal(1), RawIndicator("ratio")),)))
    with pytest.raises(SpecError, match="has no events of its own; ask for the events of its components"):
        total_query(slo, "5m")


@pytest.mark.parametrize(
    "indicator",
    [
        QueryIndicator(good=None, bad="sum(irate(bad_total[{{.window}}]))", total="all_total"),
        RawIndicator("sum(bad) / sum(total)"),
    ],
)
def test_a_query_that_drops_the_label_of_the_groups_is_refused(slo_of, indicator):
    with pytest.raises(SpecError, match="does not keep the label 'tool' by which the SLO is grouped; write"):
        total_query(slo_of(indicator, group_by=("tool",)), "5m")


def test_a_slice_shorter_than_an_evaluation_is_refused(slo_of):
    slo = slo_of(SliceIndicator(RawIndicator("ratio"), 30))
    with pytest.raises(SpecError, match="a slice of 30 s is shorter than the 60 s between two evaluations"):
        total_query(slo, "5m")


def test_every_query_of_the_server_parses(slos):
    for slo in slos:
        for make in (total_query, good_query, error_query):
            for function in ("rate", "increase"):
                promql_parser.parse(make(slo, "5m", function))
