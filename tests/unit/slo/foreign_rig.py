"""Reading a document of another tool's format from a text."""

from __future__ import annotations

from exai_sre.errors import SpecError
from exai_sre.slo import pyrra_spec, sloth_spec
from exai_sre.slo.documents import Faults, read_documents
from exai_sre.slo.model import Slo


def read(text: str, file: str = "slo.yaml") -> tuple[list[Slo], list[SpecError]]:
    """All SLOs and all faults; every document must be claimed by exactly one of the readers."""
    faults = Faults()
    slos: list[Slo] = []
    for document in read_documents(text, file, faults):
        assert sloth_spec.claims(document) != pyrra_spec.claims(document)
        reader = sloth_spec.read_sloth if sloth_spec.claims(document) else pyrra_spec.read_pyrra
        slos += reader(document, faults)
    return slos, faults.errors


def read_one(text: str) -> Slo:
    """The only SLO of a text without a fault."""
    (slo,), faults = read(text)
    assert faults == []
    return slo
