"""Correlation ids: made as UUIDv7 text, taken from outside only under a strict rule."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from exai_sre.context.rejection import Rejection

__all__ = ["CorrelationIds", "accept_correlation_id", "judge_correlation_id", "new_correlation_id"]

_ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{8,64}", re.ASCII)
_LONGEST: Final = 64
_SHORTEST: Final = 8
_COUNTER_BITS: Final = 12
_RANDOM_BITS: Final = 62
_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62
_COUNTER_MASK: Final = (1 << _COUNTER_BITS) - 1
# The upper half of the counter is left free, so that a busy millisecond has room to count.
_START_BITS: Final = _COUNTER_BITS - 1


class CorrelationIds:
    """A source of UUIDv7 texts, each greater than the one before.

    Source: RFC 9562, section 5.7, with the twelve bits after the time as a counter that is
    seeded anew each millisecond (section 6.2, method 1). When the counter is used up, or the
    clock goes back, the time field runs ahead of the clock instead of repeating.

    Args:
        now_ns: nanoseconds since the Unix epoch.
        random_bits: an integer of that many random bits.
    """

    __slots__ = ("_last", "_lock", "_now_ns", "_random_bits")

    def __init__(self, now_ns: Callable[[], int], random_bits: Callable[[int], int]) -> None:
        self._now_ns = now_ns
        self._random_bits = random_bits
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        """The next id: 36 characters, lower-case hexadecimal with dashes."""
        entropy = self._random_bits(_RANDOM_BITS + _START_BITS)
        fresh = (self._now_ns() // 1_000_000 << _COUNTER_BITS) | entropy >> _RANDOM_BITS
        with self._lock:
            # A tick is the millisecond and the counter as one number: adding one carries over.
            tick = fresh if fresh >> _COUNTER_BITS > self._last >> _COUNTER_BITS else self._last + 1
            self._last = tick
        upper = tick >> _COUNTER_BITS << 80 | _VERSION | (tick & _COUNTER_MASK) << 64
        text = f"{upper | _VARIANT | entropy & (1 << _RANDOM_BITS) - 1:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


# Ids need no secrecy, only distinctness; the generator is seeded by the operating system.
_PROCESS: Final = CorrelationIds(time.time_ns, random.Random().getrandbits)  # noqa: S311  # nosec B311


def new_correlation_id() -> str:
    """A fresh UUIDv7 text, greater than every one that this process made before."""
    return _PROCESS.next()


def judge_correlation_id(values: Sequence[object]) -> str | Rejection | None:
    """Judge what arrived as a correlation id.

    Args:
        values: every value that the carrier holds, over all header names in use.

    Returns:
        The id when all values are the same text of 8 to 64 characters ``[A-Za-z0-9._:-]``; the
        reason when they are not; ``None`` when nothing arrived.
    """
    if not values:
        return None
    first = values[0]
    if not isinstance(first, str):
        return Rejection.ID_TYPE
    if any(value != first for value in values):
        return Rejection.ID_AMBIGUOUS
    if not _SHORTEST <= len(first) <= _LONGEST:
        return Rejection.ID_LENGTH
    return first if _ACCEPTED.fullmatch(first) else Rejection.ID_CHARACTERS


def accept_correlation_id(values: Sequence[object], rejected: Callable[[str], None] | None = None) -> str | None:
    """The correlation id that arrived, or ``None`` where a fresh one must be made.

    Args:
        values: every value that the carrier holds.
        rejected: told the reason when something arrived that is not taken over; the refused
            value itself goes nowhere.
    """
    verdict = judge_correlation_id(values)
    if isinstance(verdict, Rejection):
        if rejected is not None:
            rejected(verdict.value)
        return None
    return verdict
