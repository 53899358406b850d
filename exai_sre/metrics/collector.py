"""The way out: cells as prometheus_client families, in Prometheus text or OpenMetrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exai_sre.extras import require
from exai_sre.metrics.bound import Exemplar
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.family import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.samples import Exemplar as PrometheusExemplar

__all__ = ["CatalogCollector", "exposition"]


class CatalogCollector:
    """A prometheus_client ``Collector`` over a catalog.

    Register it with any ``CollectorRegistry`` to serve our metrics beside others::

        registry.register(CatalogCollector(catalog))

    Args:
        catalog: the catalog to read at collection time.

    Raises:
        MissingExtraError: prometheus-client is not installed.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._core = require("prometheus_client.core", package="prometheus-client", extra="all")
        self._float = require("prometheus_client.utils", package="prometheus-client", extra="all").floatToGoString

    def describe(self) -> list[Metric]:
        """No families: names are known from the catalog, so registration collects nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families with their present values, ordered by name."""
        self._catalog.refresh()
        for family in self._catalog.families():
            yield self._family(family)

    def _family(self, family: Counter | Gauge | Histogram) -> Metric:
        instrument = family.instrument
        metric: Metric = self._core.Metric(instrument.name.removesuffix("_total"), instrument.help, instrument.kind)
        names = instrument.label_names
        if isinstance(family, Histogram):
            bounds = [self._float(bound) for bound in (*instrument.buckets, float("inf"))]
            for histogram in family.series():
                labels = dict(zip(names, histogram.values, strict=True))
                cumulative = 0.0
                for at, (bound, count) in enumerate(zip(bounds, histogram.buckets, strict=True)):
                    cumulative += count
                    exemplar = self._exemplar(histogram.exemplar(at))
                    metric.add_sample(f"{instrument.name}_bucket", {**labels, "le": bound}, cumulative, None, exemplar)
                metric.add_sample(f"{instrument.name}_count", labels, cumulative)
                metric.add_sample(f"{instrument.name}_sum", labels, histogram.sum)
        elif isinstance(family, Counter):
            for counter in family.series():
                labels = dict(zip(names, counter.values, strict=True))
                metric.add_sample(instrument.name, labels, counter.value, None, self._exemplar(counter.exemplar))
        else:
            for gauge in family.series():
                metric.add_sample(instrument.name, dict(zip(names, gauge.values, strict=True)), gauge.value)
        return metric

    def _exemplar(self, exemplar: Exemplar | None) -> PrometheusExemplar | None:
        if exemplar is None:
            return None
        made: PrometheusExemplar = self._core.Exemplar(
            {"trace_id": exemplar.trace_id}, exemplar.value, round(exemplar.time, 3)
        )
        return made


def exposition(catalog: Catalog, accept: str = "") -> tuple[bytes, str]:
    """The catalog as a scrape response.

    Args:
        catalog: what to expose.
        accept: the ``Accept`` header of the scrape; OpenMetrics, which alone carries exemplars,
            is sent to those who ask for it.

    Returns:
        The body and its content type.
    """
    client = require("prometheus_client", package="prometheus-client", extra="all")
    formats = require("prometheus_client.exposition", package="prometheus-client", extra="all")
    registry = client.CollectorRegistry()
    registry.register(CatalogCollector(catalog))
    encode, content_type = formats.choose_encoder(accept)
    return encode(registry), content_type
