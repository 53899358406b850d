"""Where spans go by the ``OTEL_*`` variables: OTLP over HTTP or gRPC, standard error, or an installed exporter."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Final

from exai_sre.errors import SettingError
from exai_sre.tracing import modules

__all__ = ["exporters_of"]

_EXPORTERS: Final = "OTEL_TRACES_EXPORTER"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_GROUP: Final = "opentelemetry_traces_exporter"
_NOTHING: Final = "none"
_OTLP: Final = "otlp"
_CONSOLE: Final = "console"
_REMEDIES: Final = {
    "jaeger": "Jaeger takes OTLP: leave it out and set OTEL_EXPORTER_OTLP_ENDPOINT",
    "zipkin": "send OTLP to Zipkin or a Collector, or install opentelemetry-exporter-zipkin-json and say zipkin_json",
}
_REMEDY: Final = "use otlp, console or none, or install the distribution that brings it"


def exporters_of(environ: Mapping[str, str]) -> list[Any]:
    """New span exporters, as many as ``OTEL_TRACES_EXPORTER`` names.

    Where it names none, OTLP is used if an OTLP endpoint is set. What exporters want to know
    besides (headers, certificates, timeouts) they read from the environment of the process.

    Raises:
        SettingError: an exporter or protocol is unknown.
        MissingExtraError: what a protocol needs is not installed.
    """
    asked = [name.strip().lower() for name in environ.get(_EXPORTERS, "").split(",")]
    names = dict.fromkeys(name for name in asked if name)
    if not names and any(environ.get(name, "").strip() for name in _ENDPOINTS):
        names = {_OTLP: None}
    return [_exporter(name, environ) for name in names if name != _NOTHING]


def _exporter(name: str, environ: Mapping[str, str]) -> Any:
    if name == _OTLP:
        return _otlp(environ)
    if name == _CONSOLE:
        # Standard output may carry a protocol, as it does for an MCP server over stdio.
        return modules.sdk("trace.export").ConsoleSpanExporter(out=sys.stderr)
    for entry in entry_points(group=_GROUP, name=name):
        return entry.load()()
    raise SettingError(_EXPORTERS, name, "is no exporter that is installed", remedy=_REMEDIES.get(name, _REMEDY))


def _otlp(environ: Mapping[str, str]) -> Any:
    for variable in _PROTOCOLS:
        protocol = environ.get(variable, "").strip().lower()
        if protocol == "grpc":
            return modules.grpc_exporters().OTLPSpanExporter()
        if protocol == "http/protobuf":
            break
        if protocol:
            raise SettingError(variable, protocol, "is not supported", remedy="set it to http/protobuf or grpc")
    return modules.http_exporters().OTLPSpanExporter()
