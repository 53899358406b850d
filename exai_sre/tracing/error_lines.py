"""Error lines bring the spans that they refer to: what a reader follows from the log is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exai_sre.names import LogField
from exai_sre.tracing.running import error_logged

__all__ = ["keep_spans_of_errors"]

_ERRORS: Final = frozenset({"critical", "error"})


def keep_spans_of_errors(line: Mapping[str, object]) -> None:
    """See to it that the span of an error line is exported, whatever sampling said.

    To be called with each line in the task that logs it, as ``LogTail.on_line`` does::

        tail.on_line(keep_spans_of_errors)

    Lines below level error change nothing. See :func:`exai_sre.tracing.running.error_logged`.
    """
    if line.get(LogField.LEVEL) in _ERRORS:
        error_logged()
