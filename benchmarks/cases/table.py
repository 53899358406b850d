"""The table of verdicts: as text with what was seen, as Markdown for the docs, as JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.cases.case import Case, Cell, verdict
from benchmarks.cases.subject import Library

__all__ = ["BEGIN", "END", "FORMATS", "Table", "between_marks", "put_between_marks"]

BEGIN, END = "<!-- cases: begin -->", "<!-- cases: end -->"
"""Marks around the table in a page."""


@dataclass(frozen=True)
class Table:
    """Verdicts by case and library.

    Attributes:
        cases: the rows.
        libraries: names of the columns.
        cells: verdicts, by name of the case and name of the library.
    """

    cases: tuple[Case, ...]
    libraries: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]

    @classmethod
    def of(cls, cases: Iterable[Case], libraries: Iterable[Library]) -> Table:
        """Run ``cases`` on ``libraries``."""
        rows, columns = tuple(cases), tuple(libraries)
        # Libraries log what the cases make them do; the table tells it.
        logging.disable(logging.CRITICAL)
        try:
            cells = {(case.name, library.name): verdict(case, library) for case in rows for library in columns}
        finally:
            logging.disable(logging.NOTSET)
        return cls(rows, tuple(library.name for library in columns), cells)

    def failed_by(self, library: str) -> list[str]:
        """Names of the cases that ``library`` fails."""
        return [case.name for case in self.cases if self.cells[case.name, library].verdict == "FAIL"]

    def score(self, library: str) -> str:
        """Cases that ``library`` passes, of those that apply to it."""
        verdicts = [self.cells[case.name, library].verdict for case in self.cases]
        return f"{verdicts.count('pass')} of {len(verdicts) - verdicts.count('-')}"


def between_marks(page: str) -> str:
    """What stands between the marks of a page.

    Raises:
        ValueError: there are none.
    """
    return _parts(page)[1]


def put_between_marks(page: str, table: str) -> str:
    """``page`` with ``table`` between its marks.

    Raises:
        ValueError: there are none.
    """
    before, _, after = _parts(page)
    return f"{before}{table}{after}"


def _parts(page: str) -> tuple[str, str, str]:
    before, begin, rest = page.partition(f"{BEGIN}\n")
    table, end, after = rest.partition(f"\n{END}")
    if not end:
        raise ValueError("the page has no marks for the table")
    return before + begin, table, end + after


def _text(table: Table) -> str:
    lines = []
    for case in table.cases:
        lines.append(f"{case.name}  {case.statement}")
        for library in table.libraries:
            cell = table.cells[case.name, library]
            told = "; ".join(f"{form}: {seen}" if form else seen for form, seen in cell.details.items())
            lines.append(f"  {cell.verdict:<5}{library:<15}{told}")
    return "\n".join([*lines, *(f"{library}: {table.score(library)}" for library in table.libraries)])


def _markdown(table: Table) -> str:
    def row(*cells: str) -> str:
        return f"| {' | '.join(cells)} |"

    columns = [f"**{name}**" if name == table.libraries[-1] else name for name in table.libraries]
    lines = [row("", "statement", *columns), row("---", "---", *(":---:" for _ in columns))]
    for case in table.cases:
        cells = [table.cells[case.name, library].verdict for library in table.libraries]
        lines.append(row(case.name, case.statement, *cells))
    lines.append(row("", "passed, of those that apply", *(table.score(library) for library in table.libraries)))
    versions = ", ".join(f"{name} {version(name)}" for name in table.libraries[:-1])
    return "\n".join([*lines, "", f"Versions: {versions}."])


def _json(table: Table) -> str:
    rows = {
        case.name: {
            "statement": case.statement,
            "verdicts": {library: _cell(table.cells[case.name, library]) for library in table.libraries},
        }
        for case in table.cases
    }
    scores = {library: table.score(library) for library in table.libraries}
    return json.dumps({"cases": rows, "scores": scores}, indent=2)


def _cell(cell: Cell) -> dict[str, object]:
    return {"verdict": cell.verdict, "seen": dict(cell.details)}


FORMATS: Mapping[str, Callable[[Table], str]] = {"text": _text, "markdown": _markdown, "json": _json}
