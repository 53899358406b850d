"""Setting up: nothing without an endpoint, OTLP with one, the application's provider where there is one."""

import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.errors import MissingExtraError
from exai_sre.logs import Sanitizer
from exai_sre.tracing import configure_tracing, otel
from exai_sre.tracing.provider import own_provider
from exai_sre.tracing.sampling import Sampling

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
        {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"},
        {**ENDPOINT, "OTEL_TRACES_EXPORTER": " None , "},
        {**ENDPOINT, "OTEL_SDK_DISABLED": "True"},
    ],
)
def test_nothing_is_recorded_unless_an_endpoint_is_configured(environ):
    assert not configure_tracing(service="s", environ=environ).recording


def test_the_process_environment_is_read_by_default(monkeypatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not configure_tracing(service="s", exporter=InMemorySpanExporter()).recording


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, {"service.name": "code", "service.version": "1"}),
        ({"OTEL_SERVICE_NAME": " env "}, {"service.name": "env", "service.version": "1"}),
        (
            {"OTEL_RESOURCE_ATTRIBUTES": "service.name=list, service.version=2,team=a%2Cb,broken,=x"},
            {"service.name": "list", "service.version": "2", "team": "a,b"},
        ),
        (
            {"OTEL_SERVICE_NAME": "env", "OTEL_RESOURCE_ATTRIBUTES": "service.name=list"},
            {"service.name": "env", "service.version": "1"},
        ),
    ],
)
def test_what_the_environment_says_of_the_service_wins(environ, expected):
    made = InMemorySpanExporter()
    settings = {"exporter": made, "batch": False, "share": False, "environ": environ}
    with configure_tracing(service="code", version="1", **settings).start("call"):
        pass
    sent = made.get_finished_spans()[0].resource.attributes
    assert {name: sent[name] for name in expected} == expected


def test_a_provider_that_the_application_has_set_is_joined(monkeypatch):
    provider = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    tracing = configure_tracing(service="s", environ=ENDPOINT)
    assert isinstance(tracing.recorder, otel.JoinedRecorder)


def test_our_provider_becomes_the_process_wide_one_only_where_none_is(monkeypatch):
    shared = []
    monkeypatch.setattr(trace, "set_tracer_provider", shared.append)
    configure_tracing(service="s", exporter=InMemorySpanExporter(), batch=False, environ={})
    assert len(shared) == 1
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: TracerProvider(shutdown_on_exit=False))
    configure_tracing(service="s", exporter=InMemorySpanExporter(), batch=False, environ={})
    assert len(shared) == 1


def test_without_opentelemetry_calls_have_ids_and_an_endpoint_names_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name == "opentelemetry" or name.startswith("opentelemetry.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Refusing(), *sys.meta_path])
    with configure_tracing(service="s", environ={}).start("call") as span:
        assert len(span.context.trace_id) == 32
    with pytest.raises(MissingExtraError, match=r"exai-sre\[otel\]"):
        configure_tracing(service="s", environ=ENDPOINT)


class _Refusing:
    """An importer that finds no OpenTelemetry."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize(("environ", "joined"), [({}, True), ({"OTEL_SDK_DISABLED": "true"}, False)])
def test_a_provider_that_the_application_sets_later_is_joined_from_then_on(environ, joined, monkeypatch):
    made = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(made))
    tracing = configure_tracing(service="s", environ=environ)
    with tracing.start("before"):
        pass
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    with tracing.start("after"), tracing.start("below"):
        pass
    assert [span.name for span in made.get_finished_spans()] == (["below", "after"] if joined else [])


def test_spans_of_other_instrumentation_lose_their_secrets_before_our_provider_exports_them():
    exporter = InMemorySpanExporter()
    provider = own_provider([exporter], Sampling(1.0), {}, batch=False, redact=Sanitizer().redact)
    with provider.get_tracer("another library").start_as_current_span("GET", attributes={"db.password": "hunter22"}):
        pass
    (span,) = exporter.get_finished_spans()
    assert "hunter22" not in span.to_json()
    assert span.name == "GET"
