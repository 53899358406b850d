"""The show in the terminal: one line per event, and a summary that compares with the prediction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
_HOUR: Final = 3600.0


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

    def opening(self, page: str, seconds: float, missing: Sequence[str]) -> None:
        """What is about to be seen.

        Args:
            page: address of the live page.
            seconds: length of the show.
            missing: programs that are not installed, and so not part of it.
        """
        self._say(f"Live page: {page}/   about {seconds:.0f} s, simulated upstreams, no keys used")
        self._say("The server has just started: its windows hold this demo only, and the predictions reckon with that.")
        if missing:
            self._say(f"Not installed here, so not part of the show: {', '.join(missing)}")
        else:
            self._say("Prometheus and Alertmanager are installed: they start now, with the generated rules, and watch.")

    def _say(self, text: str) -> None:
        self._console.print(text, style=_STYLES["info"], markup=False)

    def summary(self, predictions: Iterable[Prediction], results: Mapping[str, int]) -> None:
        """Measured against predicted detection times, and how the calls ended."""
        table = self._table(title="Seconds from fault to detection", title_justify="left", padding=(0, 1, 0, 0))
        for column in ("what", "fault"):
            table.add_column(column, no_wrap=True)
        for column in ("predicted", "measured", "full windows"):
            table.add_column(column, justify="right", no_wrap=True)
        for each in predictions:
            measured = "not seen" if each.measured is None else f"{each.measured:.1f}"
            table.add_row(each.name, each.fault, f"{each.predicted:.1f}", measured, _long(each.full))
        self._console.print(table)
        self._say("The windows held this demo only. On a server that has run for 30 days they are full, and a burn")
        self._say("alert takes as long as the last column says; breaker and page look back for seconds only.")
        total = sum(results.values())
        counts = ", ".join(f"{count} {name}" for name, count in sorted(results.items()))
        self._console.print(f"{total} calls: {counts}", markup=False)


def _long(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds / 60:.1f} min" if seconds < _HOUR else f"{seconds / _HOUR:.1f} h"
