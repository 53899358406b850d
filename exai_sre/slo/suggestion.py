"""The remedy for a misspelt word: the nearest known one, or the list of all."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["suggest"]

_LISTED = 12


def suggest(word: str, known: Iterable[str]) -> str:
    """What to write instead of ``word``: the nearest of ``known``, or what there is to choose from."""
    choices = sorted(known)
    near = get_close_matches(word, choices, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    listed = ", ".join(choices[:_LISTED])
    return f"known are {listed}{' ...' if len(choices) > _LISTED else ''}"
