"""Secrets that a list gives away by their place in it: pairs of name and value, words of a command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from exai_sre.logs.sanitize.binary import text_of

__all__ = ["are_pairs", "name_of", "redacted_command", "told_value"]

_NAMES: Final = ("name", "Name", "key", "Key", "header", "field")
_VALUES: Final = ("value", "Value")


def name_of(key: object) -> str | None:
    """``key`` as text, if it is text or bytes."""
    if isinstance(key, str):
        return key
    return text_of(key)[0] if isinstance(key, bytes) else None


def are_pairs(items: Sequence[Any]) -> bool:
    """Whether all ``items`` are pairs whose first part can be a name, as the headers of ASGI are."""
    return all(
        isinstance(item, (tuple, list)) and len(item) == 2 and isinstance(item[0], (str, bytes)) for item in items
    )


def told_value(fields: Mapping[Any, Any]) -> tuple[str, str] | None:
    """The key of the value in ``{"name": ..., "value": ...}``, as in HAR files, with the name; else ``None``."""
    under = next((key for key in _VALUES if key in fields), None)
    if under is None or not isinstance(fields[under], (str, bytes)):
        return None
    name = next((fields[key] for key in _NAMES if isinstance(fields.get(key), str)), None)
    return None if name is None else (under, name)


def redacted_command(items: Sequence[Any], redact: Callable[[str], str]) -> list[Any] | None:
    """``items`` without what options such as ``--password`` announce; ``None`` where there is nothing.

    Each option is judged together with the word behind it and with the command in front of it.
    """
    if not items or type(items[0]) is not str:
        return None
    result = list(items)
    for at, (option, value) in enumerate(pairwise(items)):
        if type(option) is not str or option[:1] != "-" or type(value) is not str:
            continue
        before = f"{items[0]} {option} " if at else f"{option} "
        text = before + value
        redacted = redact(text)
        if redacted is not text:
            result[at + 1] = redacted.removeprefix(before)
    return result if any(new is not old for new, old in zip(result, items, strict=True)) else None
