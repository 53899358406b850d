"""What the readers of other tools' SLO formats share: names, labels, Kubernetes metadata, soundness."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.model import Slo
from exai_sre.slo.promql_text import whole_query

__all__ = [
    "ObjectMeta",
    "read_alert_name",
    "read_id_part",
    "read_label",
    "read_labels",
    "read_object_meta",
    "read_one_of",
    "read_percent",
    "read_query",
    "read_texts",
    "root",
    "sound",
]

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_ID_PART = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]", re.ASCII)
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_DIGITS: Final = 15
_KEPT_BY_KUBERNETES: Final = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName",
    "generation", "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ObjectMeta:
    """``metadata`` of a Kubernetes object.

    Attributes:
        name: name of the object.
        namespace: its namespace; empty where none is given.
        labels: labels of the object, by which Kubernetes chooses it.
        annotations: annotations of the object.
    """

    name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def root(document: Value) -> dict[str, str]:
    """The keys in the root of a document with their single values, empty for other values; it never raises."""
    if document.kind != "mapping":
        return {}
    return {str(name.value): node.value if isinstance(node.value, str) else "" for name, node in document.node.value}


def sound(faults: Faults, read: Callable[[], Slo | None]) -> Slo | None:
    """What ``read`` makes, or ``None`` if it added or raised a fault."""
    before = len(faults.errors)
    slo = faults.attempt(read, None)
    return slo if len(faults.errors) == before else None


def read_one_of(value: Value, wanted: str, what: str) -> None:
    """Accept one word only.

    Raises:
        SpecError: something else stands here.
    """
    text = value.text()
    if text != wanted:
        raise value.fault(f"{what} {text!r} is not read", f"write {wanted}")


def read_id_part(value: Value) -> str:
    """The name of a service or an SLO, by Sloth's rule for what becomes part of an id.

    Raises:
        SpecError: the name breaks the rule.
    """
    name = value.text()
    if not _ID_PART.fullmatch(name):
        remedy = "use two or more of A-Z, a-z, 0-9, '-', '_' and '.', a letter or digit first and last"
        raise value.fault(f"{name!r} is no valid name", remedy)
    return name


def read_percent(value: Value, percent: Decimal) -> Decimal:
    """The ratio (0..1) that a percentage at ``value`` means, exact.

    Raises:
        SpecError: it does not lie between 0 and 100, or has more digits than a float tells apart.
    """
    if len(percent.as_tuple().digits) > _DIGITS:
        raise value.fault("has more digits than Prometheus can hold", f"write at most {_DIGITS} digits")
    if not 0 < percent < 100:
        raise value.fault(f"must lie between 0 and 100, both excluded, not {percent}", "write for example 99.5")
    return percent.scaleb(-2).normalize()


def read_query(value: Value) -> str:
    """A PromQL expression without comments.

    Raises:
        SpecError: it is empty, or its brackets or quotes do not match.
    """
    try:
        return whole_query(value.text())
    except ValueError as error:
        raise value.fault(str(error), "write one complete PromQL expression") from None


def read_alert_name(value: Value) -> str:
    """The name of an alert; empty for a generated one.

    Raises:
        SpecError: it is no text.
    """
    return value.text(empty=True).strip()


def read_labels(value: Value, faults: Faults) -> dict[str, str]:
    """Labels that will stand on series or alerts; values that look like numbers are kept as written.

    Raises:
        SpecError: the value is no mapping.
    """
    read = {key: faults.attempt(partial(_read_named, key, entry), None) for key, entry in value.entries().items()}
    return {key: text for key, text in read.items() if text is not None}


def _read_named(key: str, value: Value) -> str:
    _require_label_name(key, value)
    return _read_scalar(value)


def read_texts(value: Value, faults: Faults) -> dict[str, str]:
    """A mapping to texts, such as annotations; numbers and booleans are kept as written.

    Raises:
        SpecError: the value is no mapping.
    """
    read = {key: faults.attempt(partial(_read_scalar, entry), None) for key, entry in value.entries().items()}
    return {key: text for key, text in read.items() if text is not None}


def _read_scalar(value: Value) -> str:
    if value.kind != "scalar" or value.missing:
        found = "empty" if value.missing else "a mapping" if value.kind == "mapping" else "a list"
        raise value.fault(f"must be text, not {found}", "write one text in quotes")
    return str(value.node.value)


def read_label(value: Value) -> str:
    """A label name.

    Raises:
        SpecError: it is none.
    """
    label = value.text()
    _require_label_name(label, value)
    return label


def _require_label_name(name: str, value: Value) -> None:
    if not _LABEL.fullmatch(name) or name == "__name__":
        raise value.fault(f"{name!r} is no label name", "use letters, digits and '_', no digit first")


def read_object_meta(value: Value, faults: Faults) -> ObjectMeta:
    """``metadata`` of a Kubernetes object; what Kubernetes itself writes there is passed over.

    Raises:
        SpecError: the value is no mapping.
    """
    optional = ("namespace", "labels", "annotations", *_KEPT_BY_KUBERNETES)
    record = Record(value, faults, required=("name",), optional=optional)
    labels: dict[str, str] = record.take("labels", partial(read_texts, faults=faults), {})
    annotations: dict[str, str] = record.take("annotations", partial(read_texts, faults=faults), {})
    return ObjectMeta(
        record.take("name", _read_object_name, ""), record.take("namespace", _read_object_name, ""), labels, annotations
    )


def _read_object_name(value: Value) -> str:
    name = value.text()
    if not _OBJECT_NAME.fullmatch(name):
        raise value.fault(f"{name!r} is no valid name", "use up to 253 of a-z, 0-9, '-' and '.', as in RFC 1123")
    return name
