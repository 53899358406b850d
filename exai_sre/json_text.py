"""JSON text by the quickest encoder that is installed."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["quickest_json"]


def quickest_json(fallback: Callable[[object], str]) -> Callable[[object], str]:
    """An encoder without insignificant white space: orjson's, or ``fallback`` where it is not installed.

    Args:
        fallback: encodes what orjson refuses as well: big integers, lone surrogates, what is no JSON.
    """
    try:
        import orjson
    except ModuleNotFoundError:
        return fallback

    encode = orjson.dumps

    def dumps(value: object) -> str:
        try:
            return encode(value).decode()
        except TypeError:
            return fallback(value)

    return dumps
