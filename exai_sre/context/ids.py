"""Correlation ids: made as UUIDv7 text, taken from outside only under a strict rule."""

from __future__ import annotations

import os
import random
import re
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from exai_sre.context.rejection import Rejection
from exai_sre.errors import SettingError

__all__ = [
    "DEFAULT_ID_RULE",
    "CorrelationIds",
    "IdRule",
    "accept_correlation_id",
    "correlation_id_of",
    "is_uuid",
    "judge_correlation_id",
    "new_correlation_id",
    "random_bits",
    "trace_id_of",
]

_PUNCTUATION: Final = frozenset("!$&*+-./:=@_|~")
_LONGEST: Final = 256
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_TRACE_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NO_TRACE: Final = "0" * 32
_RANDOM_BITS: Final = 62
_RANDOM_MASK: Final = (1 << _RANDOM_BITS) - 1
_VARIANT: Final = 0b10 << _RANDOM_BITS
_COUNTER_MASK: Final = 0xFFF
# The upper half of the counter is left free, so that a busy millisecond has room to count.
_START_BITS: Final = 11


@dataclass(frozen=True, slots=True)
class IdRule:
    """Which text from outside is taken over as a correlation id.

    ASCII letters and digits are always allowed; what else may stand in an id is chosen from
    characters that no header, log line or URL gives a meaning to that could be abused.

    Attributes:
        shortest: fewest characters, at least 1.
        longest: most characters, at most 256.
        punctuation: further characters, out of ``!$&*+-./:=@_|~``.

    Raises:
        SettingError: the rule would let harmful text in, or nothing at all.
    """

    shortest: int = 8
    longest: int = 64
    punctuation: str = "._:-"
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.longest <= _LONGEST:
            said = f"{self.shortest} to {self.longest}"
            raise SettingError("id_rule", said, "is no range of lengths", remedy=f"stay within 1 to {_LONGEST}")
        if not _PUNCTUATION.issuperset(self.punctuation):
            allowed = "".join(sorted(_PUNCTUATION))
            raise SettingError(
                "id_rule",
                repr(self.punctuation),
                "holds a character that is refused",
                remedy=f"choose out of {allowed}",
            )
        alphabet = f"[A-Za-z0-9{re.escape(self.punctuation)}]"
        object.__setattr__(self, "pattern", re.compile(f"{alphabet}{{{self.shortest},{self.longest}}}", re.ASCII))


DEFAULT_ID_RULE: Final = IdRule()
"""8 to 64 characters ``[A-Za-z0-9._:-]``."""


class CorrelationIds:
    """A source of UUIDv7 texts, each greater than the one before.

    Source: RFC 9562, section 5.7. The random part is drawn anew each millisecond; within one, its
    upper twelve bits count up from a random start (section 6.2, method 2, with a step of 2^62).
    When they are used up, or the clock goes back, the time runs ahead of the clock instead of
    repeating.

    Args:
        now_ns: nanoseconds since the Unix epoch.
        random_bits: an integer of that many random bits.
    """

    __slots__ = ("_count", "_head", "_lock", "_millisecond", "_now_ns", "_random_bits", "_tail")

    def __init__(self, now_ns: Callable[[], int], random_bits: Callable[[int], int]) -> None:
        self._now_ns = now_ns
        self._random_bits = random_bits
        self._lock = threading.Lock()
        self._millisecond = -1
        self._count = 0
        self._head = self._tail = ""

    def next(self) -> str:
        """The next id: 36 characters, lower-case hexadecimal with dashes."""
        millisecond = self._now_ns() // 1_000_000
        with self._lock:
            if millisecond > self._millisecond:
                self._begin(millisecond)
            elif self._count == _COUNTER_MASK:
                self._begin(self._millisecond + 1)
            else:
                self._count += 1
            return f"{self._head}{self._count:03x}{self._tail}"

    def part_from_parent(self) -> None:
        """Go on apart from the process that forked this one; the source of random bits does so by itself."""
        # The lock may have been held by a thread that is not here.
        self._lock = threading.Lock()
        # What the ids of this millisecond have in common is the parent's: the next id draws anew.
        self._count = _COUNTER_MASK

    def _begin(self, millisecond: int) -> None:
        """Draw what the ids of one millisecond have in common, and where they start to count."""
        entropy = self._random_bits(_RANDOM_BITS + _START_BITS)
        low = f"{_VARIANT | entropy & _RANDOM_MASK:016x}"
        self._millisecond = millisecond
        self._count = entropy >> _RANDOM_BITS
        self._head = f"{millisecond >> 16:08x}-{millisecond & 0xFFFF:04x}-7"
        self._tail = f"-{low[:4]}-{low[4:]}"


def random_bits() -> Callable[[int], int]:
    """A source of integers of so many random bits, seeded by the operating system.

    Ids need distinctness, not secrecy. Workers that a server forks would all go on from the
    parent's state and make the same ids, so a child is seeded anew.
    """
    source = random.Random()  # noqa: S311  # nosec B311
    if hasattr(os, "register_at_fork"):
        # The hook stays for the life of the process; it must not keep the source alive.
        kept = weakref.ref(source)

        def reseed() -> None:
            alive = kept()
            if alive is not None:
                alive.seed()

        os.register_at_fork(after_in_child=reseed)
    return source.getrandbits


_PROCESS: Final = CorrelationIds(time.time_ns, random_bits())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_PROCESS.part_from_parent)


def new_correlation_id() -> str:
    """A fresh UUIDv7 text, greater than every one that this process made before."""
    return _PROCESS.next()


def is_uuid(text: str) -> bool:
    """Whether a text is a lower-case UUID with dashes, of any version, as most correlation ids are."""
    return _UUID.fullmatch(text) is not None


def trace_id_of(correlation_id: str) -> str | None:
    """The W3C trace id that says the same as a correlation id; ``None`` for one that is no lower-case UUID.

    :func:`correlation_id_of` takes it back, so that either id is found by the other without a table.
    """
    if not is_uuid(correlation_id):
        return None
    digits = correlation_id.replace("-", "")
    return None if digits == _NO_TRACE else digits


def correlation_id_of(trace_id: str) -> str | None:
    """The correlation id that says the same as a W3C trace id; ``None`` for what is no trace id."""
    if _TRACE_ID.fullmatch(trace_id) is None or trace_id == _NO_TRACE:
        return None
    return f"{trace_id[:8]}-{trace_id[8:12]}-{trace_id[12:16]}-{trace_id[16:20]}-{trace_id[20:]}"


def judge_correlation_id(values: Sequence[object], rule: IdRule = DEFAULT_ID_RULE) -> str | Rejection | None:
    """Judge what arrived as a correlation id.

    Args:
        values: every value that the carrier holds, over all header names in use.
        rule: which text is taken over.

    Returns:
        The id when all values are the same text and the rule allows it; the reason when not;
        ``None`` when nothing arrived.
    """
    if not values:
        return None
    first = values[0]
    if not isinstance(first, str):
        return Rejection.ID_TYPE
    # The length goes first: no more than a bounded part of what arrived is ever looked at.
    if not rule.shortest <= len(first) <= rule.longest:
        return Rejection.ID_LENGTH
    if len(values) > 1 and any(value != first for value in values):
        return Rejection.ID_AMBIGUOUS
    return first if rule.pattern.fullmatch(first) else Rejection.ID_CHARACTERS


def accept_correlation_id(
    values: Sequence[object], rejected: Callable[[str], None] | None = None, rule: IdRule = DEFAULT_ID_RULE
) -> str | None:
    """The correlation id that arrived, or ``None`` where a fresh one must be made.

    Args:
        values: every value that the carrier holds.
        rejected: told the reason when something arrived that is not taken over; the refused
            value itself goes nowhere.
        rule: which text is taken over.
    """
    verdict = judge_correlation_id(values, rule)
    if isinstance(verdict, Rejection):
        if rejected is not None:
            rejected(verdict.value)
        return None
    return verdict
