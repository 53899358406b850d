"""The whole text of an exception: its message, notes, causes, contexts and, of a group, its members."""

from __future__ import annotations

import traceback

__all__ = ["exception_text"]


def exception_text(error: BaseException) -> str:
    """Everything that a rendering of ``error`` could show, without frames and local variables.

    One line for ``error`` itself and one for each further exception and note.
    """
    lines = [line.rstrip("\n") for line in _lines(error, set())]
    return "\n".join(lines)


def _lines(error: BaseException, seen: set[int]) -> list[str]:
    if id(error) in seen:
        return []
    seen.add(id(error))
    lines = traceback.format_exception_only(error)
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for other in (error.__cause__, error.__context__, *members):
        if other is not None:
            lines += _lines(other, seen)
    return lines
