"""A policy file as plain data that remembers on which line each of its fields stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from exai_sre.errors import SpecError

__all__ = ["Document", "Path", "field_text"]

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top of the file."""


def field_text(path: Path) -> str:
    """A path in words, such as ``pipelines.glm.strategies[1].attempts``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


@dataclass(frozen=True, slots=True)
class Document:
    """One policy file.

    Attributes:
        data: what it says.
        file: path of the file as the user named it; empty for data made in code.
        lines: lines of the fields, counted from 1; a field that is missing stands where its holder does.
        faults: what is wrong with it, as far as it is known.
    """

    data: Any
    file: str = ""
    lines: Mapping[Path, int] = field(default_factory=dict)
    faults: list[SpecError] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a field, or of the nearest one around it; 0 where none is known."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def fault(self, path: Path, what: str, remedy: str = "") -> None:
        """Keep a fault of the field at ``path``."""
        line, text = self.line(path), field_text(path)
        self.faults.append(SpecError(what, file=self.file, line=line, field=text, remedy=remedy))
