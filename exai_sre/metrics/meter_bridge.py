"""Instruments of other libraries, written to OpenTelemetry's meters, on the same ways out as ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, Final

from exai_sre.metrics import otel
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.otel_points import foreign_readings
from exai_sre.metrics.reading import Reading

__all__ = ["MeterBridge", "bridge_meters"]

_REMEMBERED: Final = 4096


class MeterBridge:
    """Collects from a meter provider whenever the catalog is read.

    Args:
        catalog: whose ways out the numbers take; its redaction applies to the values of attributes.
        resource: OpenTelemetry's resource attributes.

    Attributes:
        provider: the ``MeterProvider`` that other libraries write to.

    Raises:
        MissingExtraError: the SDK is not installed.
    """

    def __init__(self, catalog: Catalog, resource: Mapping[str, str]) -> None:
        self._catalog = catalog
        self._latest: Any = None
        self._cleaned: dict[tuple[str, str], str] = {}
        self._reading = Lock()
        self.provider, self._collect = otel.meter_provider(self._receive, otel.resource_of(resource))
        catalog.add_source(self.readings)

    def _receive(self, data: Any) -> None:
        self._latest = data

    def readings(self) -> Iterable[Reading]:
        """The present numbers of all instruments of the provider; the last ones once it is shut down."""
        with self._reading:
            self._collect()
            data = self._latest
        return foreign_readings(data, self._clean) if data is not None else ()

    def _clean(self, name: str, value: str) -> str:
        known = self._cleaned.get((name, value))
        if known is None:
            known = self._catalog.clean_label(name, value)
            if len(self._cleaned) < _REMEMBERED:
                self._cleaned[name, value] = known
        return known

    def shutdown(self) -> None:
        """Stop collecting."""
        self.provider.shutdown()


def bridge_meters(catalog: Catalog, *, resource: Mapping[str, str] | None = None) -> MeterBridge | None:
    """Let the metrics of OpenTelemetry instrumentations come out where the catalog's do.

    Call it once, before or after those libraries make their instruments. Where the application has
    set a meter provider, nothing is done: its metrics go where it sends them already, and a second
    way out would show each of them twice.

    Args:
        catalog: whose scrape and OTLP push the numbers join.
        resource: OpenTelemetry's resource attributes.

    Returns:
        The bridge, or ``None`` where the application has a meter provider.

    Raises:
        MissingExtraError: the SDK is not installed.
    """
    if otel.existing_meter_provider() is not None:
        return None
    bridge = MeterBridge(catalog, resource or {})
    otel.share_meter_provider(bridge.provider)
    return bridge
