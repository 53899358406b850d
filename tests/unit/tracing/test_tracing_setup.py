"""Setting up: nothing without an endpoint, OTLP with one, the application's provider where there is one."""

import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.errors import MissingExtraError, SettingError
from exai_sre.tracing import configure_tracing, otel

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
        {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"},
        {**ENDPOINT, "OTEL_SDK_DISABLED": "True"},
    ],
)
def test_nothing_is_recorded_unless_an_endpoint_is_configured(environ):
    assert not configure_tracing(service="s", environ=environ).recording


def test_the_process_environment_is_read_by_default(monkeypatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not configure_tracing(service="s", exporter=InMemorySpanExporter()).recording


@pytest.mark.parametrize("extra", [{}, {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}])
def test_an_endpoint_sets_up_an_otlp_exporter(extra, monkeypatch):
    made = InMemorySpanExporter()
    monkeypatch.setattr(otel, "otlp_exporter", lambda: made)
    tracing = configure_tracing(service="s", environ={**ENDPOINT, **extra}, share=False)
    with tracing.start("call"):
        pass
    assert tracing.flush()
    assert [span.name for span in made.get_finished_spans()] == ["call"]
    tracing.shutdown()


def test_the_real_otlp_exporter_takes_its_endpoint_from_the_environment(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces")
    exporter = otel.otlp_exporter()
    assert type(exporter).__name__ == "OTLPSpanExporter"
    exporter.shutdown()


def test_a_protocol_that_is_not_supported_is_refused_by_name():
    with pytest.raises(SettingError, match="http/protobuf") as raised:
        configure_tracing(service="s", environ={**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert raised.value.value == "grpc"


def test_the_service_name_of_the_environment_wins():
    made = InMemorySpanExporter()
    environ = {"OTEL_SERVICE_NAME": "from-env"}
    tracing = configure_tracing(service="from-code", exporter=made, batch=False, share=False, environ=environ)
    with tracing.start("call"):
        pass
    assert made.get_finished_spans()[0].resource.attributes["service.name"] == "from-env"


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
