"""Where spans go: what the environment names, and nothing that it does not."""

import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp
from opentelemetry.sdk.trace.export import ConsoleSpanExporter

from exai_sre.errors import MissingExtraError, SettingError
from exai_sre.tracing import configure_tracing, exporters

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
GRPC = {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}


def made(environ):
    found = exporters.exporters_of(environ)
    for exporter in found:
        exporter.shutdown()
    return [type(exporter) for exporter in found]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, []),
        ({"OTEL_TRACES_EXPORTER": "none"}, []),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, [OverHttp]),
        (ENDPOINT, [OverHttp]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, [OverHttp]),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, [OverHttp]),
        (GRPC, [OverGrpc]),
        ({**GRPC, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, [OverHttp]),
        ({"OTEL_TRACES_EXPORTER": " OTLP , console, otlp"}, [OverHttp, ConsoleSpanExporter]),
        ({"OTEL_TRACES_EXPORTER": "otlp_proto_http"}, [OverHttp]),
    ],
)
def test_exporters_are_those_that_the_environment_names(environ, expected):
    assert made(environ) == expected


@pytest.mark.parametrize(
    ("environ", "setting", "remedy"),
    [
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ({"OTEL_TRACES_EXPORTER": "jaeger"}, "OTEL_TRACES_EXPORTER", "Jaeger takes OTLP"),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER", "zipkin_json"),
        ({"OTEL_TRACES_EXPORTER": "otlp,nowhere"}, "OTEL_TRACES_EXPORTER", "otlp, console or none"),
    ],
)
def test_what_cannot_be_had_is_refused_with_a_remedy(environ, setting, remedy):
    with pytest.raises(SettingError, match=remedy) as raised:
        configure_tracing(service="s", environ=environ)
    assert raised.value.setting == setting


def test_any_installed_exporter_can_be_named(monkeypatch):
    class Installed:
        def shutdown(self) -> None:
            """Nothing waits."""

    entry = EntryPoint("zipkin_json", "made.up:Exporter", "opentelemetry_traces_exporter")
    monkeypatch.setattr(EntryPoint, "load", lambda self: Installed)
    monkeypatch.setattr(exporters, "entry_points", lambda **wanted: EntryPoints([entry]).select(**wanted))
    assert made({"OTEL_TRACES_EXPORTER": "zipkin_json"}) == [Installed]


def test_the_console_is_standard_error_as_standard_output_may_carry_a_protocol(capsys):
    tracing = configure_tracing(service="s", batch=False, share=False, environ={"OTEL_TRACES_EXPORTER": "console"})
    with tracing.start("call"):
        pass
    captured = capsys.readouterr()
    assert captured.out == ""
    assert '"name": "call"' in captured.err


def test_grpc_that_is_not_installed_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    with pytest.raises(MissingExtraError, match=r"exai-sre\[otel-grpc\]"):
        configure_tracing(service="s", environ=GRPC)
