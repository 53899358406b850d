"""Policies in TOML: plain data, and the line of each field by a scan for headers and keys."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from typing import Any, Final

from exai_sre.errors import SpecError
from exai_sre.resilience.config.document import Document, Path

__all__ = ["read_toml"]

_PLACE: Final = re.compile(r" \(at line (\d+), column \d+\)$")
_HEADER: Final = re.compile(r"\s*(\[\[?[^\[\]]+\]\]?)\s*(?:#.*)?$")
_KEY: Final = re.compile(
    r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)


def read_toml(text: str, file: str) -> Document:
    """The document in ``text``.

    Raises:
        SpecError: it is no TOML.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        what = f"is no TOML: {_PLACE.sub('', str(error))}"
        raise SpecError(what, file=file, line=int(place[1]) if place else 0) from None
    return Document(data, file, {path: line for path, line in _places(text).items() if _exists(data, path)})


def _places(text: str) -> dict[Path, int]:
    """Lines by path, as headers and keys at the beginning of lines say them."""
    places: dict[Path, int] = {(): 1}
    tables: Counter[Path] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            keys = _keys(header[1])
            table = _resolved(keys, tables)
            if header[1].startswith("[["):
                table = (*table, tables[table])
                tables[table[:-1]] += 1
            places.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            path = (*table, *_keys(f"{key[1]} = 0"))
            for length in range(len(table) + 1, len(path) + 1):
                places.setdefault(path[:length], number)
    return places


def _keys(text: str) -> tuple[str, ...]:
    """The keys that a header or an assignment names; none where it only looks like one."""
    try:
        data: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ()
    found = []
    while isinstance(data, (dict, list)) and data:
        if isinstance(data, list):
            data = data[0]
            continue
        key = next(iter(data))
        found.append(key)
        data = data[key]
    return tuple(found)


def _resolved(keys: tuple[str, ...], tables: Counter[Path]) -> Path:
    """The path of a header: inside a list of tables it means the last of them, but for the list itself."""
    path: Path = ()
    for at, key in enumerate(keys):
        path = (*path, key)
        if at < len(keys) - 1 and tables[path]:
            path = (*path, tables[path] - 1)
    return path


def _exists(data: Any, path: Path) -> bool:
    for part in path:
        held: Any = data if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list) else {}
        if part not in held:
            return False
        data = held[part]
    return True
