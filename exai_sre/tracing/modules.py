"""The one file of this package that imports OpenTelemetry, and says which extra brings what is missing."""

from __future__ import annotations

import sys
from typing import Any

from exai_sre.extras import require

__all__ = [
    "api",
    "client_instrumentor",
    "grpc_exporters",
    "http_exporters",
    "loaded_api",
    "loaded_suppression",
    "sdk",
]


def api(module: str) -> Any:
    """A module of OpenTelemetry's API, such as ``trace``."""
    return require(f"opentelemetry.{module}", package="opentelemetry-api", extra="otel")


def sdk(module: str) -> Any:
    """A module of OpenTelemetry's SDK, such as ``trace.export``."""
    return require(f"opentelemetry.sdk.{module}", package="opentelemetry-sdk", extra="otel")


def http_exporters() -> Any:
    """The module with the OTLP/HTTP span exporter."""
    return require(
        "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        package="opentelemetry-exporter-otlp-proto-http",
        extra="otel",
    )


def grpc_exporters() -> Any:
    """The module with the OTLP/gRPC span exporter."""
    return require(
        "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
        package="opentelemetry-exporter-otlp-proto-grpc",
        extra="otel-grpc",
    )


def client_instrumentor() -> Any:
    """The module that instruments aiohttp's client."""
    return require(
        "opentelemetry.instrumentation.aiohttp_client",
        package="opentelemetry-instrumentation-aiohttp-client",
        extra="otel",
    )


def loaded_api() -> Any | None:
    """The API's module about traces, if somebody has loaded it."""
    return sys.modules.get("opentelemetry.trace")


def loaded_suppression() -> Any | None:
    """The module that switches HTTP instrumentation off, if some instrumentation has loaded it."""
    return sys.modules.get("opentelemetry.instrumentation.utils")
