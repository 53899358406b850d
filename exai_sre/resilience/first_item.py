"""The first item of a generator or stream, taken so that a failure before it can be repeated."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, Final

__all__ = ["END", "Head", "Resumed", "head_of_items", "head_of_stream", "shown"]

END: Final = object()
"""Stands for the first item of what has none."""


class Head:
    """A generator or stream up to its first item.

    Attributes:
        first: the first item, or ``END``.
        rest: the generator behind it; at the end of a generator what it returned.
    """

    __slots__ = ("first", "rest")

    def __init__(self, first: Any, rest: Any) -> None:
        self.first = first
        self.rest = rest


class Resumed(Generator[Any, Any, Any]):
    """A generator whose first item was taken: gives it out again, then hands everything on.

    Args:
        head: the first item and the generator behind it.
    """

    __slots__ = ("_first", "_items")

    def __init__(self, head: Head) -> None:
        self._first = head.first
        self._items: Generator[Any, Any, Any] = head.rest

    def send(self, value: Any) -> Any:
        """See ``generator.send``."""
        if self._first is END:
            return self._items.send(value)
        first, self._first = self._first, END
        return first

    def throw(self, *error: Any) -> Any:
        """See ``generator.throw``."""
        return self._items.throw(*error)

    def close(self) -> None:
        """See ``generator.close``."""
        self._items.close()


def head_of_items(items: Generator[Any, Any, Any]) -> Head:
    """Run a generator to its first item, or to its end."""
    try:
        return Head(next(items), items)
    except StopIteration as end:
        return Head(END, end.value)


async def head_of_stream(items: AsyncGenerator[Any, None]) -> Head:
    """Run an async generator to its first item, or to its end."""
    return Head(await anext(items, END), items)


def shown(result: Any) -> Any:
    """What a call has to show: its result; of a generator or stream the first item, or ``END``."""
    return result.first if type(result) is Head else result
