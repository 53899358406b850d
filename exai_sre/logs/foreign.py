"""Log records of the standard library, and so of third-party packages, as lines of the same form."""

from __future__ import annotations

import logging

from exai_sre.logs.writer import LineWriter

__all__ = ["LineHandler", "installed_handlers"]


class LineHandler(logging.Handler):
    """Hands formatted records to a writer; owns what :func:`configure_logging` must undo.

    Attributes:
        writer: the way out, which structlog's loggers use as well.
        previous_level: level of the root logger before it was configured.
    """

    def __init__(self, writer: LineWriter, previous_level: int) -> None:
        super().__init__()
        self.writer = writer
        self.previous_level = previous_level

    def emit(self, record: logging.LogRecord) -> None:
        """Format one record and queue it; a record that cannot be formatted leaves a line that says so."""
        try:
            line = self.format(record)
        except Exception as error:  # a faulty call of a logger must not break its caller
            line = self.format(_unformattable(record, error))
        self.writer.write(line)


def _unformattable(record: logging.LogRecord, error: Exception) -> logging.LogRecord:
    """A record in place of one whose arguments do not fit its text; the arguments are left out."""
    said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    text = f"{said} [not formatted: {type(error).__name__}]"
    return logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, text, None, None)


def installed_handlers() -> list[LineHandler]:
    """The handlers of this library at the root logger."""
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, LineHandler)]
