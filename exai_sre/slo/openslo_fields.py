"""Single fields of OpenSLO: names, texts, labels, durations and numbers, as strict as the reference SDK.

Source: OpenSLO v1 specification and the validation of OpenSLO/go-sdk 0.9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.windows import DAY, HOUR, MINUTE, WEEK

__all__ = [
    "ANNOTATION_KEY",
    "EXTENSION",
    "LABEL_KEY",
    "LONGEST_DESCRIPTION",
    "LONGEST_DISPLAY_NAME",
    "NAME",
    "OPERATORS",
    "UNITS",
    "Duration",
    "Metadata",
    "Reference",
    "one_of",
    "read_description",
    "read_duration",
    "read_fraction",
    "read_metadata",
    "read_name",
    "read_reference",
]

EXTENSION: Final = "exai-sre/"
"""Prefix of the annotations that mean something to this library."""

OPERATORS: Final = ("gt", "gte", "lt", "lte")
"""Comparisons of OpenSLO."""

UNITS: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "M": 30 * DAY, "Q": 90 * DAY, "Y": 365 * DAY}
"""Units of a duration with their length in seconds; that of months, quarters and years is nominal."""

LONGEST_DISPLAY_NAME: Final = 63
"""Characters."""
LONGEST_DESCRIPTION: Final = 1050
"""Characters."""

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
"""A label as in RFC 1123: what names an object."""
LABEL_KEY: Final = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?", re.ASCII)
"""Key of a label."""
ANNOTATION_KEY: Final = re.compile(
    r"(?=(?:.{0,253}/)?.{0,63}\Z)(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*/)?[a-zA-Z0-9](?:[-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?",
    re.ASCII,
)
"""Key of an annotation: a name, possibly behind a domain and a slash."""

_DURATION = re.compile(r"(\d{1,9})([mhdwMQY])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Duration:
    """A whole number of one unit.

    Attributes:
        count: how many.
        unit: a key of :data:`UNITS`.
        value: where it stands.
    """

    count: int
    unit: str
    value: Value

    @property
    def seconds(self) -> int:
        """Its length, nominal for months, quarters and years."""
        return self.count * UNITS[self.unit]

    def positive(self) -> int:
        """Its length in seconds.

        Raises:
            SpecError: it is zero, which the format allows but nothing can be computed over.
        """
        if not self.count:
            raise self.value.fault("must be longer than nothing", "write for example 30d")
        return self.seconds


@dataclass(frozen=True, slots=True)
class Metadata:
    """Who an object is.

    Attributes:
        name: its name.
        value: the mapping.
        display_name: name for people, or empty.
        labels: several values of a label joined by commas.
        annotations: those of other tools.
        extensions: ours, without their prefix, as they stand in the document.
    """

    name: str
    value: Value
    display_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of an object that is defined elsewhere.

    Attributes:
        name: its name.
        value: where it is referred to.
    """

    name: str
    value: Value


def read_name(value: Value) -> str:
    """The name of an object.

    Raises:
        SpecError: it is no label of RFC 1123.
    """
    name = value.text()
    if not NAME.fullmatch(name):
        raise value.fault(f"{name!r} is no valid name", "use up to 63 of a-z, 0-9 and '-', as in RFC 1123")
    return name


def read_reference(value: Value) -> Reference:
    """A reference by name; faults as for :func:`read_name`."""
    return Reference(read_name(value), value)


def read_description(value: Value) -> str:
    """A description of at most 1050 characters.

    Raises:
        SpecError: it is longer, or no text.
    """
    return _limited(value, LONGEST_DESCRIPTION)


def _limited(value: Value, most: int) -> str:
    text = value.text(empty=True)
    if len(text) > most:
        raise value.fault(f"has {len(text)} characters; {most} are allowed", "shorten it")
    return text


def read_duration(value: Value) -> Duration:
    """A duration such as ``5m``, ``4w`` or ``1M``; m are minutes and M months.

    Raises:
        SpecError: it is none.
    """
    text = value.text()
    match = _DURATION.fullmatch(text)
    if match is None:
        raise value.fault(
            f"{text!r} is no duration", "write a whole number and one of m, h, d, w, M, Q, Y, such as 5m or 30d"
        )
    return Duration(int(match[1]), match[2], value)


def one_of(value: Value, known: tuple[str, ...], what: str) -> str:
    """The word that stands here.

    Raises:
        SpecError: it is none of ``known``.
    """
    word = value.text()
    if word not in known:
        raise value.fault(f"unknown {what} {word!r}", suggest(word, known))
    return word


def read_fraction(value: Value, whole: int) -> Decimal:
    """A target, which lies in the half-open interval from 0 to ``whole``, as a fraction of one.

    Raises:
        SpecError: it lies outside.
    """
    target = value.number()
    if not 0 <= target < whole:
        example = f"{Decimal(whole) * Decimal('0.995'):f}"
        raise value.fault(
            f"must lie between 0 and {whole}, below {whole}, not {target}", f"write for example {example}"
        )
    return (target / whole).normalize()


def read_metadata(value: Value, faults: Faults) -> Metadata | None:
    """The metadata of an object; ``None``, with the fault kept, where it has no valid name."""
    record = Record(value, faults, required=("name",), optional=("displayName", "labels", "annotations"))
    name = record.take("name", read_name, "")
    display_name = record.take("displayName", partial(_limited, most=LONGEST_DISPLAY_NAME), "")
    labels: dict[str, str] = record.take("labels", partial(_read_labels, faults=faults), {})
    annotations: dict[str, Value] = record.take("annotations", partial(_read_annotations, faults=faults), {})
    if not name:
        return None
    return Metadata(
        name,
        value,
        display_name,
        labels,
        {key: _optional_text(entry) for key, entry in annotations.items() if not key.startswith(EXTENSION)},
        {key.removeprefix(EXTENSION): entry for key, entry in annotations.items() if key.startswith(EXTENSION)},
    )


def _read_labels(value: Value, faults: Faults) -> dict[str, str]:
    return {key: faults.attempt(partial(_read_label, key, entry), "") for key, entry in value.entries().items()}


def _read_label(key: str, value: Value) -> str:
    if not LABEL_KEY.fullmatch(key):
        raise value.fault(f"{key!r} is no valid key of a label", "use up to 63 letters, digits, '-', '_' and '.'")
    values = value.items() if value.kind == "sequence" else [value]
    return ",".join(map(_optional_text, values))


def _read_annotations(value: Value, faults: Faults) -> dict[str, Value]:
    return {
        key: entry
        for key, entry in value.entries().items()
        if faults.attempt(partial(_is_annotation, key, entry), None)
    }


def _is_annotation(key: str, value: Value) -> bool:
    if not ANNOTATION_KEY.fullmatch(key):
        raise value.fault(f"{key!r} is no valid key of an annotation", "write it as example.com/name or name")
    _optional_text(value)
    return True


def _optional_text(value: Value) -> str:
    return "" if value.missing else value.text(empty=True)
