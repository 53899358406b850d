"""Types of command-line values, as functions that click calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from exai_sre.backtest.moments import parse_moment
from exai_sre.slo.windows import parse_duration

__all__ = ["duration", "moment", "names_among"]


def duration(value: str) -> int:
    """Seconds of a duration such as ``15s``.

    Raises:
        BadParameter: the text is no duration.
    """
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def moment(value: str) -> float:
    """Seconds since the Unix epoch of ``2026-01-31T14:05`` (UTC unless it names a zone) or of a number of seconds.

    Raises:
        BadParameter: the text is no moment.
    """
    try:
        return parse_moment(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def names_among(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """A type whose values are names from ``known``, separated by commas; each is kept once."""

    def names(value: str) -> tuple[str, ...]:
        chosen = tuple(part.strip() for part in value.split(",") if part.strip())
        unknown = [name for name in chosen if name not in known]
        if unknown or not chosen:
            wrong = ", ".join(map(repr, unknown)) or "nothing"
            raise click.BadParameter(f"{wrong} is not among {', '.join(known)}")
        return tuple(dict.fromkeys(chosen))

    return names
