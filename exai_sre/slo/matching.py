"""Conditions on labels, and names of metrics, as they stand in definitions."""

from __future__ import annotations

from functools import partial

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.selection import Matcher
from exai_sre.metrics.spelling import is_plain
from exai_sre.slo.documents import Faults, Value

__all__ = ["read_matchers", "read_metric_name"]


def read_metric_name(value: Value, catalog: Catalog | None) -> str:
    """The name of a metric: plain, or one that the catalog knows.

    Raises:
        SpecError: it is neither.
    """
    name = value.text()
    if not is_plain(name) and (catalog is None or catalog.get(name) is None):
        raise value.fault(f"{name!r} is no name of a metric", "use letters, digits, '_' and ':', no digit first")
    return name


def read_matchers(value: Value, faults: Faults) -> tuple[Matcher, ...]:
    """A mapping of label names to a value, a list of values, or ``{not: ...}``."""
    read = [faults.attempt(partial(_read_matcher, label, entry), None) for label, entry in value.entries().items()]
    return tuple(matcher for matcher in read if matcher is not None)


def _read_matcher(label: str, value: Value) -> Matcher:
    if not label or not label.isprintable() or label.startswith("__"):
        raise value.fault(f"{label!r} is no name of a label", "use letters, digits and '_', no digit first")
    if value.kind != "mapping":
        return Matcher(label, _read_values(value))
    entries = value.entries()
    if set(entries) != {"not"}:
        raise value.fault("is no condition on a label", "write a value, a list of values, or {not: ...}")
    return Matcher(label, _read_values(entries["not"]), negated=True)


def _read_values(value: Value) -> tuple[str, ...]:
    if value.kind != "sequence":
        return (value.text(empty=True),)
    values = tuple(dict.fromkeys(item.text(empty=True) for item in value.items()))
    if not values:
        raise value.fault("needs at least one value", "add one, or remove the label")
    return values
