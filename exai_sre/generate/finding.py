"""What a check has to say about a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding of ``exai-sre check``.

    Attributes:
        file: path of the file as the user named it.
        line: line in that file, counted from 1; 0 where it is unknown.
        code: name of the rule that speaks, such as ``unknown-metric``.
        message: what is wrong and what to do about it, in one line.
        severity: an ``error`` fails the check, a ``warning`` is only said.
    """

    file: str
    line: int
    code: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def to_text(self) -> str:
        """The finding as one line: ``file:line: code: message``."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        mark = "warning: " if self.severity == "warning" else ""
        return f"{where}: {mark}{self.code}: {self.message}"

    def to_json(self) -> dict[str, str | int]:
        """The finding as a JSON object."""
        return asdict(self)
