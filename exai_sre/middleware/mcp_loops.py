"""Finding agents that go round in circles: the same failing tool call, with the same arguments, again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from exai_sre.outcome import Outcome

__all__ = ["AgentLoop", "AgentLoops", "LoopOptions", "fingerprint"]

_UNTOUCHED: Final = frozenset({Outcome.CANCELLED, Outcome.OVERLOAD})
"""Endings that say nothing: whom we send away is right to come again."""

_SCANNED: Final = 65_536
_DEEPEST: Final = 16


@dataclass(frozen=True, slots=True)
class AgentLoop:
    """One client in a loop.

    Attributes:
        tool: name of the tool as metrics hold it.
        repeats: how often the call has failed in a row, the first time included.
        outcome: how it ended this time.
    """

    tool: str
    repeats: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LoopOptions:
    """When equal failing calls are a loop.

    Attributes:
        after: failures of one call in a row from which on they are a loop.
        within: seconds that may pass between two of them.
        kept: failing calls that are remembered; those of the client that has been quiet longest go first.
        on_loop: told of each call in a loop; what it raises is dropped.
    """

    after: int = 3
    within: float = 600.0
    kept: int = 4096
    on_loop: Callable[[AgentLoop], None] | None = None

    def __post_init__(self) -> None:
        if self.after < 2 or self.kept < 1 or not self.within > 0:
            raise ValueError("a loop takes after >= 2 calls, kept >= 1 and within > 0 seconds")


class AgentLoops:
    """Counts how often each client made each failing call in a row.

    A call ends a row when it ends well, or when ``within`` seconds pass; other calls between do
    not. What was refused for want of room or withdrawn neither ends a row nor adds to it.

    Args:
        options: when it is a loop.
    """

    def __init__(self, options: LoopOptions) -> None:
        self._options = options
        # By client and tool first, so that a call that ends well costs one look-up, and its
        # arguments are hashed only where that client has failed with that tool.
        self._rows: OrderedDict[tuple[str, str], OrderedDict[bytes, tuple[int, float]]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        """Failing calls that are remembered."""
        return self._size

    def note(self, client: str, tool: str, arguments: object, outcome: Outcome, now: float) -> int:
        """Take note of one call; returns how often it has failed in a row if that is a loop, else 0.

        Args:
            client: who made it: an id of a session or of a connection.
            tool: name of the tool.
            arguments: its arguments; they are hashed, not kept.
            outcome: how it ended.
            now: monotonic time, seconds.
        """
        where = (client, tool)
        if outcome is Outcome.OK:
            if where in self._rows:
                self._take(where, fingerprint(arguments))
            return 0
        if outcome in _UNTOUCHED:
            return 0
        key = fingerprint(arguments)
        count, last = self._take(where, key) or (0, now)
        count = count + 1 if now - last <= self._options.within else 1
        self._rows.setdefault(where, OrderedDict())[key] = (count, now)
        self._rows.move_to_end(where)
        self._size += 1
        self._forget()
        return count if count >= self._options.after else 0

    def _take(self, where: tuple[str, str], key: bytes) -> tuple[int, float] | None:
        rows = self._rows.get(where)
        found = rows.pop(key, None) if rows else None
        if found is not None:
            self._size -= 1
            if not rows:
                del self._rows[where]
        return found

    def _forget(self) -> None:
        """Drop the oldest row of the client that has been quiet longest, while there are too many."""
        while self._size > self._options.kept:
            where, rows = next(iter(self._rows.items()))
            rows.popitem(last=False)
            self._size -= 1
            if not rows:
                del self._rows[where]

    def is_new(self, repeats: int) -> bool:
        """Whether a loop of so many calls was found by the last of them."""
        return repeats == self._options.after

    def is_telling(self, repeats: int) -> bool:
        """Whether a loop of so many calls is worth a line: when it is found, then at each doubling."""
        times, rest = divmod(repeats, self._options.after)
        return rest == 0 and times & (times - 1) == 0

    def tell(self, loop: AgentLoop) -> None:
        """Hand a loop to ``on_loop``; what that raises is dropped."""
        if self._options.on_loop is not None:
            # Whoever listens must not cost the caller the answer.
            with suppress(Exception):
                self._options.on_loop(loop)


def fingerprint(value: object) -> bytes:
    """A hash of a JSON-like value, whatever the order of keys; of its first 65536 characters and values only."""
    digest = blake2b(digest_size=16)
    _feed(digest.update, value, [_SCANNED], _DEEPEST)
    return digest.digest()


def _feed(update: Callable[[bytes], None], value: object, left: list[int], depth: int) -> None:
    if left[0] <= 0:
        return
    # Every value uses up some of what is left, an empty list too: a million of them cost what thousands do.
    left[0] -= 1
    if depth and isinstance(value, Mapping):
        update(b"{")
        for name in sorted(map(str, value)):
            if left[0] <= 0:
                break
            _feed(update, name, left, depth)
            _feed(update, value.get(name), left, depth - 1)
        update(b"}")
    elif depth and isinstance(value, list | tuple):
        update(b"[")
        for item in value:
            if left[0] <= 0:
                break
            _feed(update, item, left, depth - 1)
        update(b"]")
    else:
        # The type stands before it: 1 and "1" are different arguments.
        text = value[: left[0]] if isinstance(value, str) else str(value)[: left[0]] if _plain(value) else ""
        left[0] -= len(text)
        update(f"{type(value).__name__}:{len(text)}:{text}".encode("utf-8", "surrogatepass"))


def _plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float)
