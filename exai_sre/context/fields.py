"""Header fields by name, from whatever an HTTP library keeps them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["field_values"]


def field_values(headers: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, list[object]]:
    """The values of the fields that are there, in the order in which they came.

    Args:
        headers: a plain mapping, or one that keeps repeated fields and gives them by
            ``getall(name)`` (aiohttp), ``getlist(name)`` (Starlette) or ``get_list(name)`` (httpx).
        names: names of the fields, in lower case; ``headers`` may spell them in any case.
    """
    for method in ("getall", "getlist", "get_list"):
        values = getattr(headers, method, None)
        if values is not None:
            return {name: list(values(name)) for name in names if name in headers}
    found: dict[str, list[object]] = {}
    for key, value in headers.items():
        name = key.lower()
        if name in names:
            found.setdefault(name, []).extend(value if isinstance(value, list | tuple) else (value,))
    return found
