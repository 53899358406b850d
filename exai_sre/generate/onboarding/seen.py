"""What was seen at somebody else's service: series put together into metric families."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exai_sre.metrics.instrument import Kind

__all__ = ["Meta", "SeenFamily", "SeenSeries", "Sighting", "families_of", "unit_of"]

_UNITS: Final = {"seconds": "seconds", "milliseconds": "milliseconds", "ms": "milliseconds", "bytes": "bytes",
                 "ratio": "ratio"}  # fmt: skip
_PARTS: Final = ("_bucket", "_count", "_sum")
_COUNTERS: Final = frozenset({"counter", "summary"})
_FINITE: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SeenSeries:
    """One series.

    Attributes:
        name: name of the series, suffixes included.
        labels: its labels.
        value: its value, in its unit; ``None`` where only its existence is known.
    """

    name: str
    labels: Mapping[str, str]
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Meta:
    """What an exporter says about a family.

    Attributes:
        kind: ``counter``, ``gauge``, ``histogram``, ``summary`` or any other word.
        help: its description.
        unit: its unit; empty where it says none.
    """

    kind: str = "unknown"
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SeenFamily:
    """A metric family of somebody else's.

    Attributes:
        name: name in the catalog: that of the series, or of a histogram without ``_bucket``.
        kind: counter, gauge or histogram; the parts of a summary are counters and a gauge.
        unit: unit by metadata or by name: ``seconds``, ``milliseconds``, ``bytes``, ``ratio`` or empty.
        help: description.
        labels: seen values by label, ordered; the empty value where a series lacks the label.
        bounds: finite bucket bounds, ascending, spelt as the exporter spells them.
        unborn: whether no series with labels stands at zero: a series then begins with its first event.
    """

    name: str
    kind: Kind
    unit: str = ""
    help: str = ""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bounds: tuple[str, ...] = ()
    unborn: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """Everything that was seen.

    Attributes:
        families: families by name, ordered by name.
        series: all series.
        origin: where they were seen, as the user named it.
        job: the one job that they belong to, where that is known.
    """

    families: Mapping[str, SeenFamily]
    series: Sequence[SeenSeries]
    origin: str = ""
    job: str = ""


def unit_of(name: str) -> str:
    """The unit that a name ends in, before ``_total``; empty where it ends in none."""
    return _UNITS.get(name.removesuffix("_total").rpartition("_")[2], "")


def families_of(series: Sequence[SeenSeries], metadata: Mapping[str, Meta], origin: str = "") -> Sighting:
    """Series as families.

    What says that a series belongs to a histogram is its ``le`` label, not its metadata, which a
    Prometheus may have lost.

    Args:
        series: what was seen.
        metadata: what is said of families, by the name that the exporter or Prometheus uses.
        origin: where they were seen.
    """
    histograms = {each.name.removesuffix("_bucket") for each in series if _is_bucket(each)}
    members: dict[str, list[SeenSeries]] = defaultdict(list)
    for each in series:
        name = _family_name(each.name, histograms)
        if not _is_birthday(name, histograms, metadata):
            members[name].append(each)
    made = {
        name: _family(name, members[name], _meta(name, metadata), is_histogram=name in histograms)
        for name in sorted(members)
    }
    return Sighting(made, series, origin)


def _is_bucket(series: SeenSeries) -> bool:
    return series.name.endswith("_bucket") and "le" in series.labels


def _family_name(name: str, histograms: set[str]) -> str:
    for part in _PARTS:
        if name.endswith(part) and name.removesuffix(part) in histograms:
            return name.removesuffix(part)
    return name


def _is_birthday(name: str, histograms: set[str], metadata: Mapping[str, Meta]) -> bool:
    """Whether it only says when another series began, as ``x_created`` does beside ``x_total``."""
    base = name.removesuffix("_created")
    return base != name and (base in histograms or base in metadata or f"{base}_total" in metadata)


def _meta(name: str, metadata: Mapping[str, Meta]) -> Meta:
    names = (name, name.removesuffix("_total"), *(name.removesuffix(part) for part in _PARTS))
    return next((metadata[each] for each in names if each in metadata), Meta())


def _family(name: str, members: Sequence[SeenSeries], meta: Meta, *, is_histogram: bool) -> SeenFamily:
    kind = "histogram" if is_histogram else _kind(name, meta)
    counted = [each for each in members if not (is_histogram and each.name.endswith(("_bucket", "_sum")))]
    bounds = {each.labels["le"] for each in members if _is_bucket(each)} if is_histogram else set()
    values = [each.value for each in counted if each.labels and each.value is not None]
    return SeenFamily(
        name=name,
        kind=kind,
        unit=meta.unit or unit_of(name),
        help=meta.help,
        labels=_labels(members),
        bounds=tuple(sorted((bound for bound in bounds if _FINITE.fullmatch(bound)), key=float)),
        unborn=kind != "gauge" and bool(values) and min(values) > 0,
    )


def _kind(name: str, meta: Meta) -> Kind:
    if meta.kind == "summary":
        return "counter" if name.endswith(("_count", "_sum")) else "gauge"
    return "counter" if meta.kind in _COUNTERS or (meta.kind == "unknown" and name.endswith("_total")) else "gauge"


def _labels(members: Sequence[SeenSeries]) -> dict[str, tuple[str, ...]]:
    names = sorted({name for each in members for name in each.labels} - {"le"})
    return {name: tuple(sorted({each.labels.get(name, "") for each in members})) for name in names}
