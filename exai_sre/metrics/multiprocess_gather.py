"""Gathering: the words of all processes poured into a catalog in memory, which every way out can read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from exai_sre.metrics.bound import BoundGauge, BoundSeries
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.cell_records import counted_words, series_key
from exai_sre.metrics.cells import WORD, Store
from exai_sre.metrics.family import Counter, Gauge, Histogram
from exai_sre.metrics.multiprocess_merge import added_up, one_of_many
from exai_sre.metrics.multiprocess_sources import Part, Sources
from exai_sre.metrics.reading import Point, Reading

__all__ = ["GatheredCatalog"]


@dataclass(slots=True)
class _Target:
    """One series of the catalog in memory and the words that go into it.

    There is one for each series, whose parts are replaced: a reader that is half through the old ones
    would else put an old total in place of a newer one.
    """

    series: BoundSeries
    parts: list[Part]
    seen: bytes = b""
    words: bytes = b""


class GatheredCatalog(Catalog):
    """A catalog in memory of what all processes of a group have written.

    Every way out reads it like any other, and gets the numbers of the moment: a series is added up
    when it is read, and only if its bytes have changed in some process; most are idle most of the
    time. Series of another shape, left by another release, are passed over.

    Args:
        sources: the group's files.
        declared: the catalog whose instruments are gathered.
        store: where the sums are kept.
    """

    def __init__(self, sources: Sources, declared: Catalog, store: Store) -> None:
        super().__init__(store)
        self._group = sources
        self._declared = declared
        self._targets: dict[str, tuple[int, list[_Target]]] = {}

    def redact_labels(self, redact: Callable[[str], str]) -> None:
        """See :meth:`Catalog.redact_labels`; what others' instruments show here is redacted as what is declared."""
        self._declared.redact_labels(redact)

    def clean_label(self, name: str, value: str) -> str:
        """See :meth:`Catalog.clean_label`."""
        return self._declared.clean_label(name, value)

    def refresh(self) -> None:
        """Bring every series up to date."""
        super().refresh()
        self.gather()

    def gather(self, names: Collection[str] | None = None) -> None:
        """Bring series up to date.

        Args:
            names: instruments that are wanted, or ``None`` for all.
        """
        for family in self._looked(names):
            for target in self._targets_of(family):
                self._pour(family, target)

    def readings(self) -> Iterator[Reading]:
        """See :meth:`Catalog.readings`; each series is added up when it is its turn, so that nothing takes long."""
        super().refresh()
        for family in self._looked(None):
            yield Reading(family.instrument, self._points(family))
        yield from self._foreign()

    def _looked(self, names: Collection[str] | None) -> list[Counter | Gauge | Histogram]:
        """The families that are wanted, after a look at what this process declares and all processes have."""
        self._declared.refresh()
        with self._group.lock:
            self._group.refresh()
        found = [one.instrument for one in self._declared.families()]
        return [self.declare(instrument) for instrument in found if names is None or instrument.name in names]

    def _points(self, family: Counter | Gauge | Histogram) -> Iterator[Point]:
        for target in self._targets_of(family):
            self._pour(family, target)
            yield target.series.point()

    def _pour(self, family: Counter | Gauge | Histogram, target: _Target) -> None:
        # One series at a time: who makes one meanwhile, as a rule the event loop, waits for the lock.
        with self._group.lock:
            if isinstance(target.series, BoundGauge):
                values = [part.cells.cast("d")[0] for part in target.parts if not part.file.dead]
                target.series.set(one_of_many(values, family.instrument.across))
            else:
                _pour_counts(family, target)

    def _targets_of(self, family: Counter | Gauge | Histogram) -> list[_Target]:
        """The series of a family, ordered by label values, with their parts as of the last look."""
        name = family.instrument.name
        with self._group.lock:
            changed = self._group.changed.get(name, 0)
            known = self._targets.get(name)
            if known is None or known[0] != changed:
                known = self._targets[name] = (changed, self._looked_up(family, known[1] if known else []))
            return known[1]

    def _looked_up(self, family: Counter | Gauge | Histogram, known: list[_Target]) -> list[_Target]:
        before = {target.series: target for target in known}
        targets: list[_Target] = []
        kind, name, shape, _ = series_key(family.instrument, ())
        labels = len(family.instrument.labels)
        for key, parts in sorted(self._group.series.get(name, {}).items()):
            if (key.kind, key.shape, len(key.values)) == (kind, shape, labels):
                series: BoundSeries = family.adopt(key.values)
                target = before.get(series) or _Target(series, [])
                target.parts = parts[:]
                targets.append(target)
                before.pop(series, None)
        for series in before:
            family.forget(series.values)
        return targets


def _pour_counts(family: Counter | Gauge | Histogram, target: _Target) -> None:
    views = [part.cells for part in target.parts]
    now = b"".join(views)
    if not views or now == target.seen:
        return
    copies = [bytes(view) for view in views]
    again = [bytes(view) for view in views]
    counted = counted_words("h" if isinstance(family, Histogram) else "c", len(copies[0]) // WORD)
    target.words = added_up(copies, again, counted, target.words)
    target.seen = now
    target.series.load(target.words)
