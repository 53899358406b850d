"""A catalog from a YAML file, read strictly: every fault names file, line, field and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal, cast

from exai_sre.errors import CatalogError, SpecError
from exai_sre.generate.onboarding.catalog_text import API_VERSION, KIND
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.instrument import Chart, Instrument, Label, NotCharted
from exai_sre.slo.documents import Faults, Record, Value, read_documents
from exai_sre.slo.suggestion import suggest

__all__ = ["read_catalog"]

_KINDS: Final = ("counter", "gauge", "histogram")
_SHOWS: Final = ("heatmap", "quantiles", "rate", "states", "value")
_MOST: Final = 10_000
_NO_ITEMS: Final[list[Value]] = []
_NO_LABELS: Final[tuple[Label, ...]] = ()
_NO_BOUNDS: Final[tuple[float, ...]] = ()
_NO_TEXTS: Final[tuple[str, ...]] = ()


def read_catalog(text: str, file: str) -> Catalog:
    """The catalog in a YAML text.

    Args:
        text: one document of kind ``Catalog``.
        file: its path, for complaints.

    Raises:
        SpecError: the first fault of the file.
    """
    faults = Faults()
    catalog = Catalog()
    documents = list(read_documents(text, file, faults))
    for document in documents:
        faults.attempt(partial(_read, document, faults, catalog), None)
    if faults.errors:
        raise faults.errors[0]
    if not documents:
        raise SpecError("declares no metric", file=file, remedy="write it with exai-sre init --from URL")
    return catalog


def _read(document: Value, faults: Faults, catalog: Catalog) -> None:
    record = Record(document, faults, required=("apiVersion", "kind", "instruments"))
    record.take("apiVersion", partial(_word, known=(API_VERSION,), what="version"), "")
    record.take("kind", partial(_word, known=(KIND,), what="kind"), "")
    for item in record.take("instruments", Value.items, _NO_ITEMS):
        faults.attempt(partial(_declare, item, faults, catalog), None)


def _declare(item: Value, faults: Faults, catalog: Catalog) -> None:
    record = Record(
        item,
        faults,
        required=("name", "kind"),
        optional=("buckets", "chart", "help", "labels", "notCharted", "unit"),
    )
    if ("chart" in record) == ("notCharted" in record):
        both = "chart" in record
        what = "has both a chart and notCharted" if both else "the field 'chart' or 'notCharted' is missing"
        faults.add(item.fault(what, "say how it is charted, or why not"))
    before = len(faults.errors)
    not_charted: Chart | NotCharted = NotCharted(record.take("notCharted", Value.text, ""))
    fields = {
        "name": record.take("name", Value.text, ""),
        "kind": record.take("kind", partial(_word, known=_KINDS, what="kind"), ""),
        "help": record.take("help", partial(Value.text, empty=True), ""),
        "unit": record.take("unit", partial(Value.text, empty=True), ""),
        "labels": record.take("labels", partial(_labels, faults=faults), _NO_LABELS),
        "buckets": record.take("buckets", _buckets, _NO_BOUNDS),
        "chart": record.take("chart", partial(_chart, faults=faults), not_charted),
    }
    if len(faults.errors) == before and fields["name"]:
        _add(item, catalog, fields)


def _add(item: Value, catalog: Catalog, fields: Mapping[str, Any]) -> None:
    name = fields["name"]
    if catalog.get(name) is not None:
        raise item.fault(f"{name} is declared twice", "remove one of the two")
    try:
        catalog.declare(Instrument(**fields, foreign=True))
    except CatalogError as error:
        raise item.fault(str(error), error.remedy or "mend this entry") from None


def _labels(value: Value, faults: Faults) -> tuple[Label, ...]:
    made = [faults.attempt(partial(_label, name, entry, faults), None) for name, entry in value.entries().items()]
    return tuple(label for label in made if label is not None)


def _label(name: str, value: Value, faults: Faults) -> Label:
    record = Record(value, faults, optional=("bound", "values"))
    if ("bound" in record) == ("values" in record):
        raise value.fault("has not exactly one of 'values' and 'bound'", "list all its values, or say how many")
    values = record.take("values", _values, _NO_TEXTS)
    bound = record.take("bound", _bound, 0)
    try:
        return Label(name, values, bound, foreign=True)
    except CatalogError as error:
        raise value.fault(str(error), "mend this label") from None


def _values(value: Value) -> tuple[str, ...]:
    values = tuple(item.text(empty=True) for item in value.items())
    if not values or len(set(values)) != len(values):
        raise value.fault("needs at least one value, each once", "list every value that the label can have")
    return values


def _bound(value: Value) -> int:
    bound = value.number()
    if bound != int(bound) or not 1 <= bound <= _MOST:
        raise value.fault(f"must be a whole number from 1 to {_MOST}, not {bound}", "write for example 50")
    return int(bound)


def _buckets(value: Value) -> tuple[float, ...]:
    bounds = [item.number() for item in value.items()]
    for before, bound, item in zip(bounds, bounds[1:], value.items()[1:], strict=False):
        if bound <= before:
            raise item.fault(f"{bound} does not ascend after {before}", "order the bounds, each once")
    return tuple(map(float, bounds))


def _chart(value: Value, faults: Faults) -> Chart:
    record = Record(value, faults, required=("dashboard", "title", "shows"), optional=("by", "states"))
    shows = record.take("shows", partial(_word, known=_SHOWS, what="chart"), "value")
    return Chart(
        record.take("dashboard", Value.text, ""),
        record.take("title", Value.text, ""),
        cast("Literal['rate', 'value', 'quantiles', 'heatmap', 'states']", shows),
        by=record.take("by", _texts, _NO_TEXTS),
        states=record.take("states", _texts, _NO_TEXTS),
    )


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(item.text() for item in value.items())


def _word(value: Value, known: tuple[str, ...], what: str) -> str:
    word = value.text()
    if word not in known:
        raise value.fault(f"unknown {what} {word!r}", suggest(word, known))
    return word
