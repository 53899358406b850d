"""The scanner by Hyperscan, a matcher in C, from the extra ``hyperscan``."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence, Set
from contextlib import AbstractContextManager
from typing import Any, Final

from exai_sre.extras import require
from exai_sre.logs.sanitize.scanners.aho_corasick import AhoCorasickScanner
from exai_sre.logs.sanitize.scanners.vocabulary import Vocabulary

__all__ = ["HyperscanScanner"]

# The one character beyond ASCII whose lower case is an ASCII letter, which Hyperscan does not know.
_KELVIN: Final = "\u212a".encode()


class HyperscanScanner:
    """All keywords and shapes in one database, for texts and for whole rendered lines.

    The database's working memory serves one scan at a time, and a scan lets other threads run: who
    finds it in use says that anything may be found instead of waiting. Which keywords stand in a
    text that has some is told by the automaton, for that needs no call for each of them.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Build the database.

        Raises:
            MissingExtraError: ``hyperscan``, ``orjson`` or ``pyahocorasick`` is not installed.
        """
        self.name = "hyperscan"
        self.knows_shapes = True
        module: Any = require("hyperscan", package="hyperscan", extra="hyperscan")
        self._free = threading.Lock()
        self._automaton = AhoCorasickScanner(vocabulary)
        literals = [(re.escape(keyword), module.HS_FLAG_CASELESS) for keyword in vocabulary.strong]
        worth = _database(module, [*literals, *[(shape, 0) for shape in vocabulary.shapes]])
        self._finds = _look(worth.scan, self._free) if worth else None
        self.whole_event: Callable[[dict[str, Any]], bool] | None = _whole_event(self._finds) if self._finds else None

    def taken(self) -> AbstractContextManager[object]:
        """A context in which the database is in use, as it is by another thread's scan."""
        return self._free

    def keywords(self, text: str) -> Set[str]:
        """All keywords that stand in ``text``."""
        return self._automaton.keywords(text)

    def any(self, text: str) -> bool:
        """Whether a strong keyword or a shape stands in ``text``, or may."""
        return self._finds is not None and self._finds(text.encode("utf-8", "surrogatepass"))


def _look(scan: Callable[..., None], free: threading.Lock) -> Callable[[bytes], bool]:
    """Whether anything is found in a text or may be, as where the database is in use."""
    acquire, release = free.acquire, free.release

    def finds(raw: bytes) -> bool:
        if (not raw.isascii() and _KELVIN in raw) or not acquire(blocking=False):
            return True
        found: list[int] = []
        try:
            scan(raw, _note, 0, found)
        finally:
            release()
        return bool(found)

    return finds


def _note(number: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
    found.append(number)


def _whole_event(finds: Callable[[bytes], bool]) -> Callable[[dict[str, Any]], bool]:
    """The look at an event in one go, for the hot path: rendered as JSON, then scanned.

    It says ``True``, that anything may be found, of an event that is not plain enough to be rendered.
    """
    orjson: Any = require("orjson", package="orjson", extra="fast")
    dumps = orjson.dumps
    only_plain = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

    def whole_event(event: dict[str, Any]) -> bool:
        try:
            line = dumps(event, None, only_plain)
        except TypeError:
            return True
        return finds(line)

    return whole_event


def _database(module: Any, expressions: Sequence[tuple[str, int]]) -> Any:
    """A database of expressions, each with its flags; ``None`` for none."""
    if not expressions:
        return None
    database = module.Database()
    database.compile(
        expressions=[source.encode() for source, _ in expressions],
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=[flags | module.HS_FLAG_SINGLEMATCH for _, flags in expressions],
    )
    return database
