"""Reading a page of metrics: families, names as they are written, units, bounds, and what is no page."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, Summary, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics

from exai_sre.errors import SpecError
from exai_sre.generate.onboarding import read_page


def family(page, name):
    return read_page(page, "page").families[name]


def test_a_counter_keeps_the_name_that_it_has_on_the_page():
    page = '# TYPE a counter\na{code="1"} 3\n# TYPE b_total counter\nb_total 3\n'
    assert [(each.name, each.kind) for each in read_page(page, "p").families.values()] == [
        ("a", "counter"),
        ("b_total", "counter"),
    ]


@pytest.mark.parametrize("render", [generate_latest, openmetrics])
def test_both_formats_give_the_same_families(render):
    registry = CollectorRegistry()
    Counter("calls", "Calls.", ["status"], registry=registry).labels("ok").inc(2)
    Histogram("wait_seconds", "Wait.", registry=registry, buckets=(0.5, 1)).observe(0.7)
    Summary("size_bytes", "Size.", registry=registry).observe(7)
    found = read_page(render(registry).decode(), "page").families
    assert {name: each.kind for name, each in found.items()} == {
        "calls_total": "counter",
        "wait_seconds": "histogram",
        "size_bytes_count": "counter",
        "size_bytes_sum": "counter",
    }
    assert found["wait_seconds"].bounds == ("0.5", "1.0")
    assert found["calls_total"].labels == {"status": ("ok",)}
    assert found["wait_seconds"].unit == "seconds"
    assert found["calls_total"].help == "Calls."


@pytest.mark.parametrize(
    ("name", "unit"),
    [("a_seconds", "seconds"), ("a_bytes_total", "bytes"), ("a_ms", "milliseconds"), ("a_ratio", "ratio"), ("a", "")],
)
def test_a_unit_is_known_by_the_name(name, unit):
    assert family(f"{name} 1\n", name).unit == unit


def test_bounds_ascend_by_number_and_keep_their_spelling():
    buckets = "".join(f'w_bucket{{le="{bound}"}} 1\n' for bound in ("10", "+Inf", "2.5", "1e-05", "1"))
    assert family(f"# TYPE w histogram\n{buckets}w_count 1\nw_sum 1\n", "w").bounds == ("1e-05", "1", "2.5", "10")


def test_a_histogram_is_known_by_its_buckets_where_no_type_is_given():
    assert family('w_bucket{le="1"} 1\nw_bucket{le="+Inf"} 2\nw_count 2\nw_sum 3\n', "w").kind == "histogram"


def test_an_untyped_total_is_a_counter_and_anything_else_a_gauge():
    page = "a_total 1\nb 1\n"
    assert [each.kind for each in read_page(page, "p").families.values()] == ["counter", "gauge"]


def test_a_label_that_some_series_lack_has_the_empty_value_too():
    assert family('a_total{code="1"} 3\na_total 3\n', "a_total").labels == {"code": ("", "1")}


def test_series_without_a_zero_begin_with_their_first_event():
    assert family('a_total{code="1"} 3\n', "a_total").unborn
    assert not family('a_total{code="1"} 3\na_total{code="2"} 0\n', "a_total").unborn
    assert not family("a_total 3\n", "a_total").unborn


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<html>\n</html>\n", "page:1: is no page of metrics: invalid metric name"),
        ("a 1\nb{ 3\n", "page:2: is no page of metrics"),
        ("a 1\nb one\n", "page:2: is no page of metrics: could not convert string to float"),
        ("", "page: holds no metric"),
        ("# TYPE a counter\na 1\n# EOF\n", "page: is no page of metrics"),
    ],
)
def test_what_is_no_page_is_refused_with_its_line(page, text):
    with pytest.raises(SpecError) as error:
        read_page(page, "page")
    assert str(error.value).startswith(text)
    assert error.value.remedy


@given(st.text(max_size=200))
def test_no_text_gives_more_than_a_clear_error(text):
    with suppress(SpecError):
        assert read_page(text, "page").families
