"""Histories as CSV: ``time,good,total`` or ``time,bad,total`` or ``time,good,bad``, and perhaps ``slo``."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from exai_sre.backtest.history import STEP, History
from exai_sre.backtest.minutes import MAX_DAYS, Minutes
from exai_sre.backtest.moments import parse_moment
from exai_sre.errors import SpecError
from exai_sre.slo.windows import DAY

__all__ = ["csv_histories", "looks_like_csv"]

_COUNTS = ("good", "bad", "total")
_COLUMNS = ("time", *_COUNTS, "slo")
_FORM = "write time,good,total or time,bad,total in the first line"


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    slo: str
    time: float
    bad: float
    total: float


def looks_like_csv(text: str) -> bool:
    """Whether the first line names columns with ``time`` first."""
    return text.lstrip("\ufeff").split("\n", 1)[0].strip().lower().startswith("time,")


def csv_histories(text: str, file: str, slos: Sequence[str]) -> list[History]:
    """The histories of a CSV text, one for each SLO in it.

    A row holds the events from its time until that of the next row of the same SLO; the smallest
    distance of two rows is the step. Longer steps than a minute are spread evenly.

    Args:
        text: the content.
        file: path of the file as the user named it, for errors.
        slos: ids of the SLOs that are wanted; without a column ``slo`` it must be one.

    Raises:
        SpecError: the text is not such a CSV; file, line and remedy are named.
    """
    rows: dict[str, list[_Row]] = {}
    for row in _rows(text, file, slos):
        if row.slo in slos:
            of_slo = rows.setdefault(row.slo, [])
            if of_slo and row.time <= of_slo[-1].time:
                raise SpecError(
                    "is not later than the row before", file=file, line=row.line, field="time", remedy="sort the rows"
                )
            of_slo.append(row)
    if not rows:
        raise SpecError("holds no row of a wanted SLO", file=file, remedy=f"wanted are {', '.join(slos)}")
    return [_history(slo, rows[slo], file) for slo in sorted(rows)]


def _history(slo: str, rows: Sequence[_Row], file: str) -> History:
    step = min((later.time - row.time for row, later in pairwise(rows)), default=float(STEP))
    if rows[-1].time - rows[0].time > MAX_DAYS * DAY:
        what = f"lies more than {MAX_DAYS} days after the first row"
        raise SpecError(what, file=file, line=rows[-1].line, field="time", remedy="check it, or give a part")
    minutes = Minutes(slo)
    for row in rows:
        minutes.spread(row.time, step, row.bad, row.total)
    return minutes.history(file)


def _rows(text: str, file: str, slos: Sequence[str]) -> Iterator[_Row]:
    reader = csv.reader(text.lstrip("\ufeff").splitlines())
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check(header, file, slos)
        for values in reader:
            if values and not values[0].lstrip().startswith("#"):
                if len(values) != len(header):
                    what = "has more or fewer values than the header"
                    raise SpecError(what, file=file, line=reader.line_num, remedy="mend that line")
                yield _row(dict(zip(header, values, strict=True)), file, reader.line_num, slos)
    except csv.Error as error:
        raise SpecError(f"is no CSV: {error}", file=file, line=reader.line_num, remedy="mend that line") from None


def _check(header: Sequence[str], file: str, slos: Sequence[str]) -> None:
    unknown = [name for name in header if name not in _COLUMNS]
    known = sum(name in _COUNTS for name in header)
    if unknown or known != 2 or "time" not in header or len(set(header)) != len(header):
        what = f"unknown column {unknown[0]!r}" if unknown else "the columns are not time and two of good, bad, total"
        raise SpecError(what, file=file, line=1, remedy=_FORM)
    if "slo" not in header and len(slos) != 1:
        raise SpecError(
            f"does not say of which of {len(slos)} SLOs it is",
            file=file,
            line=1,
            remedy="add a column slo, or choose one with --slo",
        )


def _row(fields: Mapping[str, str], file: str, line: int, slos: Sequence[str]) -> _Row:
    try:
        time = parse_moment(fields["time"])
    except ValueError as error:
        raise SpecError(str(error), file=file, line=line, field="time", remedy="write ISO 8601 or seconds") from None
    counts = {name: _count(fields[name], name, file, line) for name in _COUNTS if name in fields}
    total = counts.get("total", counts.get("good", 0.0) + counts.get("bad", 0.0))
    bad = counts.get("bad", total - counts.get("good", 0.0))
    if bad < 0 or bad > total:
        raise SpecError("counts more events in a part than in all", file=file, line=line, remedy="swap the columns")
    return _Row(line, fields["slo"].strip() if "slo" in fields else slos[0], time, bad, total)


def _count(text: str, name: str, file: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < inf:
        raise SpecError(
            f"{text.strip()!r} is no count of events", file=file, line=line, field=name, remedy="write 0 or more"
        )
    return value
