"""The whole text of an exception: its message, notes, causes, contexts and, of a group, its members."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Final

__all__ = ["exception_text", "raised_in", "traceback_text"]

_MOST: Final = 256


def exception_text(error: BaseException) -> str:
    """Everything that a rendering of ``error`` could show, without frames and local variables.

    One line for ``error`` itself and one for each further exception and note; at most 256
    exceptions, and a line that says so where there are more.
    """
    lines: list[str] = []
    for number, each in enumerate(_all_of(error)):
        if number == _MOST:
            lines.append("... and further exceptions")
            break
        lines += (line.rstrip("\n") for line in traceback.format_exception_only(each))
    return "\n".join(lines)


def traceback_text(error: BaseException) -> str:
    """``error`` as the interpreter prints it, with its frames and without their local variables."""
    trace = traceback.TracebackException.from_exception(error, capture_locals=False, compact=True)
    return "".join(trace.format()).rstrip("\n")


def raised_in(given: object) -> BaseException | None:
    """The exception in what a log record has for ``exc_info``: an exception, a triple, or nothing."""
    if isinstance(given, tuple) and len(given) > 1:
        given = given[1]
    return given if isinstance(given, BaseException) else None


def _all_of(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what hangs on it, each once, in the order in which one meets them."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        members = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        waiting += (*reversed(members), each.__context__, each.__cause__)
