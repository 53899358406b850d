"""Proposals by rule, catalogs that declare what was seen, and warnings about labels without end."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.generate.onboarding import (
    PRESETS,
    catalog_text,
    counted,
    declared,
    label_warnings,
    propose,
    read_catalog,
    read_page,
    slo_text,
)
from exai_sre.generate.onboarding.proposal import threshold
from exai_sre.generate.onboarding.propose import MOST_BY_RULE
from exai_sre.generate.onboarding.seen import Meta, SeenFamily, SeenSeries, families_of
from exai_sre.generate.onboarding.statuses import form_of
from exai_sre.metrics import Chart, NotCharted
from exai_sre.slo.reading import read_slos
from tests.unit.onboarding.pages import ENVOY, INGRESS_NGINX, ISTIO, NGINX_PLUS, SHOP


def plan_of(page):
    sighting = read_page(page, "page")
    return sighting, propose(sighting, PRESETS)


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["200", "503", ""], "exact"),
        (["2xx", "5xx"], "classes"),
        (["2", "5"], "digits"),
        (["ok", "timeout"], "outcomes"),
        (["ok", "200"], None),
        ([""], None),
        (["eu-west"], None),
    ],
)
def test_a_form_is_known_by_the_values(values, form):
    assert form_of(values) == form


def test_an_unknown_counter_with_status_codes_gets_an_slo_by_rule():
    sighting, plan = plan_of('answers_total{code="200"} 9\nanswers_total{code="500"} 1\nanswers_total{code="404"} 5\n')
    assert [(each.name, counted(sighting, each)) for each in plan.proposals] == [("answers-availability", (1, 10))]


def test_an_unknown_histogram_of_time_gets_two():
    page = "".join(
        f'rpc_seconds_bucket{{status="{status}",le="{le}"}} {count}\n'
        for status, le, count in (("200", "0.4", 7), ("200", "+Inf", 9), ("503", "0.4", 1), ("503", "+Inf", 1))
    )
    page += 'rpc_seconds_count{status="200"} 9\nrpc_seconds_count{status="503"} 1\n'
    sighting, plan = plan_of(page)
    assert {each.name: counted(sighting, each) for each in plan.proposals} == {
        "rpc-availability": (1, 10),
        "rpc-latency": (2, 9),
    }


def test_a_client_by_its_name_counts_a_missing_answer_and_a_refusal_as_bad():
    page = "".join(f'client_calls_total{{code="{code}"}} 1\n' for code in ("200", "404", "429", "503", ""))
    sighting, plan = plan_of(page)
    assert counted(sighting, plan.proposals[0]) == (3, 5)


def test_sizes_and_gauges_are_no_slo():
    page = 'a_bytes_bucket{status="200",le="1"} 1\na_bytes_count{status="200"} 1\nb{status="200"} 1\n'
    assert plan_of(page)[1].proposals == ()


def test_few_are_proposed_by_rule_and_the_rest_is_named():
    page = "".join(f'a{number}_total{{code="200"}} 1\n' for number in range(MOST_BY_RULE + 2))
    plan = plan_of(page)[1]
    assert len(plan.proposals) == MOST_BY_RULE
    assert f"a{MOST_BY_RULE}_total could have an SLO, too" in plan.notes


def test_names_of_proposals_are_distinct():
    page = 'a_total{code="200"} 1\na_seconds_total{code="200"} 1\n'
    assert [each.name for each in plan_of(page)[1].proposals] == ["a-availability", "a-availability-2"]


@pytest.mark.parametrize(
    ("unit", "bounds", "seconds", "bound"),
    [
        ("seconds", ("0.1", "0.5", "1"), 0.5, 0.5),
        ("seconds", ("0.1", "0.4", "1"), 0.5, 0.4),
        ("milliseconds", ("0.0", "100", "500"), 0.5, 500.0),
        ("", ("0.5",), 0.5, None),
        ("seconds", (), 0.5, None),
        ("bytes", ("1",), 0.5, None),
    ],
)
def test_a_threshold_is_the_bucket_bound_nearest_to_what_is_wanted(unit, bounds, seconds, bound):
    assert threshold(SeenFamily("a", "histogram", unit, bounds=bounds), seconds) == bound


@pytest.mark.parametrize("page", [ENVOY, INGRESS_NGINX, ISTIO, NGINX_PLUS, SHOP])
def test_the_catalog_reads_back_as_it_was_declared_and_the_slos_fit_it(tmp_path, page):
    sighting, plan = plan_of(page)
    instruments = declared(sighting, plan)
    catalog = read_catalog(catalog_text(instruments, sighting), "catalog.yaml")
    assert list(catalog) == instruments
    (tmp_path / "shop.yaml").write_text(slo_text("shop", plan.proposals, sighting))
    reading = read_slos([tmp_path], catalog=catalog)
    assert reading.faults == []
    assert [slo.name for slo in reading.slos] == sorted(each.name for each in plan.proposals)
    assert {slo.objective for slo in reading.slos} <= {Decimal("0.995"), Decimal("0.95")}


def test_what_an_slo_reads_is_charted_and_the_rest_says_why_not():
    sighting, plan = plan_of(SHOP + "memory_bytes 1\n")
    charts = {each.name: each.chart for each in declared(sighting, plan)}
    assert isinstance(charts["memory_bytes"], NotCharted)
    assert charts["http_requests_total"] == Chart("overview", "Http requests", "rate", by=("status",))
    assert charts["http_request_duration_seconds"] == Chart("overview", "Http request duration", "quantiles")


def test_a_name_that_needs_quotes_is_not_charted():
    sighting, plan = plan_of('{"a.b_total","code"="200"} 1\n')
    assert plan.proposals
    assert isinstance(declared(sighting, plan)[0].chart, NotCharted)


def test_a_closed_label_is_known_from_its_preset_and_other_labels_are_bounded():
    sighting, plan = plan_of(SHOP)
    requests = next(each for each in declared(sighting, plan) if each.name == "http_requests_total")
    assert requests.label("status").values == ("1xx", "2xx", "3xx", "4xx", "5xx")
    assert requests.label("handler").bound == 100


def test_labels_without_end_are_warned_about_and_capped():
    page = "".join(f'a_total{{path="/{"x" * number}"}} 1\n' for number in range(1, 300))
    sighting, plan = plan_of(page)
    (warning,) = label_warnings(sighting)
    assert "label 'path' has 299 values already; the catalog allows 200" in warning
    assert declared(sighting, plan)[0].label("path").bound == 200
    raw = read_page('a_total{path="/users/42"} 1\n', "page")
    assert "holds raw paths such as '/users/42'" in next(label_warnings(raw))
    assert list(label_warnings(read_page('a_total{path="/users/{id}"} 1\n', "page"))) == []


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs", "Cf", "Cn", "Co")), min_size=1)


@given(NAMES, st.dictionaries(NAMES, st.text(max_size=20), max_size=3), st.text(max_size=30))
def test_no_name_or_value_can_leave_its_place_in_the_catalog_file(name, labels, help_text):
    labels = {label: value for label, value in labels.items() if not label.startswith("__") and label != "le"}
    series = SeenSeries(name, labels, 1.0)
    sighting = families_of([series], {name: Meta("gauge", help_text)}, "page")
    if name.startswith("__"):
        return
    instruments = declared(sighting, propose(sighting, PRESETS))
    assert list(read_catalog(catalog_text(instruments, sighting), "catalog.yaml")) == instruments
