"""The catalog: every metric of a service, declared once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from exai_sre.errors import CatalogError
from exai_sre.metrics.cells import Store
from exai_sre.metrics.family import Counter, Family, Gauge, Histogram
from exai_sre.metrics.instrument import Across, Chart, Instrument, Kind, Label, NotCharted
from exai_sre.metrics.journal import Journal
from exai_sre.metrics.label_guard import LabelGuard
from exai_sre.metrics.reading import Reading, Source

__all__ = ["Catalog"]

FamilyT = TypeVar("FamilyT", bound="Family[Any]")

_FAMILIES: Final[dict[Kind, type[Counter | Gauge | Histogram]]] = {
    "counter": Counter,
    "gauge": Gauge,
    "histogram": Histogram,
}


def _shown_names(instrument: Instrument) -> tuple[str, ...]:
    """The names of an instrument's series and of its family, in either format; none where others choose them."""
    if instrument.foreign:
        return ()
    # OpenMetrics names the family of a counter without its suffix.
    return (*instrument.series_names, instrument.name.removesuffix("_total"))


class Catalog:
    """The set of a service's instruments, with the cells that hold their values.

    Declaring an equal instrument again returns the same family; a different one under the
    same name is an error, whatever the order of imports.

    Args:
        store: where values are kept; process memory by default.
        redact: removes secrets from the values of open labels; see :meth:`redact_labels`.
        now: seconds since the Unix epoch, for exemplars.

    Attributes:
        since: since when its numbers count where they outlive this process, seconds since the Unix epoch;
            ``None`` where they begin with it.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        redact: Callable[[str], str] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.since: float | None = None
        self._store = store or Store()
        self._guard = LabelGuard(redact)
        self._journal = Journal(now)
        self._families: dict[str, Counter | Gauge | Histogram] = {}
        self._shown: dict[str, str] = {}
        self._before_collect: list[Callable[[], None]] = []
        self._sources: list[Source] = []

    def counter(
        self,
        name: str,
        help: str,
        *,
        chart: Chart | NotCharted,
        labels: Sequence[Label] = (),
        unit: str = "",
        series_limit: int = 0,
    ) -> Counter:
        """Declare a counter; ``name`` ends in ``_total``."""
        made = Instrument(name, "counter", help, unit, tuple(labels), (), chart, series_limit=series_limit)
        return self._add(Counter, made)

    def gauge(
        self,
        name: str,
        help: str,
        *,
        chart: Chart | NotCharted,
        labels: Sequence[Label] = (),
        unit: str = "",
        across: Across = "sum",
        series_limit: int = 0,
    ) -> Gauge:
        """Declare a gauge; ``across`` says how the values of several processes become one."""
        made = Instrument(name, "gauge", help, unit, tuple(labels), (), chart, across=across, series_limit=series_limit)
        return self._add(Gauge, made)

    def histogram(
        self,
        name: str,
        help: str,
        *,
        buckets: Sequence[float],
        chart: Chart | NotCharted,
        labels: Sequence[Label] = (),
        unit: str = "seconds",
        series_limit: int = 0,
    ) -> Histogram:
        """Declare a histogram; ``buckets`` are finite upper bounds in the unit of the metric."""
        bounds = tuple(float(bound) for bound in buckets)
        made = Instrument(name, "histogram", help, unit, tuple(labels), bounds, chart, series_limit=series_limit)
        return self._add(Histogram, made)

    def declare(self, instrument: Instrument) -> Counter | Gauge | Histogram:
        """Declare an instrument that was made elsewhere, such as a foreign one.

        Raises:
            CatalogError: another one is declared under its name.
        """
        return self._add(_FAMILIES[instrument.kind], instrument)

    def _add(self, family: type[FamilyT], instrument: Instrument) -> FamilyT:
        known = self._families.get(instrument.name)
        if known is None:
            self._show(instrument)
            # Another thread may be declaring it too.
            made = family(instrument, self._store, self._guard, self._journal)
            known = self._families.setdefault(instrument.name, made)  # type: ignore[arg-type]
        if known.instrument != instrument or not isinstance(known, family):
            raise CatalogError(
                "is declared twice with different meanings",
                instrument=instrument.name,
                remedy="give one of the two another name",
            )
        return known

    def _show(self, instrument: Instrument) -> None:
        """Keep the names that an instrument has in a scrape for it alone."""
        names = _shown_names(instrument)
        for name in names:
            other = self._shown.get(name, instrument.name)
            if other != instrument.name:
                raise CatalogError(
                    f"is shown as {name}, as {other} is",
                    instrument=instrument.name,
                    remedy="give one of the two another name",
                )
        self._shown.update(dict.fromkeys(names, instrument.name))

    def before_collect(self, refresh: Callable[[], None]) -> None:
        """Call ``refresh`` before each exposition, to update gauges that are read on demand."""
        self._before_collect.append(refresh)

    def refresh(self) -> None:
        """Update the gauges that are read on demand."""
        for refresh in self._before_collect:
            refresh()

    def redact_labels(self, redact: Callable[[str], str]) -> None:
        """Remove secrets from the values of open labels from now on.

        It is called where a label value has no series yet; see
        :func:`~exai_sre.metrics.redaction.redacted_labels`. Series that exist already stay.
        """
        self._guard.redact = redact

    def clean_label(self, name: str, value: str) -> str:
        """A label value from elsewhere as it may be shown: redacted, and of bounded length."""
        return self._guard.clean(name, value)

    def add_source(self, source: Source) -> None:
        """Let every way out read ``source`` besides the catalog's own instruments.

        What the catalog declares takes precedence: a reading of the same name is left out.
        """
        self._sources.append(source)

    def readings(self) -> Iterator[Reading]:
        """What all ways out read: own instruments ordered by name, then those of the sources.

        Gauges that are read on demand are updated first. The points of a reading are made while
        they are read, so that a way out can pause between them.
        """
        self.refresh()
        for family in self.families():
            yield family.reading()
        yield from self._foreign()

    def _foreign(self) -> Iterator[Reading]:
        """The readings of the sources, but for those of names that are declared."""
        for source in self._sources:
            yield from (reading for reading in source() if reading.instrument.name not in self._families)

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
