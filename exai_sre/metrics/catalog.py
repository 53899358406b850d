"""The catalog: every metric of a service, declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from exai_sre.errors import CatalogError
from exai_sre.metrics.cells import Store
from exai_sre.metrics.family import Counter, Family, Gauge, Histogram
from exai_sre.metrics.instrument import Chart, Instrument, Kind, Label, NotCharted

__all__ = ["Catalog"]

FamilyT = TypeVar("FamilyT", bound="Family[Any]")

_FAMILIES: Final[dict[Kind, type[Counter | Gauge | Histogram]]] = {
    "counter": Counter,
    "gauge": Gauge,
    "histogram": Histogram,
}


class Catalog:
    """The set of a service's instruments, with the cells that hold their values.

    Declaring an equal instrument again returns the same family; a different one under the
    same name is an error, whatever the order of imports.

    Args:
        store: where values are kept; process memory by default.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store or Store()
        self._families: dict[str, Counter | Gauge | Histogram] = {}
        self._before_collect: list[Callable[[], None]] = []

    def counter(
        self, name: str, help: str, *, chart: Chart | NotCharted, labels: Sequence[Label] = (), unit: str = ""
    ) -> Counter:
        """Declare a counter; ``name`` ends in ``_total``."""
        return self._declare(Counter, "counter", name, help, unit, labels, (), chart)

    def gauge(
        self, name: str, help: str, *, chart: Chart | NotCharted, labels: Sequence[Label] = (), unit: str = ""
    ) -> Gauge:
        """Declare a gauge."""
        return self._declare(Gauge, "gauge", name, help, unit, labels, (), chart)

    def histogram(
        self,
        name: str,
        help: str,
        *,
        buckets: Sequence[float],
        chart: Chart | NotCharted,
        labels: Sequence[Label] = (),
        unit: str = "seconds",
    ) -> Histogram:
        """Declare a histogram; ``buckets`` are finite upper bounds in the unit of the metric."""
        return self._declare(Histogram, "histogram", name, help, unit, labels, buckets, chart)

    def _declare(
        self,
        family: type[FamilyT],
        kind: Kind,
        name: str,
        help: str,
        unit: str,
        labels: Sequence[Label],
        buckets: Sequence[float],
        chart: Chart | NotCharted,
    ) -> FamilyT:
        bounds = tuple(float(bound) for bound in buckets)
        return self._add(family, Instrument(name, kind, help, unit, tuple(labels), bounds, chart))

    def declare(self, instrument: Instrument) -> Counter | Gauge | Histogram:
        """Declare an instrument that was made elsewhere, such as a foreign one.

        Raises:
            CatalogError: another one is declared under its name.
        """
        return self._add(_FAMILIES[instrument.kind], instrument)

    def _add(self, family: type[FamilyT], instrument: Instrument) -> FamilyT:
        known = self._families.get(instrument.name)
        if known is None:
            made = family(instrument, self._store)
            self._families[instrument.name] = made  # type: ignore[assignment]
            return made
        if known.instrument != instrument or not isinstance(known, family):
            raise CatalogError(
                "is declared twice with different meanings",
                instrument=instrument.name,
                remedy="give one of the two another name",
            )
        return known

    def before_collect(self, refresh: Callable[[], None]) -> None:
        """Call ``refresh`` before each exposition, to update gauges that are read on demand."""
        self._before_collect.append(refresh)

    def refresh(self) -> None:
        """Update the gauges that are read on demand."""
        for refresh in self._before_collect:
            refresh()

    def family(self, name: str) -> Counter | Gauge | Histogram:
        """The family of that name.

        Raises:
            CatalogError: no instrument of that name is declared.
        """
        try:
            return self._families[name]
        except KeyError:
            raise CatalogError("is not declared in the catalog", instrument=name) from None

    def get(self, name: str) -> Instrument | None:
        """The declaration of that name, or ``None``."""
        family = self._families.get(name)
        return family.instrument if family else None

    def by_series(self, series: str) -> Instrument | None:
        """The declaration that yields a scraped series name, such as ``x_bucket`` for ``x``."""
        exact = self.get(series)
        if exact is not None and series in exact.series_names:
            return exact
        base = self.get(series.rpartition("_")[0])
        return base if base is not None and series in base.series_names else None

    def families(self) -> list[Counter | Gauge | Histogram]:
        """All families, ordered by name."""
        return [self._families[name] for name in sorted(self._families)]

    def __iter__(self) -> Iterator[Instrument]:
        """The declarations, ordered by name."""
        return (family.instrument for family in self.families())

    def __len__(self) -> int:
        """Number of declared instruments."""
        return len(self._families)
