"""Types of command-line values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from exai_sre.slo.windows import parse_duration

__all__ = ["DURATION", "Duration", "Parts"]


class Duration(click.ParamType[int]):
    """A duration such as ``15s``, converted to seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds; a number is taken as it is."""
        if isinstance(value, int):
            return value
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION: Final = Duration()


class Parts(click.ParamType[tuple[str, ...]]):
    """Names from a fixed set, separated by commas."""

    name = "names"

    def __init__(self, known: Sequence[str]) -> None:
        self._known = tuple(known)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The names in order, each once."""
        names = value if isinstance(value, tuple) else tuple(part.strip() for part in value.split(",") if part.strip())
        unknown = [name for name in names if name not in self._known]
        if unknown or not names:
            wrong = ", ".join(map(repr, unknown)) or "nothing"
            self.fail(f"{wrong} is not among {', '.join(self._known)}", param, ctx)
        return tuple(dict.fromkeys(names))
