"""What a metric is, declared once: name, labels, unit, help, and how it is charted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal

from exai_sre.errors import CatalogError
from exai_sre.outcome import Outcome

__all__ = [
    "OTHER",
    "OUTCOME_VALUES",
    "OVERFLOW",
    "SERIES_LIMITS",
    "Across",
    "Chart",
    "Instrument",
    "Kind",
    "Label",
    "NotCharted",
]

Kind = Literal["counter", "gauge", "histogram"]
"""Kind of a metric family, in Prometheus terms."""

Across = Literal["sum", "max", "min"]
"""How the values that several processes have of one gauge become one; those that are NaN are left out."""

OTHER = "_OTHER"
"""Label value that stands for every value outside a closed set (semantic conventions' word)."""

OVERFLOW = "__overflow__"
"""Label value that stands for every value beyond an open label's bound or an instrument's series limit."""

SERIES_LIMITS: Final[dict[Kind, int]] = {"counter": 2000, "gauge": 2000, "histogram": 1000}
"""Series of one instrument where its declaration names no other limit: two thousand, as OpenTelemetry's
specification has it, and half of that for histograms, which keep one instrument below 2 MB."""

OUTCOME_VALUES = tuple(outcome.value for outcome in Outcome)
"""Allowed values of an ``outcome`` label."""

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*", re.ASCII)
_CLASS = re.compile(r"[1-5]\.\.", re.ASCII)


@dataclass(frozen=True, slots=True)
class Label:
    """A label with either its allowed values or a bound on how many it may take.

    Attributes:
        name: label name.
        values: allowed values; any other is counted under :data:`OTHER`. Empty for an open label.
        bound: for an open label, how many distinct values get a series of their own; the rest
            is counted under :data:`OVERFLOW`.
        foreign: whether somebody else exports it, under any name that Prometheus takes.
    """

    name: str
    values: tuple[str, ...] = ()
    bound: int = 0
    foreign: bool = False

    def __post_init__(self) -> None:
        if not (_is_foreign_name(self.name) if self.foreign else _LABEL.fullmatch(self.name)):
            raise CatalogError("is no valid label name", instrument=self.name)
        if bool(self.values) == bool(self.bound):
            raise CatalogError("a label has either values or a bound", instrument=self.name)

    def allows(self, value: str) -> bool:
        """Whether a series with this label value can exist, or one of that class of status codes (``5..``)."""
        if self.values:
            return value == OTHER or any(_fits(value, known) for known in self.values)
        return True


def _fits(value: str, known: str) -> bool:
    return value == known or (_CLASS.fullmatch(value) is not None and len(known) == 3 and known[0] == value[0])


def _is_foreign_name(name: str) -> bool:
    """Whether Prometheus takes the name; from version 3 on that is any text, but for what it keeps to itself."""
    return bool(name) and name.isprintable() and not name.startswith("__")


@dataclass(frozen=True, slots=True)
class Chart:
    """How an instrument is drawn on a generated dashboard.

    Attributes:
        dashboard: name of the dashboard, such as ``overview``.
        title: panel title.
        shows: ``rate`` (events per second), ``value`` (a gauge as it is), ``quantiles``
            (p50, p95, p99 of a histogram), ``heatmap``, or ``states`` (a gauge as a state timeline).
        by: label names that become one line each.
        states: for ``states``, the text of each value from 0 on.
    """

    dashboard: str
    title: str
    shows: Literal["rate", "value", "quantiles", "heatmap", "states"]
    by: tuple[str, ...] = ()
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotCharted:
    """Why an instrument stands on no dashboard.

    Attributes:
        reason: one sentence.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """A declared metric family.

    Attributes:
        name: name of the family as Prometheus sees it, suffixes included.
        kind: counter, gauge or histogram.
        help: one sentence for the exposition and the reference.
        unit: base unit in Prometheus terms (``seconds``, ``bytes``, ``ratio``), empty for counts.
        labels: the labels of each series, in declaration order.
        buckets: upper bounds of a histogram, ascending, without infinity; in the unit of the metric.
        chart: how it is charted, or why not.
        foreign: whether somebody else exports it; our rules on names do not bind others.
        across: for a gauge, how the values of several living processes become one.
        series_limit: how many series get numbers of their own; beyond it the values of open labels become
            :data:`OVERFLOW`, those of closed labels stay. 0 for what :data:`SERIES_LIMITS` says.
    """

    name: str
    kind: Kind
    help: str
    unit: str
    labels: tuple[Label, ...]
    buckets: tuple[float, ...]
    chart: Chart | NotCharted
    foreign: bool = False
    across: Across = "sum"
    series_limit: int = 0

    def __post_init__(self) -> None:
        if not (_is_foreign_name(self.name) if self.foreign else _NAME.fullmatch(self.name)):
            raise CatalogError("is no valid metric name", instrument=self.name)
        if not self.foreign and (self.kind == "counter") != self.name.endswith("_total"):
            raise CatalogError("a counter's name ends in _total, and only a counter's", instrument=self.name)
        if (self.kind == "histogram") != bool(self.buckets):
            raise CatalogError("a histogram has buckets, and only a histogram", instrument=self.name)
        if not self.foreign and not all(map(isfinite, self.buckets)):
            raise CatalogError(
                "the bounds of buckets are finite",
                instrument=self.name,
                remedy="leave out what is infinite or no number: a bucket +Inf is always there",
            )
        if list(self.buckets) != sorted(set(self.buckets)):
            raise CatalogError("buckets must ascend without repeats", instrument=self.name)
        names = self.label_names
        if len(set(names)) != len(names) or "le" in names:
            raise CatalogError("label names repeat or include the reserved 'le'", instrument=self.name)
        if self.series_limit < 0:
            raise CatalogError(
                "a series limit is not negative", instrument=self.name, remedy="leave it out, or give 1 or more"
            )

    @property
    def most_series(self) -> int:
        """Series that get numbers of their own, whatever values callers come up with."""
        return self.series_limit or SERIES_LIMITS[self.kind]

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in declaration order."""
        return tuple(label.name for label in self.labels)

    @property
    def series_names(self) -> tuple[str, ...]:
        """Names of the series that a scrape of this family yields."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
        return (self.name,)

    def label(self, name: str) -> Label | None:
        """The label of that name, or ``None``."""
        return next((label for label in self.labels if label.name == name), None)
