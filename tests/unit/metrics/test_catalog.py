"""Declaring instruments."""

import math
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

import pytest

from exai_sre.errors import CatalogError
from exai_sre.metrics import Catalog, Chart, Counter, Label, NotCharted

NOT_CHARTED = NotCharted("a test")


def test_declaring_an_equal_instrument_again_returns_the_same_family():
    catalog = Catalog()
    first = catalog.counter("x_total", "Help.", labels=(Label("a", values=("b",)),), chart=NOT_CHARTED)
    assert catalog.counter("x_total", "Help.", labels=(Label("a", values=("b",)),), chart=NOT_CHARTED) is first
    assert len(catalog) == 1


@pytest.mark.parametrize(
    "again",
    [
        lambda catalog: catalog.counter("x_total", "Other help.", chart=NOT_CHARTED),
        lambda catalog: catalog.counter("x_total", "Help.", labels=(Label("a", bound=3),), chart=NOT_CHARTED),
        lambda catalog: catalog.counter("x_total", "Help.", chart=Chart("overview", "X", "rate")),
    ],
)
def test_a_different_instrument_under_the_same_name_is_an_error(again):
    catalog = Catalog()
    catalog.counter("x_total", "Help.", chart=NOT_CHARTED)
    with pytest.raises(CatalogError, match="declared twice"):
        again(catalog)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda c: c.counter("x", "H.", chart=NOT_CHARTED), "_total"),
        (lambda c: c.gauge("x_total", "H.", chart=NOT_CHARTED), "_total"),
        (lambda c: c.gauge("1x", "H.", chart=NOT_CHARTED), "no valid metric name"),
        (lambda c: c.histogram("x", "H.", buckets=(), chart=NOT_CHARTED), "buckets"),
        (lambda c: c.histogram("x", "H.", buckets=(1, 1), chart=NOT_CHARTED), "ascend"),
        (lambda c: c.histogram("x", "H.", buckets=(2, 1), chart=NOT_CHARTED), "ascend"),
        (lambda c: c.gauge("x", "H.", labels=(Label("le", bound=1),), chart=NOT_CHARTED), "reserved"),
        (lambda c: c.gauge("x", "H.", labels=(Label("a", bound=1), Label("a", bound=2)), chart=NOT_CHARTED), "repeat"),
        (lambda _: Label("1a", bound=1), "no valid label name"),
        (lambda _: Label("a"), "either values or a bound"),
        (lambda _: Label("a", values=("b",), bound=3), "either values or a bound"),
    ],
)
def test_a_declaration_that_prometheus_would_refuse_is_an_error(declare, message):
    with pytest.raises(CatalogError, match=message):
        declare(Catalog())


def test_series_names_lead_back_to_their_instrument():
    catalog = Catalog()
    catalog.histogram("h_seconds", "H.", buckets=(1,), chart=NOT_CHARTED)
    catalog.counter("x_total", "H.", chart=NOT_CHARTED)
    for series in ("h_seconds_bucket", "h_seconds_sum", "h_seconds_count"):
        assert catalog.by_series(series) is catalog.get("h_seconds")
    assert catalog.by_series("h_seconds") is None
    assert catalog.by_series("x_total") is catalog.get("x_total")
    assert catalog.by_series("x_total_count") is None
    assert catalog.by_series("unknown") is None


def test_an_unknown_family_is_named_in_the_error():
    with pytest.raises(CatalogError, match="nothing_total: is not declared") as caught:
        Catalog().family("nothing_total")
    assert caught.value.instrument == "nothing_total"


def test_iteration_is_ordered_by_name_whatever_the_order_of_declaration():
    catalog = Catalog()
    for name in ("b_total", "c_total", "a_total"):
        catalog.counter(name, "H.", chart=NOT_CHARTED)
    assert [instrument.name for instrument in catalog] == ["a_total", "b_total", "c_total"]


@pytest.mark.parametrize("bounds", [(1.0, math.inf), (math.nan,), (-math.inf, 1.0)])
def test_a_bound_that_is_not_finite_is_refused_by_name_with_what_to_do(bounds):
    with pytest.raises(CatalogError, match="h_seconds: the bounds of buckets are finite") as caught:
        Catalog().histogram("h_seconds", "H.", buckets=bounds, chart=NOT_CHARTED)
    assert "leave out" in caught.value.remedy


def a_counter(catalog, name="jobs_total"):
    return catalog.counter(name, "C.", chart=NOT_CHARTED)


def a_gauge(catalog, name="jobs"):
    return catalog.gauge(name, "G.", chart=NOT_CHARTED)


def a_histogram(catalog, name="h_seconds"):
    return catalog.histogram(name, "H.", buckets=(1,), chart=NOT_CHARTED)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_counter, a_gauge),
        (a_histogram, lambda catalog: a_gauge(catalog, "h_seconds_count")),
        (a_histogram, lambda catalog: a_gauge(catalog, "h_seconds_sum")),
        (a_histogram, lambda catalog: a_gauge(catalog, "h_seconds_bucket")),
        (a_histogram, lambda catalog: a_counter(catalog, "h_seconds_total")),
        (a_histogram, lambda catalog: a_counter(catalog, "h_seconds_count_total")),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_two_instruments_that_a_scrape_would_show_under_one_name_are_an_error(one, other, turned):
    first, second = (other, one) if turned else (one, other)
    catalog = Catalog()
    kept = first(catalog)
    with pytest.raises(CatalogError, match="is shown as") as caught:
        second(catalog)
    assert "another name" in caught.value.remedy
    assert [instrument.name for instrument in catalog] == [kept.instrument.name]


def test_what_was_refused_takes_no_name_from_others():
    catalog = Catalog()
    a_gauge(catalog, "h_seconds_sum")
    with pytest.raises(CatalogError, match="is shown as h_seconds_sum, as h_seconds_sum is"):
        a_histogram(catalog)
    assert a_gauge(catalog, "h_seconds_count").instrument in list(catalog)


def test_two_threads_that_declare_one_instrument_at_once_count_in_the_same_family(monkeypatch):
    both, init = Barrier(2, timeout=1), Counter.__init__

    def meet(self, *args):
        init(self, *args)
        # One that is declared already is not made again.
        with suppress(BrokenBarrierError):
            both.wait()

    monkeypatch.setattr(Counter, "__init__", meet)
    catalog = Catalog()
    threads = [Thread(target=lambda: a_counter(catalog).labels().inc()) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert catalog.family("jobs_total").labels().value == 2
