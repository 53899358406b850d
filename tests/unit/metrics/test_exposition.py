"""The way out to Prometheus."""

import sys
from enum import Enum

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text

from exai_sre.context import TraceContext, current_trace
from exai_sre.errors import MissingExtraError
from exai_sre.metrics import Catalog, CatalogCollector, Label, NotCharted, exposition

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def catalog():
    catalog = Catalog()
    chart = NotCharted("a test")
    histogram = catalog.histogram("h_seconds", "Help with \\ and \n.", buckets=(0.1, 1), chart=chart)
    token = current_trace.set(TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True))
    histogram.labels().observe(0.5)
    catalog.counter("c_total", "Help.", labels=(Label("a", bound=2),), chart=chart).labels(a='odd "\n\\').inc(2)
    current_trace.reset(token)
    catalog.gauge("g", "Help.", chart=chart).labels().set(-1.5)
    return catalog


def samples(families):
    return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


def test_prometheus_text_carries_every_value(catalog):
    body, content_type = exposition(catalog)
    assert content_type.startswith("text/plain")
    found = samples(prometheus_text(body.decode()))
    assert found["c_total", ("a", 'odd "\n\\')] == 2
    assert found["g",] == -1.5
    assert found["h_seconds_bucket", ("le", "0.1")] == 0
    assert found["h_seconds_bucket", ("le", "1.0")] == 1
    assert found["h_seconds_bucket", ("le", "+Inf")] == 1
    assert found["h_seconds_count",] == 1
    assert found["h_seconds_sum",] == 0.5


def test_openmetrics_carries_exemplars_of_sampled_traces(catalog):
    body, content_type = exposition(catalog, OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text")
    exemplars = [s.exemplar for family in openmetrics(body.decode()) for s in family.samples if s.exemplar]
    assert [e.labels["trace_id"] for e in exemplars] == ["0af7651916cd43dd8448eb211c80319c"] * 2


def test_the_collector_joins_a_registry_that_others_use_already(catalog):
    registry = CollectorRegistry()
    Counter("theirs", "Help.", registry=registry).inc()
    registry.register(CatalogCollector(catalog))
    text = generate_latest(registry).decode()
    assert "theirs_total 1.0" in text
    assert "g -1.5" in text


def test_gauges_read_on_demand_are_refreshed_at_each_scrape(catalog):
    gauge = catalog.gauge("fresh", "Help.", chart=NotCharted("a test")).labels()
    catalog.before_collect(lambda: gauge.inc())
    exposition(catalog)
    body, _ = exposition(catalog)
    assert b"fresh 2.0" in body


def test_without_prometheus_client_the_error_names_the_remedy(catalog, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client.core", None)
    with pytest.raises(MissingExtraError, match="prometheus-client is not installed; pip install"):
        CatalogCollector(catalog)


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_half_of_a_surrogate_pair_in_a_label_costs_nobody_the_scrape(accept):
    """JSON and headers can hold one, and no text that a scraper reads."""
    catalog = Catalog()
    heard = catalog.counter("c_total", "C.", labels=(Label("a", bound=5),), chart=NotCharted("a test"))
    heard.labels(a="\udcff").inc()
    heard.labels(a="é").inc(2)
    lines = exposition(catalog, accept)[0].decode().splitlines()
    assert {'c_total{a="?"} 1.0', 'c_total{a="é"} 2.0'} <= set(lines)


def test_a_member_of_an_enumeration_of_texts_is_shown_as_its_text():
    class Payment(str, Enum):  # noqa: UP042 - a StrEnum is shown as its text by itself
        CARD = "card"

    catalog = Catalog()
    labels = (Label("closed", values=("card",)), Label("open", bound=5))
    paid = catalog.counter("c_total", "C.", labels=labels, chart=NotCharted("a test"))
    paid.labels(closed=Payment.CARD, open=Payment.CARD).inc()
    paid.labels(closed="card", open="card").inc()
    assert 'c_total{closed="card",open="card"} 2.0' in exposition(catalog)[0].decode()
