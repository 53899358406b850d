"""Log levels: their names, and the check of a level that a user wrote."""

from __future__ import annotations

from typing import Final

from exai_sre.errors import SettingError

__all__ = ["LEVELS", "level_name", "level_number"]

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


def level_name(method: str) -> str:
    """Level of a line that was logged by ``method``, such as ``error`` for ``exception``."""
    return _ALIASES.get(method, method)
