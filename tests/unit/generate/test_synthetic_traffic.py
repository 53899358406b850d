"""Traffic made from an indicator tries every condition of it."""

from __future__ import annotations

from decimal import Decimal

from exai_sre.generate.promtool import Firing, constant, counter, series_name
from exai_sre.generate.synthetic import Kind, in_groups, kinds, traffic_of
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator
from exai_sre.slo.indicators import RawIndicator

OK = Matcher("outcome", ("ok",))
COUNTED = Matcher("outcome", ("client_error", "cancelled"), negated=True)


def by_verdict(indicator, catalog=None):
    found = {}
    for kind in kinds(indicator, catalog):
        found.setdefault(kind.verdict, []).append(kind)
    return found


def test_each_value_that_the_definition_names_is_tried(small_catalog):
    found = by_verdict(EventsIndicator("jobs_total", (COUNTED,), good=(OK,)), small_catalog)
    assert [kind.series for kind in found["good"]] == [('jobs_total{outcome="ok"}',)]
    assert {kind.series[0] for kind in found["bad"]} == {
        f'jobs_total{{outcome="{outcome}"}}' for outcome in ("error", "overload", "timeout", "upstream_error")
    }
    assert {kind.series[0] for kind in found["foreign"]} == {
        'jobs_total{outcome="cancelled"}',
        'jobs_total{outcome="client_error"}',
    }


def test_every_bad_value_is_tried():
    bad = Matcher("outcome", ("error", "overload"))
    found = by_verdict(EventsIndicator("jobs_total", bad=(bad,)))
    assert len(found["bad"]) == 2
    assert [kind.series for kind in found["good"]] == [('jobs_total{outcome="other"}',)]


def test_a_slow_event_counts_in_no_bucket_that_decides():
    found = by_verdict(EventsIndicator("calls_seconds", good=(OK,), within=1))
    assert len(found["good"]) == 1
    assert len(found["good"][0].series) == 2
    # Slow and good by label, fast and bad by label, slow and bad by label.
    assert len(found["bad"]) == 3
    assert sum(bool(kind.idle) for kind in found["bad"]) == 2


def test_an_open_label_gets_a_value_that_nobody_names(small_catalog):
    found = by_verdict(EventsIndicator("jobs_total", (Matcher("queue", ("fast",)),), good=(OK,)), small_catalog)
    assert 'jobs_total{outcome="ok",queue="other"}' in {kind.series[0] for kind in found["foreign"]}


def test_events_foreign_in_two_ways_are_not_needed():
    both = (Matcher("method", ("call",)), COUNTED)
    found = by_verdict(EventsIndicator("jobs_total", both, good=(OK,)))
    assert not any("other" in kind.series[0] and "cancelled" in kind.series[0] for kind in found["foreign"])


def test_a_counter_and_a_gauge_are_written_in_promtools_notation():
    assert counter((Decimal(2), 3), (Decimal("0.5"), 2)) == "0+2x2 6+0.5x1"
    assert constant((Decimal(1), 3), (Decimal("0.25"), 1)) == "1+0x2 0.25"
    assert series_name("up", {}) == "up"


def test_expected_texts_have_their_labels_filled_in(catalog):
    from exai_sre.generate.options import RuleOptions
    from exai_sre.generate.symptoms import symptom_alerts

    alert = symptom_alerts([], catalog, RuleOptions())[0]
    made = Firing(alert, {"gen_ai_provider_name": "glm"}).expected()
    assert made["exp_annotations"]["summary"] == "Most attempts at glm fail"


def test_events_of_a_second_group_are_foreign_to_the_first():
    made = in_groups([Kind("good", ('x{a="1"}',)), Kind("bad", ("y",), idle=("z",))], ("tool",))
    assert made == [
        Kind("good", ('x{a="1",tool="first"}',)),
        Kind("bad", ('y{tool="first"}',), ('z{tool="first"}',)),
        Kind("foreign", ('x{a="1",tool="second"}',)),
    ]


def test_a_ratio_that_somebody_else_computes_has_no_traffic_of_its_own(slo_of):
    assert traffic_of(slo_of(RawIndicator("error_ratio"))) == []
