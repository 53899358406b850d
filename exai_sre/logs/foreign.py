"""Log records of the standard library, and so of third-party packages, as lines of the same form."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from exai_sre.logs.exits import Exits
from exai_sre.logs.sampling import EventSampling

__all__ = ["LineHandler", "installed_handlers"]


class LineHandler(logging.Handler):
    """Hands formatted records to the exits; owns what :func:`configure_logging` must undo.

    Attributes:
        exits: the ways out, which structlog's loggers use as well.
        previous_levels: levels of loggers before they were configured, by name; the root's has none.
        sampling: which lines are left out.
    """

    def __init__(
        self,
        exits: Exits,
        previous_levels: Mapping[str, int],
        sampling: EventSampling,
        *,
        before_end: Callable[[], None],
    ) -> None:
        """Take over.

        Args:
            exits: where lines go.
            previous_levels: what to set the loggers' levels to in the end.
            sampling: which lines are left out.
            before_end: called when the set-up ends, while its levels still hold.
        """
        from structlog import DropEvent

        super().__init__()
        self.exits = exits
        self.previous_levels = dict(previous_levels)
        self.sampling = sampling
        self._before_end = before_end
        self._drop: type[BaseException] = DropEvent

    def emit(self, record: logging.LogRecord) -> None:
        """Format one record and queue it; a record that cannot be formatted leaves a line that says so."""
        try:
            line = self.format(record)
        except self._drop:
            return
        except Exception as error:  # a faulty call of a logger must not break its caller
            line = self.format(_unformattable(record, error))
        self.exits.write(line)

    def flush(self) -> None:
        """Wait until what is queued is written, for a few seconds at most."""
        self.exits.flush()

    def undo(self) -> None:
        """Take itself from the root logger, write what is queued, restore the levels."""
        logging.getLogger().removeHandler(self)
        self._before_end()
        self.exits.close()
        for name, level in self.previous_levels.items():
            logging.getLogger(name or None).setLevel(level)
        self.close()


def _unformattable(record: logging.LogRecord, error: Exception) -> logging.LogRecord:
    """A record in place of one whose arguments do not fit its text; the arguments are left out."""
    said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    text = f"{said} [not formatted: {type(error).__name__}]"
    return logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, text, None, record.exc_info)


def installed_handlers() -> list[LineHandler]:
    """The handlers of this library at the root logger."""
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, LineHandler)]
