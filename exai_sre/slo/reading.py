"""Reading SLOs from files and folders: one list of SLOs, and every fault there is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from exai_sre.errors import SpecError
from exai_sre.metrics.catalog import Catalog
from exai_sre.slo.documents import Faults, read_documents
from exai_sre.slo.model import Indicator, Slo, Source, make_slo
from exai_sre.slo.openslo import Definition, SloDefinition, read_definition
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.yaml_source import find_files, read_text

__all__ = ["SloReading", "load_slos", "read_slos"]


@dataclass(frozen=True, slots=True)
class SloReading:
    """What was read.

    Attributes:
        slos: the SLOs without a fault, ordered by id.
        faults: all faults, ordered by file and line.
    """

    slos: list[Slo] = field(default_factory=list)
    faults: list[SpecError] = field(default_factory=list)


def load_slos(path: str | os.PathLike[str], *, catalog: Catalog | None = None) -> list[Slo]:
    """The SLOs of a file, or of all ``*.yaml`` and ``*.yml`` files below a folder, ordered by id.

    Args:
        path: file or folder.
        catalog: what indicators are checked against; without it only their structure is.

    Raises:
        SpecError: the first fault, or that no SLO is defined there.
    """
    reading = read_slos([path], catalog=catalog)
    if reading.faults:
        raise reading.faults[0]
    if not reading.slos:
        raise SpecError("no SLO is defined here", file=os.fspath(path), remedy="add a document of kind SLO")
    return reading.slos


def read_slos(paths: Iterable[str | os.PathLike[str]], *, catalog: Catalog | None = None) -> SloReading:
    """All SLOs and all faults of files and folders.

    Args:
        paths: files, and folders that are searched for ``*.yaml`` and ``*.yml``; names that
            begin with a dot are left out.
        catalog: what indicators are checked against; without it only their structure is.
    """
    faults = Faults()
    definitions: list[Definition] = []
    for file in find_files(paths, faults):
        text = faults.attempt(partial(read_text, file), "")
        for document in read_documents(text, str(file), faults):
            definition = read_definition(document, faults, catalog)
            if definition is not None:
                definitions.append(definition)
    slos = _assemble(definitions, faults)
    return SloReading(
        sorted(slos, key=lambda slo: slo.id), sorted(faults.errors, key=lambda error: (error.file, error.line))
    )


def _assemble(definitions: Sequence[Definition], faults: Faults) -> list[Slo]:
    """The sound SLOs with their references resolved; names are judged in the order of reading."""
    slis: dict[str, Definition] = {}
    services: dict[str, Definition] = {}
    taken: dict[str, Definition] = {}
    for definition in definitions:
        names = {"SLI": slis, "Service": services}.get(definition.kind, taken)
        faults.attempt(partial(_claim, names, definition), None)
    built = [
        faults.attempt(partial(_build, definition, definition.slo, slis, services), None)
        for definition in taken.values()
        if definition.slo is not None
    ]
    return [slo for slo in built if slo is not None]


def _claim(names: dict[str, Definition], definition: Definition) -> None:
    """Keep a definition under its name; for an SLO that is its id, which spans services."""
    name = f"{definition.slo.service}-{definition.name}" if definition.slo else definition.name
    first = names.setdefault(name, definition)
    if first is not definition:
        what = f"{definition.kind} {name!r} is defined twice"
        remedy = f"rename one; the first is at {first.value.file}:{first.value.line}"
        raise definition.value.find(("metadata", "name")).fault(what, remedy)


def _build(
    definition: Definition, spec: SloDefinition, slis: dict[str, Definition], services: dict[str, Definition]
) -> Slo | None:
    if services and spec.service and spec.service not in services:
        place = definition.value.find(("spec", "service"))
        raise place.fault(f"service {spec.service!r} is not defined", suggest(spec.service, services))
    indicator = _indicator(definition, spec, slis)
    if indicator is None or not definition.sound:
        return None
    return make_slo(
        definition.name,
        spec.service,
        spec.objective,
        indicator,
        window=spec.window,
        display_name=definition.display_name,
        description=spec.description,
        labels=definition.labels,
        annotations=definition.annotations,
        source=Source(definition.value.file, definition.value.line),
    )


def _indicator(definition: Definition, spec: SloDefinition, slis: dict[str, Definition]) -> Indicator | None:
    if not spec.reference:
        return spec.indicator
    sli = slis.get(spec.reference)
    if sli is None:
        place = definition.value.find(("spec", "indicatorRef"))
        remedy = suggest(spec.reference, slis) if slis else "define it with kind: SLI"
        raise place.fault(f"SLI {spec.reference!r} is not defined", remedy)
    return sli.indicator
