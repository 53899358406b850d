"""Reading SLOs from files and folders: one list of SLOs, and every fault there is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from exai_sre.errors import SpecError
from exai_sre.metrics.catalog import Catalog
from exai_sre.slo.documents import Faults, Value, read_documents
from exai_sre.slo.model import Slo
from exai_sre.slo.openslo import Definition, read_definition
from exai_sre.slo.openslo_compile import compile_definitions
from exai_sre.slo.yaml_source import find_files, read_text

__all__ = ["SloReading", "load_slos", "read_slos", "validate_slos"]


@dataclass(frozen=True, slots=True)
class SloReading:
    """What was read.

    Attributes:
        slos: the SLOs without a fault, ordered by id.
        faults: all faults, ordered by file and line.
        invalid: those of the faults for which a document is not valid in its own format, such as
            OpenSLO; the others say what is valid but cannot be put together or compiled.
        others: the objects that are no SLO, such as ``SLI requests``, in the order of reading.
    """

    slos: list[Slo] = field(default_factory=list)
    faults: list[SpecError] = field(default_factory=list)
    invalid: list[SpecError] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


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


def validate_slos(paths: Iterable[str | os.PathLike[str]]) -> list[SpecError]:
    """The faults for which documents are not valid in their own format, ordered by file and line.

    A valid document may still not be compilable, such as an SLO over another monitoring system;
    :func:`read_slos` tells that, too.

    Args:
        paths: files and folders, as for :func:`read_slos`.
    """
    return read_slos(paths).invalid


def read_slos(paths: Iterable[str | os.PathLike[str]], *, catalog: Catalog | None = None) -> SloReading:
    """All SLOs and all faults of files and folders, whatever format each document is in.

    Formats are told by content: OpenSLO v1 and v1alpha, Sloth's and Pyrra's. References may lead
    from file to file.

    Args:
        paths: files, and folders that are searched for ``*.yaml`` and ``*.yml``; names that
            begin with a dot are left out.
        catalog: what indicators are checked against; without it only their structure is.
    """
    faults = Faults()
    definitions: list[Definition] = []
    slos: list[Slo] = []
    for file in find_files(paths, faults):
        text = faults.attempt(partial(read_text, file), "")
        for document in read_documents(text, str(file), faults):
            read = faults.attempt(partial(_read_document, document, faults), None)
            if isinstance(read, Definition):
                definitions.append(read)
            elif read is not None:
                slos += read
    linking = Faults()
    slos += compile_definitions(definitions, catalog, linking)
    slos = _distinct(slos, linking)
    return SloReading(
        sorted(slos, key=lambda slo: slo.id),
        _ordered([*faults.errors, *linking.errors]),
        _ordered(faults.errors),
        [f"{known.kind} {known.metadata.name}" for known in definitions if known.kind != "SLO"],
    )


def _read_document(document: Value, faults: Faults) -> Definition | list[Slo] | None:
    from exai_sre.slo import openslo_alpha, pyrra_spec, sloth_spec

    if sloth_spec.claims(document):
        return sloth_spec.read_sloth(document, faults)
    if pyrra_spec.claims(document):
        return pyrra_spec.read_pyrra(document, faults)
    if openslo_alpha.claims(document):
        return openslo_alpha.read_alpha(document, faults)
    return read_definition(document, faults)


def _distinct(slos: Sequence[Slo], faults: Faults) -> list[Slo]:
    """The SLOs of which each id is the first; ids join service and name, whatever the format."""
    first: dict[str, Slo] = {}
    for slo in slos:
        kept = first.setdefault(slo.id, slo)
        if kept is not slo:
            what = f"SLO {slo.id!r} is defined twice"
            remedy = f"rename one; the first is at {kept.source.file}:{kept.source.line}"
            faults.add(SpecError(what, file=slo.source.file, line=slo.source.line, remedy=remedy))
    return list(first.values())


def _ordered(errors: Sequence[SpecError]) -> list[SpecError]:
    """Each fault once, though several SLOs may have led to it; ordered by file and line."""
    distinct = {(error.file, error.line, str(error)): error for error in errors}
    return sorted(distinct.values(), key=lambda error: (error.file, error.line))
