"""What others export: names that are not ours to choose, and how they are spelt in PromQL."""

from __future__ import annotations

import pytest

from exai_sre.errors import CatalogError
from exai_sre.metrics import Catalog, Instrument, Label, Matcher, NotCharted
from exai_sre.metrics.spelling import bound_spellings, is_plain, label_text, quoted, series_text

WHY_NOT = NotCharted("it is somebody else's")


def foreign(name, kind="counter", labels=(), buckets=()):
    return Instrument(name, kind, "", "", tuple(labels), tuple(buckets), WHY_NOT, foreign=True)


@pytest.mark.parametrize("name", ["http_requests", "responses_total_counter", "http.server.request.duration", "größe"])
def test_a_foreign_counter_keeps_its_name(name):
    catalog = Catalog()
    family = catalog.declare(foreign(name))
    assert catalog.get(name) is family.instrument
    assert family.instrument.series_names == (name,)
    assert catalog.declare(foreign(name)) is family


def test_our_own_counters_still_end_in_total():
    with pytest.raises(CatalogError, match="ends in _total"):
        Instrument("http_requests", "counter", "", "", (), (), WHY_NOT)


@pytest.mark.parametrize("name", ["", "__name__", "a\nb"])
def test_a_name_that_no_prometheus_takes_is_refused(name):
    with pytest.raises(CatalogError, match="no valid metric name"):
        foreign(name)
    with pytest.raises(CatalogError, match="no valid label name"):
        Label(name, bound=1, foreign=True)


def test_a_foreign_histogram_still_needs_buckets():
    with pytest.raises(CatalogError, match="has buckets"):
        foreign("wait", "histogram")


def test_a_different_instrument_under_one_name_is_refused():
    catalog = Catalog()
    catalog.declare(foreign("a"))
    with pytest.raises(CatalogError, match="declared twice"):
        catalog.declare(foreign("a", "gauge"))


@pytest.mark.parametrize(
    ("matcher", "promql"),
    [
        (Matcher("status", ("5..",)), 'status=~"5.."'),
        (Matcher("status", ("", "5.."), negated=True), 'status!~"|5.."'),
        (Matcher("status", ("5.",)), 'status="5."'),
        (Matcher("path", ("5..", "a.b")), 'path=~"5..|a\\\\.b"'),
        (Matcher("http.status_code", ("200",)), '"http.status_code"="200"'),
        (Matcher('a"} or vector(1) #', ("200",)), '"a\\"} or vector(1) #"="200"'),
    ],
)
def test_a_condition_as_promql(matcher, promql):
    assert matcher.promql == promql


@pytest.mark.parametrize(
    ("values", "negated", "value", "admitted"),
    [
        (("5..",), False, "503", True),
        (("5..",), False, "5..", True),
        (("5..",), False, "5xx", False),
        (("5..",), False, "5030", False),
        (("4..",), True, "404", False),
        (("4..",), True, "503", True),
        (("503",), True, "5..", False),
        (("503",), False, "5..", False),
        (("503",), True, "504", True),
    ],
)
def test_a_class_of_statuses_stands_for_each_of_them(values, negated, value, admitted):
    assert Matcher("status", values, negated=negated).admits(value) is admitted


def test_a_closed_label_allows_a_class_of_which_it_has_a_value():
    label = Label("status", values=("200", "503"))
    assert label.allows("5..")
    assert not label.allows("4..")


@pytest.mark.parametrize(
    ("bound", "spellings"),
    [
        (0.5, ("0.5",)),
        (1.0, ("1", "1.0")),
        (500, ("500", "500.0")),
        (1e6, ("1000000", "1000000.0", "1e+06")),
        (2.5e-5, ("2.5e-05",)),
    ],
)
def test_a_bucket_bound_in_every_spelling(bound, spellings):
    assert bound_spellings(bound) == spellings


def test_names_that_need_quotes_get_them():
    assert is_plain("a:b_c")
    assert not is_plain("a.b")
    assert label_text("a_b") == "a_b"
    assert label_text("a.b") == '"a.b"'
    assert quoted('a"\\\n') == '"a\\"\\\\\\n"'
    assert series_text("a") == "a"
    assert series_text("a", ['b="c"']) == 'a{b="c"}'
    assert series_text("a.b", ['b="c"']) == '{"a.b",b="c"}'
    assert series_text("a.b") == '{"a.b"}'
