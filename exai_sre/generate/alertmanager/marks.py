"""Blocks of lines that are ours in somebody else's text, between two comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from exai_sre.errors import SpecError

__all__ = ["marked", "without_marked"]

_MARK: Final = re.compile(r"\s*# (BEGIN|END) exai-sre (\w+)\b", re.ASCII)


def marked(section: str, lines: Sequence[str], indent: str) -> list[str]:
    """These lines between the two comments, all indented."""
    return [
        f"{indent}# BEGIN exai-sre {section}: generated, written anew by each merge",
        *(f"{indent}{line}" if line else "" for line in lines),
        f"{indent}# END exai-sre {section}",
    ]


def without_marked(lines: Sequence[str], file: str) -> tuple[list[str], dict[str, int]]:
    """The lines outside of our blocks, and where among them each section's block stood.

    Raises:
        SpecError: a block has no end, no beginning, or a twin.
    """
    kept: list[str] = []
    places: dict[str, int] = {}
    inside = ""
    for number, line in enumerate(lines, 1):
        mark = _MARK.match(line)
        if mark is None:
            if not inside:
                kept.append(line)
            continue
        fits = mark[2] == inside if mark[1] == "END" else not inside and mark[2] not in places
        if not fits:
            remedy = "remove all lines from BEGIN exai-sre to END exai-sre, and merge again"
            raise SpecError(f"the comment {line.strip()!r} has no partner", file=file, line=number, remedy=remedy)
        inside = "" if mark[1] == "END" else mark[2]
        places.setdefault(mark[2], len(kept))
    if inside:
        raise SpecError(f"the block of {inside} has no end", file=file, line=len(lines), remedy="restore its comment")
    return kept, places
