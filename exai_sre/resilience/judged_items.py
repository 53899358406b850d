"""A generator whose items are judged on their way out, with everything else handed on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

__all__ = ["JudgedItems"]


class JudgedItems(Generator[Any, Any, Any]):
    """Hands on items, what is sent and what is thrown, and notes whether an item was a failure.

    Args:
        items: the generator behind it.
        failure_if: asked about each item.

    Attributes:
        failed: whether an item was a failure.
    """

    __slots__ = ("_failure_if", "_items", "failed")

    def __init__(self, items: Generator[Any, Any, Any], failure_if: Callable[[Any], bool]) -> None:
        self._items = items
        self._failure_if = failure_if
        self.failed = False

    def send(self, value: Any) -> Any:
        """See ``generator.send``."""
        return self._judge(self._items.send(value))

    def throw(self, *error: Any) -> Any:
        """See ``generator.throw``."""
        return self._judge(self._items.throw(*error))

    def close(self) -> None:
        """See ``generator.close``."""
        self._items.close()

    def _judge(self, item: Any) -> Any:
        self.failed = self.failed or self._failure_if(item)
        return item
