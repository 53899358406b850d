"""Many processes' words of one series as the words of one series."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from math import fsum, isfinite, isnan, nan
from typing import Final

from exai_sre.metrics.cells import EXEMPLAR_WORDS, WORD
from exai_sre.metrics.instrument import Across

__all__ = ["added_up", "left_over", "one_of_many"]

_EXEMPLAR: Final = EXEMPLAR_WORDS * WORD
_NO_TIME: Final = bytes(WORD)

_ACROSS: Final[dict[Across, Callable[[Sequence[float]], float]]] = {"sum": sum, "max": max, "min": min}


def added_up(copies: Sequence[bytes], again: Sequence[bytes], counted: int, kept: bytes = b"") -> bytes:
    """The words of a counter or histogram that many processes have written.

    Numbers are added without an error of rounding but the last, so that the order makes no difference
    and no total ever goes down, which would be taken for a restart. Of the exemplars at one place the
    newest is taken. An exemplar takes several writes, and the process that makes them may be in the
    middle: one that two copies of the words show differently, or without its time, is left out, and
    the one from before stays.

    Args:
        copies: the words of each process.
        again: the same, copied once more.
        counted: how many of the words are numbers that add up.
        kept: words from before, whose exemplars stay until there are newer ones.
    """
    numbers = [array("d", copy[: counted * WORD]) for copy in copies]
    sums = array("d", map(_exact, zip(*numbers, strict=True)))
    begin, end = counted * WORD, len(copies[0])
    exemplars = [copy[begin:end] for copy in copies]
    nothing = bytes(end - begin)
    steady = [(copy, second[begin:end]) for copy, second in zip(exemplars, again, strict=True) if copy != nothing]
    if kept[begin:] not in (b"", nothing):
        steady.append((kept[begin:], kept[begin:]))
    places = range(0, end - begin, _EXEMPLAR)
    return sums.tobytes() + (b"".join(_newest(steady, at) for at in places) if steady else nothing)


def _newest(candidates: Sequence[tuple[bytes, bytes]], at: int) -> bytes:
    """The newest exemplar at one place that does not change under our hands."""
    best, newest = bytes(_EXEMPLAR), (0.0, b"")
    for copy, again in candidates:
        exemplar = copy[at : at + _EXEMPLAR]
        if exemplar[-WORD:] == _NO_TIME or exemplar != again[at : at + _EXEMPLAR]:
            continue
        (stamp,) = array("d", exemplar[-WORD:])
        # Of two of one moment any will do, but every process must choose the same.
        if (stamp, exemplar) > newest:
            best, newest = exemplar, (stamp, exemplar)
    return best


def left_over(copies: Sequence[bytes], total: bytes, counted: int) -> bytes:
    """What the numbers of ``total`` lack to be the exact sums of those of ``copies``, as words of the same series.

    Kept beside a total that takes the place of its parts, it lets later sums come out as if the
    parts were still there.

    Args:
        copies: the words of the parts.
        total: what :func:`added_up` made of them.
        counted: how many of the words are numbers that add up.
    """
    numbers = [array("d", copy[: counted * WORD]) for copy in copies]
    negative = array("d", (-number for number in array("d", total[: counted * WORD])))
    rest = array(
        "d", (number if isfinite(number) else 0.0 for number in map(_exact, zip(*numbers, negative, strict=True)))
    )
    return rest.tobytes() + bytes(len(total) - counted * WORD)


def _exact(numbers: Sequence[float]) -> float:
    """The sum, rounded once; infinite or not a number where an observation was, or where it is too large."""
    try:
        return fsum(numbers)
    except (OverflowError, ValueError):
        return sum(numbers)


def one_of_many(values: Sequence[float], across: Across) -> float:
    """The value of a gauge that many living processes have set.

    Nothing is known of one that is NaN. Where nobody is left the sum is 0, and others are NaN.
    """
    known = [value for value in values if not isnan(value)]
    if known:
        return float(_ACROSS[across](known))
    return 0.0 if across == "sum" and not values else nan
