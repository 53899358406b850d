"""Which series exist, and which labels they carry: the catalog's, the recorded ones, Prometheus's own."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.checks.promql import output_labels
from exai_sre.generate.checks.subject import Subject
from exai_sre.generate.coverage import COVERAGE
from exai_sre.generate.series import Series, ratio_name
from exai_sre.metrics import Catalog
from exai_sre.slo.windows import BURN_WINDOWS, format_duration

__all__ = ["BY_PROMETHEUS", "KnownSeries", "recorded_names"]

BY_PROMETHEUS: Final = {
    "ALERTS": frozenset({"alertname", "alertstate"}),
    "ALERTS_FOR_STATE": frozenset({"alertname"}),
    "scrape_duration_seconds": frozenset({"instance", "job"}),
    "scrape_samples_scraped": frozenset({"instance", "job"}),
    "up": frozenset({"instance", "job"}),
}
"""Series that Prometheus makes by itself, with the labels that are always there."""

_OF_TARGETS: Final = frozenset({"instance", "job"})
_GENERATED: Final = frozenset(
    {COVERAGE}
    | {value for name, value in vars(Series).items() if name.isupper() and name != "RATIO"}
    | {ratio_name(format_duration(window)) for window in BURN_WINDOWS}
)


def recorded_names(subject: Subject) -> frozenset[str]:
    """Names of recorded series: those of the rules that were read, or of those that are generated."""
    read = frozenset(rule.name for rule in subject.recording)
    return read or _GENERATED


class KnownSeries:
    """The series that can exist where the subject's files are loaded.

    Args:
        subject: everything that was read.
        catalog: the service's catalog.
    """

    def __init__(self, subject: Subject, catalog: Catalog) -> None:
        self._catalog = catalog
        self._names = recorded_names(subject)
        self._labels: dict[str, frozenset[str] | None] = {}
        # Rules may read what other rules record: a second round knows what the first one found.
        for _ in range(2):
            self._labels = self._round(subject)

    def _round(self, subject: Subject) -> dict[str, frozenset[str] | None]:
        found: dict[str, frozenset[str] | None] = {}
        for rule in subject.recording:
            out = output_labels(rule.query.tree, self.labels) if rule.query.tree is not None else None
            before = found.get(rule.name, frozenset())
            found[rule.name] = None if out is None or before is None else before | out | frozenset(rule.labels)
        return found

    def exists(self, series: str) -> bool:
        """Whether something yields a series of this name."""
        return series in self._names or series in BY_PROMETHEUS or self._catalog.by_series(series) is not None

    def labels(self, series: str) -> frozenset[str] | None:
        """Labels of a series; ``None`` where they are open or the series is unknown."""
        if series in self._labels:
            return self._labels[series]
        if series in ("ALERTS", "ALERTS_FOR_STATE"):
            return None
        if series in BY_PROMETHEUS:
            return BY_PROMETHEUS[series]
        instrument = self._catalog.by_series(series)
        if instrument is None:
            return None
        return frozenset(instrument.label_names) | _OF_TARGETS | ({"le"} if series.endswith("_bucket") else set())
