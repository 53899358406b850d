"""Where each panel stands on Grafana's grid of 24 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exai_sre.generate.grafana.model import Panel, Row

__all__ = ["Placed", "place"]

_COLUMNS = 24
_TITLE_HEIGHT = 1


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel, or the title of a row, with its place.

    Attributes:
        item: what stands there.
        x: first column, from 0.
        y: first grid row, from 0; one is 30 pixels high.
        width: columns.
        height: grid rows.
    """

    item: Panel | Row
    x: int
    y: int
    width: int
    height: int


def place(rows: Sequence[Row]) -> Iterator[Placed]:
    """Each row's title and then its panels, from left to right and on the next line where one does not fit."""
    top = 0
    for row in rows:
        yield Placed(row, 0, top, _COLUMNS, _TITLE_HEIGHT)
        top += _TITLE_HEIGHT
        left = tallest = 0
        for panel in row.panels:
            if left + panel.width > _COLUMNS:
                left, top, tallest = 0, top + tallest, 0
            yield Placed(panel, left, top, panel.width, panel.height)
            left += panel.width
            tallest = max(tallest, panel.height)
        top += tallest
