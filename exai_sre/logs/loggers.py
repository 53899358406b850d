"""structlog's side of the set-up: loggers whose level can change at any time, and where their lines go."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from exai_sre.logs.levels import LEVELS, passes

__all__ = ["LevelledLogger", "LineLoggerFactory"]

_EverythingLogger: Any = structlog.make_filtering_bound_logger(logging.NOTSET)


def _nothing(_event: str, *_args: Any, **_fields: Any) -> None:
    """Stand in for a method whose level is not logged."""


async def _nothing_async(_event: str, *_args: Any, **_fields: Any) -> None:
    """Stand in for its form that is awaited."""


def _gated(name: str) -> tuple[Any, Any]:
    """The methods of that name, called and awaited; where the level is not logged, such as do nothing."""
    write, write_async, number = getattr(_EverythingLogger, name), getattr(_EverythingLogger, f"a{name}"), LEVELS[name]

    def method(self: LevelledLogger) -> Any:
        return write.__get__(self) if self.is_enabled_for(number) else _nothing

    def method_async(self: LevelledLogger) -> Any:
        return write_async.__get__(self) if self.is_enabled_for(number) else _nothing_async

    return property(method), property(method_async)


class LevelledLogger(_EverythingLogger):  # type: ignore[misc]
    """structlog's filtering logger, asking for its level at each call instead of once at the start.

    Around a logger that is not ours, as in a chain of the user's own, it lets every line pass, as structlog does.
    Asking ends before the line begins, so that whoever looks for the caller of ``info`` finds it.
    """

    debug, adebug = _gated("debug")
    info, ainfo = _gated("info")
    warning, awarning = _gated("warning")
    error, aerror = _gated("error")
    critical, acritical = _gated("critical")
    msg, amsg, warn, awarn, fatal, afatal = info, ainfo, warning, awarning, critical, acritical

    def log(self, level: int, event: str, *args: Any, **fields: Any) -> Any:
        """Log at ``level``, a number of the standard library."""
        return super().log(level, event, *args, **fields) if self.is_enabled_for(level) else None

    async def alog(self, level: int, event: str, *args: Any, **fields: Any) -> Any:
        """As :meth:`log`, in a thread."""
        return await super().alog(level, event, *args, **fields) if self.is_enabled_for(level) else None

    def exai_log_fields(self, method: str, event: str, fields: dict[str, Any]) -> None:
        """Do what the method of that name does, with fields that are in a dict already: keywords are copied four times.

        Args:
            method: name of a level.
            event: name of the event.
            fields: its fields; left as they are.
        """
        if self.is_enabled_for(LEVELS[method]):
            with suppress(structlog.DropEvent):
                arguments, keywords = self._process_event(method, event, fields)
                getattr(self._logger, method)(*arguments, **keywords)

    def is_enabled_for(self, level: int) -> bool:
        """Whether a line of that level, a number of the standard library, would be logged now."""
        logger = self._logger
        return logger.passes(level) if isinstance(logger, _LineLogger) else True

    def get_effective_level(self) -> int:
        """The lowest level that is logged now, as a number of the standard library."""
        logger = self._logger
        return logger.levels.getEffectiveLevel() if isinstance(logger, _LineLogger) else logging.NOTSET


class LineLoggerFactory:
    """Makes the innermost loggers that structlog wraps, from the arguments of ``structlog.get_logger``."""

    def __init__(self, write: Callable[[str], None], redact: Callable[[str], str]) -> None:
        """Take the way out.

        Args:
            write: where finished lines go.
            redact: applied to the names of loggers, which come to a line behind its redaction.
        """
        self._write = write
        self._redact = redact
        self._made: dict[str | None, _LineLogger] = {}
        self._floor = _Floor()

    def __call__(self, *names: object) -> _LineLogger:
        """A logger of the first name, or one without a name, which has the root's level."""
        name = str(names[0]) if names else None
        made = self._made.get(name)
        if made is None:
            # As many as the standard library keeps anyway, whose loggers hold the levels.
            shown = None if name is None else self._redact(name)
            made = self._made.setdefault(name, _LineLogger(shown, logging.getLogger(name), self._write, self._floor))
        return made

    def freeze(self) -> None:
        """From now on, go by the level that the root has now: the set-up ends, and late lines still count."""
        self._floor.last = logging.getLogger().level


class _Floor:
    """The level that goes for all loggers once the set-up has ended; ``None`` before."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last: int | None = None


class _LineLogger:
    """Takes rendered lines under the names of structlog's levels."""

    __slots__ = ("_floor", "levels", "msg", "name")

    def __init__(self, name: str | None, levels: logging.Logger, write: Callable[[str], None], floor: _Floor) -> None:
        self.name = name
        self.msg = write
        self.levels = levels
        self._floor = floor

    def passes(self, number: int) -> bool:
        last = self._floor.last
        return passes(self.levels, number) if last is None else number >= last

    def __getattr__(self, _level: str) -> Any:
        return self.msg
