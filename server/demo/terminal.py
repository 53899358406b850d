"""The show in the terminal: one line per event, and a summary that compares with the prediction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from exai_sre.extras import require
from server.demo.prediction import Prediction
from server.demo.timeline import Entry, Kind

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Terminal"]

_STYLES: Final[Mapping[Kind, str]] = {
    "phase": "bold",
    "fault": "bold red",
    "breaker": "yellow",
    "burn": "magenta",
    "alert": "red",
    "recovery": "green",
    "info": "dim",
}


class Terminal:
    """Writes to standard output; colours only on a terminal, and none under ``NO_COLOR``.

    Args:
        console: where to write; standard output by default.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._table = require("rich.table", package="rich", extra="cli").Table
        self._console: Console = console or require("rich.console", package="rich", extra="cli").Console(
            highlight=False, soft_wrap=True
        )

    def entry(self, entry: Entry) -> None:
        """One event."""
        self._console.print(f"[{entry.at:5.1f} s] {entry.text}", style=_STYLES[entry.kind], markup=False)

    def say(self, text: str) -> None:
        """One line about the show itself."""
        self._console.print(text, style=_STYLES["info"], markup=False)

    def summary(self, predictions: Iterable[Prediction], results: Mapping[str, int]) -> None:
        """Measured against predicted detection times, and how the calls ended."""
        table = self._table("alert", "fault", "predicted s", "measured s", title="Detection", title_justify="left")
        for each in predictions:
            measured = "not seen" if each.measured is None else f"{each.measured:.1f}"
            table.add_row(each.name, each.fault, f"{each.predicted:.1f}", measured)
        self._console.print(table)
        total = sum(results.values())
        counts = ", ".join(f"{count} {name}" for name, count in sorted(results.items()))
        self._console.print(f"{total} calls: {counts}", markup=False)
