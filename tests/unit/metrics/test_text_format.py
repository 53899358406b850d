"""The text of a scrape: what prometheus_client reads and would have written, in either format."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text
from prometheus_client.utils import floatToGoString

from exai_sre.context import TraceContext, current_trace
from exai_sre.metrics import Catalog, CatalogCollector, Instrument, Label, NotCharted, exposition
from exai_sre.metrics.exposition import CHARACTERS_AT_ONCE, choose_format, exposition_in_steps
from exai_sre.metrics.spelling import bound_text
from exai_sre.metrics.text_format import OPENMETRICS, PROMETHEUS
from exai_sre.testing import VirtualClock
from server.metrics import build_catalog

CHART = NotCharted("a test")
ACCEPT = "application/openmetrics-text; version=1.0.0"
TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20)
numbers = st.floats(allow_nan=False, min_value=-1e18, max_value=1e18)


def flat(families):
    return [
        (family.name, family.type, sample.name, sorted(sample.labels.items()), sample.value, sample.exemplar)
        for family in families
        for sample in family.samples
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(texts, numbers, st.booleans()), max_size=8),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30),
)
def test_whatever_the_labels_and_numbers_it_says_what_prometheus_client_says(events, help):
    catalog = Catalog()
    label = (Label("a", bound=50),)
    histogram = catalog.histogram("h_seconds", help, labels=label, buckets=(0.1, 1, 1e6), chart=CHART)
    counter = catalog.counter("c_total", help, labels=label, chart=CHART)
    gauge = catalog.gauge("g", help, labels=label, chart=CHART)
    for text, number, traced in events:
        token = current_trace.set(TRACE if traced else None)
        histogram.labels(a=text).observe(abs(number))
        counter.labels(a=text).inc(abs(number))
        gauge.labels(a=text).set(number)
        current_trace.reset(token)
    registry = CollectorRegistry()
    registry.register(CatalogCollector(catalog))
    ours, theirs = exposition(catalog)[0].decode(), generate_latest(registry).decode()
    assert flat(prometheus_text(ours)) == flat(prometheus_text(theirs))
    ours, theirs = exposition(catalog, ACCEPT)[0].decode(), generate_openmetrics(registry).decode()
    assert flat(openmetrics(ours)) == flat(openmetrics(theirs))
    assert [line for line in ours.splitlines() if " TYPE " in line] == [
        line for line in theirs.splitlines() if " TYPE " in line
    ]


def test_everything_that_the_server_declares_is_read_in_both_formats():
    catalog = build_catalog()
    for parse, accept in ((prometheus_text, ""), (openmetrics, ACCEPT)):
        families = list(parse(exposition(catalog, accept)[0].decode()))
        assert len(families) == len(catalog)


def test_openmetrics_names_the_unit_and_ends_as_it_must():
    catalog = Catalog()
    catalog.gauge("g_bytes", 'Holds "bytes".', unit="bytes", chart=CHART).labels().set(1)
    assert exposition(catalog, ACCEPT)[0].decode() == (
        '# HELP g_bytes Holds \\"bytes\\".\n# TYPE g_bytes gauge\n# UNIT g_bytes bytes\ng_bytes 1.0\n# EOF\n'
    )
    assert exposition(catalog)[0].decode() == '# HELP g_bytes Holds "bytes".\n# TYPE g_bytes gauge\ng_bytes 1.0\n'


@pytest.mark.parametrize(("value", "text"), [(math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN")])
def test_numbers_without_digits_are_written_as_prometheus_reads_them(value, text):
    catalog = Catalog()
    catalog.gauge("g", "H.", chart=CHART).labels().set(value)
    assert f"g {text}\n" in exposition(catalog)[0].decode()


def test_a_foreign_name_that_older_versions_do_not_take_is_made_plain():
    catalog = Catalog()
    labels = (Label("http.method", bound=5, foreign=True),)
    family = catalog.declare(Instrument("9.http.requests", "counter", "", "", labels, (), CHART, foreign=True))
    catalog.declare(Instrument("never.used", "gauge", "", "", (), (), CHART, foreign=True))
    family.labels(**{"http.method": "GET"}).inc()
    assert exposition(catalog)[0].decode().splitlines()[-1] == '_9_http_requests{http_method="GET"} 1.0'
    assert "never" not in exposition(catalog)[0].decode()
    (only,) = openmetrics(exposition(catalog, ACCEPT)[0].decode())
    assert only.samples[0].name == "_9_http_requests_total"


@settings(deadline=None)
@given(st.one_of(st.floats(1e-9, 1e15), st.integers(1, 10**15).map(float), st.integers(0, 24).map(lambda n: 4.0**n)))
def test_bounds_are_spelt_as_prometheus_client_spells_them(bound):
    assert bound_text(bound) == floatToGoString(bound)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", PROMETHEUS),
        ("*/*", PROMETHEUS),
        ("text/plain", PROMETHEUS),
        ("text/html, */*;q=0.1", PROMETHEUS),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0, */*", OPENMETRICS),
        ("Application/OpenMetrics-Text; Version=0.0.1", OPENMETRICS),
        ("application/openmetrics-text; version=9.9.9, text/plain;q=0.2", PROMETHEUS),
        ("application/openmetrics-text;q=0.3, text/plain;version=0.0.4;q=0.9", PROMETHEUS),
        ("application/openmetrics-text;q=0, */*;q=0.1", PROMETHEUS),
        ("application/openmetrics-text;q=0", PROMETHEUS),
        ("application/openmetrics-text;q=much, text/plain;q=1", OPENMETRICS),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", PROMETHEUS),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPENMETRICS,
        ),
        (";;,,;q=", PROMETHEUS),
    ],
)
def test_the_format_is_what_the_scraper_weighs_most(accept, chosen):
    assert choose_format(accept) is chosen
    assert exposition(Catalog(), accept) == (chosen.end.encode(), chosen.content_type)


class Turns(VirtualClock):
    """Counts the turns that the event loop gets."""

    def __init__(self):
        super().__init__()
        self.turns = 0
        self.meanwhile = lambda: None

    async def sleep(self, seconds):
        assert seconds == 0
        self.turns += 1
        self.meanwhile()


def large():
    catalog = Catalog()
    family = catalog.counter("c_total", "H.", labels=(Label("a", bound=2000),), chart=CHART)
    timed = catalog.histogram("h_seconds", "H.", labels=(Label("a", bound=2000),), buckets=(0.1, 1), chart=CHART)
    for number in range(1000):
        family.labels(a=str(number)).inc(number)
        timed.labels(a=str(number)).observe(number)
    return catalog


async def test_in_steps_it_says_the_same():
    catalog, clock = large(), Turns()
    for accept in ("", ACCEPT):
        assert await exposition_in_steps(catalog, accept, clock=clock) == exposition(catalog, accept)


async def test_the_event_loop_gets_a_turn_for_every_few_lines():
    catalog, clock = large(), Turns()
    body, _ = await exposition_in_steps(catalog, clock=clock)
    assert clock.turns >= len(body) // (2 * CHARACTERS_AT_ONCE)


async def test_series_made_during_a_scrape_do_not_disturb_it():
    catalog, clock = large(), Turns()
    family = catalog.family("c_total")
    clock.meanwhile = lambda: [family.labels(a=f"new-{at}") for at in range(20)]
    families = list(openmetrics((await exposition_in_steps(catalog, ACCEPT, clock=clock))[0].decode()))
    assert len(families[0].samples) == 1000


async def test_without_a_clock_it_uses_the_event_loop_itself():
    assert await exposition_in_steps(large()) == exposition(large())
