"""Corrections of a budget: dated stretches of time whose events are left out, with reason and author.

A correction removes a share of the events of its time, bad and good alike, from what the budget
is computed of: with a share of 1 that time does not count. Nothing is changed in Prometheus; the
budget is told both ways, as it was measured and as corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from exai_sre.errors import SpecError
from exai_sre.slo.documents import Faults, Record, Value, read_documents
from exai_sre.slo.model import Source
from exai_sre.slo.moments import moment_text, read_moment

__all__ = ["Correction", "Counts", "corrected", "corrections_of", "read_corrections"]


@dataclass(frozen=True, slots=True)
class Correction:
    """One stretch of time that a budget shall not count, or not in full.

    Attributes:
        slo: id of the SLO.
        start: seconds since the Unix epoch.
        end: seconds since the Unix epoch, after ``start``.
        reason: why.
        author: who answers for it.
        share: share (0..1, not 0) of the events of that time that is left out.
        source: where it was written.
    """

    slo: str
    start: float
    end: float
    reason: str
    author: str
    share: Decimal = Decimal(1)
    source: Source = field(default_factory=Source)


@dataclass(frozen=True, slots=True)
class Counts:
    """Events of a stretch of time.

    Attributes:
        bad: bad events.
        total: all events.
    """

    bad: float
    total: float

    @property
    def error_ratio(self) -> float | None:
        """Bad events over all events (0..1), or ``None`` without events."""
        return min(max(self.bad, 0.0) / self.total, 1.0) if self.total > 0 else None


def corrected(whole: Counts, parts: Iterable[tuple[Correction, Counts]]) -> Counts:
    """What is left of a window without the corrected share of each part.

    Args:
        whole: the events of the window.
        parts: corrections, each with the events of its time within that window.

    Returns:
        The counts, never below zero.
    """
    bad, total = whole.bad, whole.total
    for correction, part in parts:
        bad -= float(correction.share) * part.bad
        total -= float(correction.share) * part.total
    return Counts(max(bad, 0.0), max(total, 0.0))


def corrections_of(corrections: Sequence[Correction], slo: str, start: float, end: float) -> list[Correction]:
    """The corrections of an SLO that touch a window (seconds since the Unix epoch), cut to it."""
    return [
        replace(each, start=max(each.start, start), end=min(each.end, end))
        for each in corrections
        if each.slo == slo and each.end > start and each.start < end
    ]


def read_corrections(text: str, file: str, faults: Faults) -> list[Correction]:
    """The corrections of a file, ordered by SLO and start.

    Its one key ``corrections`` holds a list of entries with ``slo``, ``start``, ``end``, ``reason``,
    ``author`` and, if not all events of that time are left out, ``share``.

    Args:
        text: the text of the file.
        file: its path as the user named it.
        faults: where every fault is kept; two corrections of an SLO that overlap are one.
    """
    found: list[Correction] = []
    for document in read_documents(text, file, faults):
        record = faults.attempt(partial(Record, document, faults, required=("corrections",)), None)
        entries: list[Value] = record.take("corrections", Value.items, []) if record else []
        found += [each for each in (_correction(entry, faults) for entry in entries) if each is not None]
    found.sort(key=lambda each: (each.slo, each.start, each.end))
    _refuse_overlaps(found, faults)
    return found


def _correction(value: Value, faults: Faults) -> Correction | None:
    before = len(faults.errors)
    required = ("slo", "start", "end", "reason", "author")
    record = faults.attempt(partial(Record, value, faults, required=required, optional=("share",)), None)
    if record is None:
        return None
    start, end = record.take("start", read_moment, 0.0), record.take("end", read_moment, 0.0)
    words = {key: record.take(key, Value.text, "") for key in ("slo", "reason", "author")}
    share = record.take("share", _share, Decimal(1))
    if len(faults.errors) > before:
        return None
    if end <= start:
        faults.add(value.find(("end",)).fault("is not after the start", "give an end that lies after the start"))
        return None
    return Correction(start=start, end=end, share=share, source=Source(value.file, value.line), **words)


def _share(value: Value) -> Decimal:
    share = value.number()
    if not 0 < share <= 1:
        raise value.fault(f"must lie above 0 and at most at 1, not at {share}", "write 1 to leave out all of it")
    return share


def _refuse_overlaps(corrections: Sequence[Correction], faults: Faults) -> None:
    latest: dict[str, Correction] = {}
    for each in corrections:
        before = latest.get(each.slo)
        if before is not None and each.start < before.end:
            faults.add(
                SpecError(
                    f"overlaps the one in line {before.source.line}, which ends at {moment_text(before.end)}",
                    file=each.source.file,
                    line=each.source.line,
                    field=f"correction of {each.slo}",
                    remedy="join the two, so that no event is left out twice",
                )
            )
        if before is None or each.end > before.end:
            latest[each.slo] = each
