"""Known incidents: what should have paged, against which a replay is judged."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import partial

from exai_sre.backtest.moments import parse_moment
from exai_sre.errors import SpecError
from exai_sre.slo.documents import Faults, Record, Value, read_documents
from exai_sre.slo.moments import read_moment

__all__ = ["Incident", "known_incidents"]

_FORM = "write a list of {name: ..., start: 2026-01-31T14:05:00Z, end: 2026-01-31T15:00:00Z}"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happened and that a page should have told.

    Attributes:
        name: what people call it.
        start: begin, seconds since the Unix epoch.
        end: end, seconds since the Unix epoch; later than ``start``.
        slo: id of the only SLO that it concerns; empty for every SLO.
    """

    name: str
    start: float
    end: float
    slo: str = ""

    def concerns(self, slo: str) -> bool:
        """Whether the SLO of this id should have paged."""
        return self.slo in ("", slo)


def known_incidents(text: str, file: str) -> list[Incident]:
    """The incidents of a YAML list or of a CSV with the columns ``name``, ``start``, ``end`` and perhaps ``slo``.

    Args:
        text: the content.
        file: path of the file as the user named it, for errors.

    Returns:
        The incidents, ordered by start.

    Raises:
        SpecError: the text is no such list; file, line, field and remedy are named.
    """
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    header = [name.strip() for name in first.lower().split(",")]
    found = _from_csv(text, file) if {"name", "start", "end"} <= set(header) else _from_yaml(text, file)
    return sorted(found, key=lambda incident: incident.start)


def _from_yaml(text: str, file: str) -> list[Incident]:
    faults = Faults()
    found = []
    for document in read_documents(text, file, faults):
        incident = faults.attempt(partial(_incident, document, faults), None)
        if incident is not None:
            found.append(incident)
    if faults.errors:
        raise faults.errors[0]
    if not found:
        raise SpecError("names no incident", file=file, remedy=_FORM)
    return found


def _incident(document: Value, faults: Faults) -> Incident:
    record = Record(document, faults, required=("name", "start", "end"), optional=("slo",))
    start, end = record.take("start", read_moment, 0.0), record.take("end", read_moment, 1.0)
    if end <= start:
        raise document.fault("ends before it begins", "swap start and end")
    return Incident(record.take("name", Value.text, "?"), start, end, record.take("slo", Value.text, ""))


def _from_csv(text: str, file: str) -> list[Incident]:
    reader = csv.DictReader(text.lstrip("\ufeff").splitlines())
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    found = []
    for row in reader:
        line = reader.line_num
        try:
            start, end = parse_moment(row["start"] or ""), parse_moment(row["end"] or "")
        except ValueError as error:
            raise SpecError(str(error), file=file, line=line, remedy="write ISO 8601 or seconds") from None
        if end <= start:
            raise SpecError("ends before it begins", file=file, line=line, remedy="swap start and end")
        found.append(Incident((row["name"] or "?").strip(), start, end, (row.get("slo") or "").strip()))
    return found
