"""OpenTelemetry's data points as readings: other libraries' numbers under Prometheus' names.

Source of the names: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/.
Exponential histograms are left out: their bounds move, and classic buckets must not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exai_sre.metrics.exemplar import Exemplar
from exai_sre.metrics.instrument import OVERFLOW, SERIES_LIMITS, Instrument, Kind, Label, NotCharted
from exai_sre.metrics.reading import Point, Reading
from exai_sre.names import LabelName

__all__ = ["foreign_readings"]

_NOT_PLAIN = re.compile(r"[^a-zA-Z0-9_]+")
_ANNOTATION = re.compile(r"\{[^}]*\}")
_UNITS: Final = {
    "s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "min": "minutes", "h": "hours",
    "d": "days", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "kBy": "kilobytes",
    "MBy": "megabytes", "GBy": "gigabytes", "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts",
    "g": "grams", "Cel": "celsius", "Hz": "hertz", "%": "percent",
}  # fmt: skip
_SECONDS: Final = 1e-9
_WHY_NOT: Final = NotCharted("another library's instrument")


@dataclass(slots=True)
class _Series:
    """The numbers of one set of attributes."""

    numbers: list[float]
    exemplars: list[Exemplar | None]

    def add(self, other: _Series) -> None:
        """Count the other one's events here too."""
        self.numbers = [mine + theirs for mine, theirs in zip(self.numbers, other.numbers, strict=True)]
        pairs = zip(other.exemplars, self.exemplars, strict=True)
        self.exemplars = [theirs or mine for theirs, mine in pairs]


@dataclass(slots=True)
class _Metric:
    """One metric of all scopes that have it."""

    name: str
    kind: Kind
    help: str
    unit: str
    bounds: tuple[float, ...]
    adds_up: bool
    series: dict[tuple[tuple[str, str], ...], _Series] = field(default_factory=dict)
    rest: _Series | None = None

    def put(self, labels: tuple[tuple[str, str], ...], made: _Series) -> None:
        """Take the numbers of one point; those beyond the limit go together where they add up."""
        known = self.series.get(labels)
        if known is None and len(self.series) >= SERIES_LIMITS[self.kind]:
            if self.rest is not None and self.adds_up:
                self.rest.add(made)
            else:
                self.rest = made
        elif known is None or not self.adds_up:
            self.series[labels] = made
        else:
            known.add(made)

    def reading(self) -> Reading:
        """Every series with every label: Prometheus takes an empty one for none."""
        names = sorted({name for labels in self.series for name, _ in labels})
        points = [
            Point(tuple(dict(labels).get(name, "") for name in names), made.numbers, made.exemplars)
            for labels, made in self.series.items()
        ]
        if self.rest is not None and self.adds_up:
            points.append(Point((OVERFLOW,) * len(names), self.rest.numbers, self.rest.exemplars))
        limit = SERIES_LIMITS[self.kind]
        instrument = Instrument(
            self.name,
            self.kind,
            self.help,
            self.unit,
            tuple(Label(name, bound=limit, foreign=True) for name in names),
            self.bounds,
            _WHY_NOT,
            foreign=True,
        )
        return Reading(instrument, sorted(points, key=lambda point: point.labels))


def foreign_readings(data: Any, clean: Callable[[str, str], str]) -> list[Reading]:
    """The readings of a collection, ordered by name.

    Two scopes with a metric of one name are told apart by the label ``otel_scope_name``. Of two kinds
    under one name the first counts.

    Args:
        data: OpenTelemetry's ``MetricsData`` of cumulative numbers.
        clean: takes the name and the value of a label, gives the value as it may be shown.
    """
    metrics: dict[str, _Metric] = {}
    for scope, metric in _metrics(data):
        made = _described(metric)
        if made is None:
            continue
        known = metrics.setdefault(made.name, made)
        if (known.kind, known.bounds) == (made.kind, made.bounds):
            for point in metric.data.data_points:
                known.put(_labels(point.attributes or {}, scope, clean), _series(point, made))
    return [metrics[name].reading() for name in sorted(metrics) if metrics[name].series]


def _metrics(data: Any) -> Iterator[tuple[str, Any]]:
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                yield scope.scope.name, metric


def _described(metric: Any) -> _Metric | None:
    """The metric without its points; ``None`` where it has none, or of a kind that is not known."""
    data = metric.data
    first = next(iter(data.data_points), None)
    if first is None or hasattr(first, "scale"):
        return None
    bounds = tuple(float(bound) for bound in getattr(first, "explicit_bounds", ()))
    monotonic = getattr(data, "is_monotonic", None)
    kind: Kind = "histogram" if hasattr(first, "bucket_counts") else "counter" if monotonic else "gauge"
    if kind == "histogram" and not bounds:
        return None
    unit = _unit(metric.unit or "", kind)
    adds_up = kind != "gauge" or monotonic is not None
    return _Metric(_name(metric.name, unit, kind), kind, metric.description or "", unit, bounds, adds_up)


def _unit(unit: str, kind: Kind) -> str:
    if unit == "1":
        return "ratio" if kind == "gauge" else ""
    known, per, over = _ANNOTATION.sub("", unit).partition("/")
    words = [_UNITS.get(known, known), "per" if per and over else "", _UNITS.get(over, over).removesuffix("s")]
    return _plain("_".join(word for word in words if word)) if known or over else ""


def _name(name: str, unit: str, kind: Kind) -> str:
    plain = _plain(name).removesuffix("_total")
    if unit and not plain.endswith(f"_{unit}"):
        plain = f"{plain}_{unit}"
    return f"{plain}_total" if kind == "counter" else plain


def _plain(name: str) -> str:
    clean = _NOT_PLAIN.sub("_", name).strip("_") or "_"
    return f"_{clean}" if clean[0].isdigit() else clean


def _label(key: str) -> str:
    """The label of an attribute; ``le`` is a histogram's own, and gets the prefix that Prometheus gives to clashes."""
    name = _plain(key)
    return f"exported_{name}" if name == "le" else name


def _labels(attributes: Mapping[str, Any], scope: str, clean: Callable[[str, str], str]) -> tuple[tuple[str, str], ...]:
    labels = {LabelName.OTEL_SCOPE: scope}
    for key, value in sorted(attributes.items()):
        name = _label(key)
        text = clean(name, str(value).lower() if isinstance(value, bool) else str(value))
        labels[name] = f"{labels[name]};{text}" if name in labels else text
    return tuple(sorted(labels.items()))


def _series(point: Any, metric: _Metric) -> _Series:
    exemplars: list[Exemplar | None] = [None] * (len(metric.bounds) + 1)
    for each in point.exemplars or ():
        if each.trace_id:
            at = bisect_left(metric.bounds, each.value)
            exemplars[at] = Exemplar(f"{each.trace_id:032x}", float(each.value), each.time_unix_nano * _SECONDS)
    if metric.kind == "histogram":
        return _Series([float(count) for count in point.bucket_counts] + [float(point.sum)], exemplars)
    return _Series([float(point.value)], exemplars if metric.kind == "counter" else [None])
