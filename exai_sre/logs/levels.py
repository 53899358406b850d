"""Log levels: their names, and one table of them per process, that of the standard library's loggers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from exai_sre.errors import SettingError

__all__ = ["LEVELS", "level_name", "level_number", "level_numbers", "passes", "set_level"]

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
"""Names of the levels with their numbers in the standard library, lowest first."""

_ALIASES: Final = {"exception": "error", "fatal": "critical", "warn": "warning", "notset": "debug"}


def level_number(level: str) -> int:
    """Number of the level of that name, in any case.

    Raises:
        SettingError: there is no such level.
    """
    number = LEVELS.get(level.lower())
    if number is None:
        raise SettingError("level", level, "no such log level", remedy=f"use one of {', '.join(LEVELS)}")
    return number


def level_numbers(levels: Mapping[str, str]) -> dict[str, int]:
    """The levels of several loggers as numbers.

    Raises:
        SettingError: there is no such level.
    """
    return {logger: level_number(level) for logger, level in levels.items()}


def level_name(method: str) -> str:
    """Level of a line that was logged by ``method``, such as ``error`` for ``exception``."""
    return _ALIASES.get(method, method)


def set_level(logger: str, level: str | None) -> None:
    """From now on, log ``logger`` and what lies below it from ``level`` on.

    structlog's loggers and those of the standard library go by the same table, so that
    ``logging.getLogger(name).setLevel(...)`` does the same. Safe to call at any time, from any thread.

    Args:
        logger: dotted name such as ``shop.payments``; empty for the root, above all others.
        level: name of the lowest level that is logged; ``None``: what holds for the logger above it.

    Raises:
        SettingError: there is no such level.
    """
    logging.getLogger(logger or None).setLevel(logging.NOTSET if level is None else level_number(level))


def passes(logger: logging.Logger, number: int) -> bool:
    """Whether a line of that level is logged.

    A logger that ``logging.config`` disabled because a later file did not name it is no reason
    to lose lines that do not go through it: its level still holds.
    """
    return logger.isEnabledFor(number) or (logger.disabled and number >= logger.getEffectiveLevel())
