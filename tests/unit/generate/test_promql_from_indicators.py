"""The counting side of an SLO as PromQL."""

from __future__ import annotations

from decimal import Decimal

import promql_parser
import pytest

from exai_sre.errors import SpecError
from exai_sre.generate.promql import (
    bad_query,
    decimal_text,
    error_query,
    good_query,
    le_text,
    selector,
    total_query,
)
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, QueryIndicator, Source

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
    assert bad_query(slo, "5m") == 'sum(rate(jobs_total{outcome!~"client_error|cancelled|ok"}[5m]))'


def test_a_filter_that_still_says_something_stays(slo_of):
    maybe = Matcher("outcome", ("ok", "cancelled"))
    slo = slo_of(EventsIndicator("jobs_total", (COUNTED,), good=(maybe,)))
    assert (
        good_query(slo, "5m") == 'sum(rate(jobs_total{outcome!~"client_error|cancelled",outcome=~"ok|cancelled"}[5m]))'
    )
    slo = slo_of(EventsIndicator("jobs_total", (maybe,), good=(OK,)))
    assert bad_query(slo, "5m") == 'sum(rate(jobs_total{outcome=~"ok|cancelled",outcome!="ok"}[5m]))'


def test_errors_without_a_series_are_zero_where_the_total_exists(slo_of):
    slo = slo_of(EventsIndicator("jobs_total", bad=(Matcher("outcome", ("error", "overload")),)))
    bad = 'sum(rate(jobs_total{outcome=~"error|overload"}[5m]))'
    assert error_query(slo, "5m") == f"(\n  {bad}\n  or\n  0 * sum(rate(jobs_total[5m]))\n)"
    assert good_query(slo, "5m").startswith("clamp_min(\n  sum(rate(jobs_total[5m]))\n  - (")


def test_two_good_conditions_leave_the_rest_as_bad(slo_of):
    slo = slo_of(EventsIndicator("jobs_total", good=(OK, CALL)))
    assert bad_query(slo, "5m") is None
    assert error_query(slo, "5m").startswith("clamp_min(\n  sum(rate(jobs_total[5m]))\n  - (sum(rate(jobs_total{")


def test_within_a_bound_is_read_from_its_bucket(slo_of):
    slo = slo_of(EventsIndicator("calls_seconds", (CALL,), good=(), within=1))
    assert good_query(slo, "5m") == 'sum(rate(calls_seconds_bucket{method="call",le="1.0"}[5m]))'
    assert " or " not in error_query(slo, "5m")
    narrowed = slo_of(EventsIndicator("calls_seconds", (COUNTED,), good=(OK,), within=0.5))
    assert good_query(narrowed, "5m") == 'sum(rate(calls_seconds_bucket{outcome="ok",le="0.5"}[5m]))'
    assert " or 0 * " in error_query(narrowed, "5m")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('requests_total{code="200"}', 'sum(rate(requests_total{code="200"}[1h]))'),
        ("sum(requests_total)", "sum(rate(requests_total[1h]))"),
        ("sum(rate(requests_total[{{.window}}]))", "(sum(rate(requests_total[1h])))"),
        ("sum(rate(requests_total[{{ .Window }}]))", "(sum(rate(requests_total[1h])))"),
    ],
)
def test_a_plain_query_gets_its_window(slo_of, query, text):
    assert total_query(slo_of(QueryIndicator(good=query, bad=None, total=query)), "1h") == text


def test_a_plain_query_counts_events_of_the_window_when_asked_to(slo_of):
    slo = slo_of(QueryIndicator(good="sum(rate(ok_total[{{.window}}]))", bad=None, total="all_total"))
    assert total_query(slo, "5m", "increase") == "sum(increase(all_total[5m]))"
    assert good_query(slo, "5m", "increase") == "((sum(rate(ok_total[5m]))) * 300)"
    assert bad_query(slo, "5m") is None
    assert error_query(slo, "5m").startswith("clamp_min(")


def test_a_plain_query_of_bad_events_is_used_as_it_is(slo_of):
    slo = slo_of(QueryIndicator(good=None, bad="bad_total", total="all_total"))
    assert bad_query(slo, "5m") == "sum(rate(bad_total[5m]))"
    assert good_query(slo, "5m").startswith("clamp_min(")


def test_a_plain_query_without_room_for_a_window_is_refused_with_its_place(slo_of):
    query = "sum(rate(requests_total[5m]))"
    slo = slo_of(QueryIndicator(good=query, bad=None, total=query), source=Source("a.yaml", 7))
    with pytest.raises(SpecError, match=r"a\.yaml:7: spec\.indicator: .*no room for a window; write"):
        total_query(slo, "5m")


def test_every_query_of_the_server_parses(slos):
    for slo in slos:
        for make in (total_query, good_query, error_query):
            for function in ("rate", "increase"):
                promql_parser.parse(make(slo, "5m", function))
