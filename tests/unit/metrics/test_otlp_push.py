"""Pushing by OTLP: the numbers of the scrape, at a real receiver."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics.export import MetricExportResult

from exai_sre.context import TraceContext, current_trace
from exai_sre.errors import SettingError
from exai_sre.metrics import Catalog, Label, NotCharted
from exai_sre.metrics.deltas import Deltas
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.metrics.multiprocess import Workers
from exai_sre.metrics.otlp import OtlpPush, otlp_push
from exai_sre.names import LabelName
from tests.unit.metrics.metrics_receiver import grpc_receiver, http_receiver

CHART = NotCharted("a test")
TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)


@pytest.fixture
def catalog():
    return Catalog()


@pytest.fixture
def counter(catalog):
    return catalog.counter("c_total", "Counts.", labels=(Label("a", bound=5),), chart=CHART)


@pytest.fixture
def histogram(catalog):
    return catalog.histogram("h_seconds", "Times.", buckets=(0.1, 1), chart=CHART)


@pytest.fixture
def http():
    with http_receiver() as received:
        yield received


def environ(endpoint, **more):
    return {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": endpoint, **more}


@pytest.fixture
def to(monkeypatch):
    """A push to a receiver, configured as its users do: by the environment."""

    def make(catalog, received, protocol="http/protobuf", **more):
        variables = environ(received.endpoint, OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=protocol, **more)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        push = otlp_push(catalog, service="shop", version="1.2")
        made.append(push)
        return push

    made = []
    yield make
    for push in made:
        push.stop()


def written(catalog, counter, histogram):
    token = current_trace.set(TRACE)
    counter.labels(a="x").inc(3)
    histogram.labels().observe(0.5)
    current_trace.reset(token)
    histogram.labels().observe(5)
    catalog.gauge("g_bytes", "Holds.", unit="bytes", chart=CHART).labels().set(-1.5)


def check(received):
    metrics = received.metrics
    assert sorted(metrics) == ["c_total", "g_bytes", "h_seconds"]
    (count,) = metrics["c_total"].sum.data_points
    assert (count.as_double, count.attributes[0].key, count.attributes[0].value.string_value) == (3, "a", "x")
    assert metrics["c_total"].sum.is_monotonic
    (times,) = metrics["h_seconds"].histogram.data_points
    assert (list(times.bucket_counts), list(times.explicit_bounds)) == ([0, 1, 1], [0.1, 1])
    assert (times.count, times.sum) == (2, 5.5)
    assert [each.trace_id.hex() for each in (*count.exemplars, *times.exemplars)] == [TRACE.trace_id] * 2
    assert times.exemplars[0].as_double == 0.5
    assert times.start_time_unix_nano <= times.exemplars[0].time_unix_nano <= times.time_unix_nano
    assert metrics["g_bytes"].gauge.data_points[0].as_double == -1.5
    assert [metrics[name].unit for name in sorted(metrics)] == ["", "By", "s"]
    assert metrics["c_total"].description == "Counts."


def test_a_receiver_gets_every_number_and_every_exemplar(catalog, counter, histogram, http, to):
    written(catalog, counter, histogram)
    assert to(catalog, http).push()
    check(http)
    assert http.resource["service.name"] == "shop"
    assert http.resource["service.version"] == "1.2"
    assert len(http.resource["service.instance.id"]) == 36


def test_a_receiver_over_grpc_gets_the_same(catalog, counter, histogram, to):
    written(catalog, counter, histogram)
    with grpc_receiver() as received:
        assert to(catalog, received, "grpc").push()
        check(received)


def test_totals_go_on_from_push_to_push(catalog, counter, http, to):
    push = to(catalog, http)
    counter.labels(a="x").inc()
    push.push()
    counter.labels(a="x").inc()
    push.push()
    sent = [http.metrics_of(request)["c_total"].sum for request in http.requests]
    assert [each.data_points[0].as_double for each in sent] == [1, 2]


class Exporter:
    """An exporter whose receiver fails when it is told to."""

    def __init__(self):
        self.sent = []
        self.works = True
        self.closed = False

    def export(self, data):
        if self.works is None:
            raise ConnectionError("no route")
        self.sent.append({m.name: m.data for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics})
        return MetricExportResult.SUCCESS if self.works else MetricExportResult.FAILURE

    def shutdown(self):
        self.closed = True


def delta_push(catalog, exporter):
    return OtlpPush(catalog, exporter, resource={}, delta=True, now=iter(range(100, 200)).__next__)


def test_differences_lose_nothing_while_pushes_fail(catalog, counter, histogram):
    exporter = Exporter()
    push = delta_push(catalog, exporter)
    counter.labels(a="x").inc(2)
    histogram.labels().observe(0.5)
    assert push.push()
    exporter.works = False
    counter.labels(a="x").inc(3)
    assert not push.push()
    exporter.works = True
    histogram.labels().observe(7)
    assert push.push()
    counts = [sent["c_total"].data_points[0].value for sent in exporter.sent]
    assert counts == [2, 3, 3]
    last = exporter.sent[-1]["h_seconds"].data_points[0]
    assert (last.bucket_counts, last.sum, last.count) == ([0, 0, 1], 7, 1)
    assert exporter.sent[-1]["h_seconds"].aggregation_temporality.name == "DELTA"
    # from the push that arrived last to this one
    assert last.time_unix_nano > last.start_time_unix_nano == exporter.sent[0]["c_total"].data_points[0].time_unix_nano


def test_gauges_pass_as_they_are_among_differences(catalog):
    exporter = Exporter()
    push = delta_push(catalog, exporter)
    catalog.gauge("g", "H.", chart=CHART).labels().set(4)
    push.push()
    push.push()
    assert [sent["g"].data_points[0].value for sent in exporter.sent] == [4, 4]


@pytest.mark.parametrize("works", [True, False, None])
def test_pushes_are_counted_by_how_they_ended_and_never_raise(works):
    catalog = Catalog()
    metrics, exporter = TelemetryMetrics.declare(catalog), Exporter()
    exporter.works = works
    push = OtlpPush(catalog, exporter, resource={}, metrics=metrics)
    assert push.push() is bool(works)
    outcome = "ok" if works else "upstream_error"
    assert metrics.pushes.labels(**{LabelName.OUTCOME: outcome}).value == 1


def test_a_receiver_that_refuses_is_a_failed_push(catalog, counter, http, to):
    counter.labels(a="x").inc()
    http.status = 400
    assert not to(catalog, http).push()


def test_it_pushes_after_each_interval_and_once_more_at_the_end(catalog):
    exporter, waits = Exporter(), []
    push = OtlpPush(catalog, exporter, resource={}, interval=5.0)

    def wait(seconds):
        waits.append(seconds)
        return len(waits) == 3

    push.run(wait)
    assert waits == [5.0] * 3
    assert len(exporter.sent) == 3


def test_its_thread_pushes_a_last_time_when_it_is_stopped(catalog, counter, http, to):
    push = to(catalog, http, OTEL_METRIC_EXPORT_INTERVAL="3600000")
    push.start()
    push.start()
    counter.labels(a="x").inc()
    push.stop()
    assert http.metrics["c_total"].sum.data_points[0].as_double == 1


def test_nothing_is_pushed_unless_the_environment_names_a_receiver(catalog):
    assert otlp_push(catalog, service="x", environ={}) is None
    for variable, value in (("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_METRICS_EXPORTER", "none")):
        assert otlp_push(catalog, service="x", environ=environ("http://127.0.0.1:1", **{variable: value})) is None


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "http/protobuf, grpc"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "soon", "milliseconds"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-1", "milliseconds"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "both", "cumulative, delta"),
    ],
)
def test_a_variable_that_cannot_be_used_is_refused_by_its_name(catalog, variable, value, remedy):
    with pytest.raises(SettingError, match=variable) as refused:
        otlp_push(catalog, service="x", environ=environ("http://127.0.0.1:1", **{variable: value}))
    assert remedy in refused.value.remedy


def test_intervals_and_differences_are_set_by_the_environment(catalog):
    variables = {
        "OTEL_METRIC_EXPORT_INTERVAL": "1500",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
    }
    exporter = Exporter()
    push = otlp_push(catalog, service="x", exporter=exporter, environ=variables)
    assert push.interval == 1.5
    counter = catalog.counter("c_total", "H.", chart=CHART).labels()
    counter.inc()
    push.push()
    push.push()
    assert [sent["c_total"].data_points[0].value for sent in exporter.sent] == [1, 0]


def test_what_the_environment_says_of_the_service_stands(catalog, counter, http, to):
    counter.labels(a="x").inc()
    push = to(
        catalog,
        http,
        OTEL_SERVICE_NAME="till",
        OTEL_RESOURCE_ATTRIBUTES="service.instance.id=seven,service.version=9,deployment.environment.name=test",
    )
    push.push()
    assert http.resource["service.name"] == "till"
    assert http.resource["service.version"] == "9"
    assert http.resource["service.instance.id"] == "seven"
    assert http.resource["deployment.environment.name"] == "test"


def test_what_was_in_a_push_that_failed_and_in_none_that_arrived_is_still_new(catalog, counter):
    counter.labels(a="x").inc(5)
    deltas = Deltas(0.0)

    def sent(readings):
        return [point.numbers for reading in deltas.of(readings) for point in reading.points]

    assert sent(catalog.readings()) == [[5]]
    assert sent([]) == []
    deltas.arrived(1.0)
    assert sent(catalog.readings()) == [[5]]


def test_differences_of_what_outlives_a_process_are_sent_once(tmp_path):
    sent = []
    for _ in range(3):
        workers, exporter = Workers(tmp_path / "group"), Exporter()
        counter = workers.catalog.counter("c_total", "C.", chart=CHART).labels()
        push = OtlpPush(workers.merged, exporter, resource={}, delta=True)
        counter.inc(100)
        assert push.push()
        sent.append(exporter.sent[0]["c_total"].data_points[0].value)
        workers.close()
    assert sent == [100] * 3


def test_totals_that_outlive_a_process_began_with_the_directory(tmp_path):
    Workers(tmp_path / "group").close()
    workers, exporter = Workers(tmp_path / "group"), Exporter()
    workers.catalog.counter("c_total", "C.", chart=CHART).labels().inc()
    OtlpPush(workers.merged, exporter, resource={}).push()
    began = exporter.sent[0]["c_total"].data_points[0].start_time_unix_nano
    assert began == pytest.approx((tmp_path / "group" / "born").stat().st_mtime_ns, abs=1e6)
    workers.close()
