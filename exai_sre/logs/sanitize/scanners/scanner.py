"""What a scanner does; all of them give the same answers."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, Protocol

__all__ = ["Scanner"]


class Scanner(Protocol):
    """Finds keywords, which are lower-case literals, in a text of any case.

    A text is compared in lower case (``str.lower``), so that all scanners agree on any Unicode text.

    Attributes:
        name: name of the scanner, as in the setting.
        knows_shapes: whether :meth:`any` also sees the shapes of rules that have no keywords.
        whole_event: says of an event whether any keyword or shape may stand in it, keys included;
            ``None`` where that is not quicker than looking at its values one by one.
    """

    name: str
    knows_shapes: bool
    whole_event: Callable[[dict[str, Any]], bool] | None

    def any(self, text: str) -> bool:
        """Whether a keyword stands in ``text`` that makes it worth to try the rules, or may; ``False`` is certain."""
        ...

    def keywords(self, text: str) -> Set[str]:
        """All keywords that stand in ``text``, as a set that can be hashed."""
        ...
