"""Instruments of other libraries: OpenTelemetry's meters on our ways out."""

from __future__ import annotations

import io
import subprocess
import sys
from types import SimpleNamespace

import pytest
from opentelemetry import trace
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from exai_sre.metrics import OVERFLOW, Catalog, NotCharted, exposition
from exai_sre.metrics.meter_bridge import MeterBridge
from exai_sre.metrics.multiprocess import Workers
from exai_sre.metrics.otel_points import foreign_readings
from exai_sre.metrics.otlp import OtlpPush
from exai_sre.middleware.telemetry import configure_telemetry

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def catalog():
    return Catalog()


@pytest.fixture
def bridge(catalog):
    bridge = MeterBridge(catalog, {"service.name": "shop"})
    yield bridge
    bridge.shutdown()


def samples(catalog, accept=OPENMETRICS):
    families = list(openmetrics(exposition(catalog, accept)[0].decode()))
    return {(s.name, *sorted(s.labels.items())): s for family in families for s in family.samples}


SCOPE = ("otel_scope_name", "lib")


def test_counters_gauges_and_histograms_come_out_under_the_names_of_prometheus(catalog, bridge):
    meter = bridge.provider.get_meter("lib")
    meter.create_counter("http.client.sent", unit="By").add(5, {"server.address": "a", "is.tls": True})
    meter.create_up_down_counter("pool.open", unit="{connection}").add(3)
    meter.create_gauge("cpu.share", unit="1").set(0.5)
    meter.create_observable_gauge("speed", [lambda _: [Observation(7)]], unit="m/s")
    times = meter.create_histogram(
        "http.client.request.duration", unit="s", explicit_bucket_boundaries_advisory=[0.1, 1]
    )
    times.record(0.5, {"http.request.method": "GET"})
    found = {key: sample.value for key, sample in samples(catalog).items()}
    assert found["http_client_sent_bytes_total", ("is_tls", "true"), SCOPE, ("server_address", "a")] == 5
    assert found["pool_open", SCOPE] == 3
    assert found["cpu_share_ratio", SCOPE] == 0.5
    assert found["speed_meters_per_second", SCOPE] == 7
    labels = (("http_request_method", "GET"), ("le", "1.0"), SCOPE)
    assert found["http_client_request_duration_seconds_bucket", *labels] == 1
    assert found["http_client_request_duration_seconds_sum", labels[0], SCOPE] == 0.5


def test_series_without_an_attribute_that_others_have_show_it_empty(catalog, bridge):
    counter = bridge.provider.get_meter("lib").create_counter("x")
    counter.add(1, {"a": 1})
    counter.add(2, {"b": 2})
    found = samples(catalog)
    assert found["x_total", ("a", "1"), ("b", ""), SCOPE].value == 1
    assert found["x_total", ("a", ""), ("b", "2"), SCOPE].value == 2


def test_an_exemplar_of_a_sampled_span_comes_out_too(catalog, bridge):
    times = bridge.provider.get_meter("lib").create_histogram("x", explicit_bucket_boundaries_advisory=[1, 2])
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("t")
    with tracer.start_as_current_span("s") as span:
        times.record(1.5)
    (marked,) = [sample.exemplar for sample in samples(catalog).values() if sample.exemplar]
    assert marked.labels == {"trace_id": trace.format_trace_id(span.get_span_context().trace_id)}
    assert marked.value == 1.5


def test_the_push_carries_them_as_well(catalog, bridge):
    bridge.provider.get_meter("lib").create_counter("x").add(2)
    sent = []
    exporter = SimpleNamespace(export=lambda data: sent.append(data) or SimpleNamespace(name="SUCCESS"))
    assert OtlpPush(catalog, exporter, resource={}).push()
    ((scope,),) = [resource.scope_metrics for resource in sent[0].resource_metrics]
    assert [(metric.name, metric.data.data_points[0].value) for metric in scope.metrics] == [("x_total", 2)]


def test_what_the_catalog_declares_itself_is_not_shown_twice(catalog, bridge):
    catalog.counter("x_total", "Ours.", chart=NotCharted("a test")).labels().inc()
    bridge.provider.get_meter("lib").create_counter("x").add(5)
    assert [sample.value for sample in samples(catalog).values()] == [1]


def test_attribute_sets_beyond_the_limit_fold_into_one_series(catalog, bridge):
    counter = bridge.provider.get_meter("lib").create_counter("x")
    gauge = bridge.provider.get_meter("lib").create_gauge("g")
    for number in range(2_100):
        counter.add(1, {"user": number})
        gauge.set(1, {"user": number})
    found = [sample for sample in samples(catalog).values() if sample.name == "x_total"]
    assert len(found) == 2_001
    assert sum(sample.value for sample in found) == 2_100
    (rest,) = [sample for sample in found if sample.labels["user"] == OVERFLOW]
    assert rest.value == 100
    assert sum(sample.name == "g" for sample in samples(catalog).values()) == 2_000


def test_two_scopes_with_one_metric_are_told_apart_and_two_versions_of_one_add_up(catalog, bridge):
    for name, version in (("a", "1"), ("a", "2"), ("b", "1")):
        bridge.provider.get_meter(name, version).create_counter("x").add(1)
    found = {key[1][1]: sample.value for key, sample in samples(catalog).items()}
    assert found == {"a": 2, "b": 1}


def test_of_two_kinds_under_one_name_the_first_counts(catalog, bridge):
    bridge.provider.get_meter("a").create_gauge("x").set(1)
    bridge.provider.get_meter("b").create_histogram("x", explicit_bucket_boundaries_advisory=[1]).record(1)
    assert list(samples(catalog)) == [("x", ("otel_scope_name", "a"))]


def test_secrets_in_attributes_are_redacted_once(catalog, bridge):
    seen = []

    def redact(text):
        seen.append(text)
        return text.replace("hunter2", "***")

    catalog.redact_labels(redact)
    bridge.provider.get_meter("lib").create_counter("x").add(1, {"password": "hunter2"})
    assert "hunter2" not in exposition(catalog)[0].decode()
    before = len(seen)
    assert 'password="***"' in exposition(catalog)[0].decode()
    assert len(seen) == before


def test_secrets_in_attributes_are_redacted_among_workers_too(tmp_path):
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"
    workers = Workers(tmp_path / "group")
    telemetry = configure_telemetry("shop", workers=workers, stream=io.StringIO(), share=False)
    bridge = MeterBridge(telemetry.shown, {})
    bridge.provider.get_meter("lib").create_counter("x").add(1, {"auth": token})
    text = exposition(telemetry.shown)[0].decode()
    bridge.shutdown()
    assert "x_total{" in text
    assert token not in text


def test_redaction_that_is_asked_of_the_merged_catalog_is_that_of_what_is_declared(tmp_path):
    workers = Workers(tmp_path / "group")
    workers.merged.redact_labels(lambda text: text.replace("hunter2", "***"))
    assert workers.catalog.clean_label("user", "hunter2") == workers.merged.clean_label("user", "hunter2") == "***"


def test_attributes_whose_names_become_one_are_joined(catalog, bridge):
    bridge.provider.get_meter("lib").create_counter("x").add(1, {"a.b": "1", "a_b": "2"})
    assert list(samples(catalog)) == [("x_total", ("a_b", "1;2"), SCOPE)]


def test_names_that_prometheus_does_not_take_are_made_plain(catalog, bridge):
    bridge.provider.get_meter("lib").create_counter("a/b-total", unit="1").add(1, {"2x": 1})
    assert list(samples(catalog)) == [("a_b_total", ("_2x", "1"), SCOPE)]


def test_exponential_histograms_and_instruments_without_data_are_left_out():
    reader = InMemoryMetricReader()
    views = [View(instrument_name="e", aggregation=ExponentialBucketHistogramAggregation())]
    views.append(View(instrument_name="n", aggregation=ExplicitBucketHistogramAggregation(boundaries=[])))
    meter = MeterProvider([reader], views=views, shutdown_on_exit=False).get_meter("lib")
    meter.create_histogram("e").record(1)
    meter.create_histogram("n").record(1)
    meter.create_observable_gauge("silent", [lambda _: []])
    meter.create_counter("c").add(1)
    readings = foreign_readings(reader.get_metrics_data(), lambda _name, value: value)
    assert [reading.instrument.name for reading in readings] == ["c_total"]


def test_after_the_end_the_last_numbers_stay(catalog):
    bridge = MeterBridge(catalog, {})
    bridge.provider.get_meter("lib").create_counter("x").add(2)
    exposition(catalog)
    bridge.shutdown()
    assert b"x_total" in exposition(catalog)[0]


JOIN = """
from opentelemetry import metrics
from exai_sre.metrics import Catalog, exposition
from exai_sre.metrics.meter_bridge import bridge_meters

early = metrics.get_meter("lib").create_counter("early")
catalog = Catalog()
if {theirs}:
    from opentelemetry.sdk.metrics import MeterProvider
    metrics.set_meter_provider(MeterProvider(shutdown_on_exit=False))
bridge = bridge_meters(catalog)
early.add(1)
print(bridge is None, "early_total" in exposition(catalog)[0].decode())
"""


@pytest.mark.parametrize(("theirs", "printed"), [(False, "False True"), (True, "True False")])
def test_an_application_that_has_a_meter_provider_keeps_it_and_gets_no_second_series(theirs, printed):
    code = JOIN.format(theirs=theirs)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == printed


def test_an_attribute_called_like_the_label_of_buckets_gets_a_name_of_its_own(catalog, bridge):
    times = bridge.provider.get_meter("lib").create_histogram("x", explicit_bucket_boundaries_advisory=[1, 2])
    times.record(0.5, {"le": "here"})
    assert samples(catalog)["x_count", ("exported_le", "here"), SCOPE].value == 1
