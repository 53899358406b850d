"""Declaring instruments."""

import pytest

from exai_sre.errors import CatalogError
from exai_sre.metrics import Catalog, Chart, Label, NotCharted

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
