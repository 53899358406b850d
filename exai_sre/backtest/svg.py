"""Pictures as SVG: a few shapes, no style sheet, no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["Svg"]


class Svg:
    """A picture that grows shape by shape.

    Args:
        width: pixels.
        height: pixels.
        title: what it shows, read aloud by screen readers.
    """

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height = width, height
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}"'
            f' width="{width}" height="{height}"><title>{escape(title)}</title>'
        ]

    def rect(self, x: float, y: float, width: float, height: float, fill: str, tip: str = "") -> None:
        """A filled rectangle; ``tip`` is shown when the pointer rests on it."""
        inner = f"<title>{escape(tip)}</title>" if tip else ""
        place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0.5))}" height="{_n(height)}"'
        self._parts.append(f'<rect {place} fill="{escape(fill)}">{inner}</rect>')

    def line(self, points: Sequence[tuple[float, float]], stroke: str, *, dashed: bool = False) -> None:
        """A line through points."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self._parts.append(f'<polyline points="{path}" fill="none" stroke="{escape(stroke)}"{dash}/>')

    def text(self, x: float, y: float, words: str, *, anchor: str = "start") -> None:
        """Small text; ``anchor`` is start, middle or end."""
        place = f'x="{_n(x)}" y="{_n(y)}" text-anchor="{escape(anchor)}"'
        self._parts.append(f'<text {place} font-size="11" font-family="sans-serif" fill="#444">{escape(words)}</text>')

    def __str__(self) -> str:
        return "".join([*self._parts, "</svg>"])


def _n(value: float) -> str:
    """A coordinate with one digit after the point, which is more than a screen shows."""
    return f"{value:.1f}".removesuffix(".0")
