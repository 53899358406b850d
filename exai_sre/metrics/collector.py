"""The catalog as a prometheus_client ``Collector``, beside whatever else a registry holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exai_sre.extras import require
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.exemplar import Exemplar
from exai_sre.metrics.exposition import exposition
from exai_sre.metrics.reading import Reading

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
        """The families with their present values: own ones ordered by name, then those of other sources."""
        return (self._family(reading) for reading in self._catalog.readings())

    def _family(self, reading: Reading) -> Metric:
        instrument = reading.instrument
        metric: Metric = self._core.Metric(instrument.name.removesuffix("_total"), instrument.help, instrument.kind)
        if instrument.kind == "histogram":
            self._add_histograms(metric, reading)
            return metric
        for point in reading.points:
            labels = dict(zip(instrument.label_names, point.labels, strict=True))
            exemplar = self._exemplar(point.exemplars[0]) if point.exemplars else None
            metric.add_sample(instrument.name, labels, point.numbers[0], None, exemplar)
        return metric

    def _add_histograms(self, metric: Metric, reading: Reading) -> None:
        instrument = reading.instrument
        bounds = [self._float(bound) for bound in (*instrument.buckets, float("inf"))]
        for point in reading.points:
            labels = dict(zip(instrument.label_names, point.labels, strict=True))
            exemplars = point.exemplars or (None,) * len(bounds)
            count = 0.0
            for bound, number, exemplar in zip(bounds, point.numbers, exemplars, strict=False):
                count += number
                shown = self._exemplar(exemplar)
                metric.add_sample(f"{instrument.name}_bucket", {**labels, "le": bound}, count, None, shown)
            metric.add_sample(f"{instrument.name}_count", labels, count)
            metric.add_sample(f"{instrument.name}_sum", labels, point.numbers[-1])

    def _exemplar(self, exemplar: Exemplar | None) -> PrometheusExemplar | None:
        if exemplar is None:
            return None
        made: PrometheusExemplar = self._core.Exemplar(
            {"trace_id": exemplar.trace_id}, exemplar.value, round(exemplar.time, 3)
        )
        return made
