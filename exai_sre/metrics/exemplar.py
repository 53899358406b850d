"""Exemplars: one sampled trace for each counter and each bucket, written beside the number it explains."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, error
from typing import TYPE_CHECKING, Final

from exai_sre.metrics.cells import WORD

if TYPE_CHECKING:
    from exai_sre.context.trace import TraceContext

__all__ = ["Exemplar", "exemplar_of", "write_exemplar"]

_LOW: Final = (1 << 64) - 1
_WORDS: Final = Struct("@QQdd")


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One sampled trace that fell into a bucket.

    Attributes:
        trace_id: 32 hexadecimal digits.
        value: the observed value, in the unit of the metric.
        time: when it was added to the cells, seconds since the Unix epoch: at the latest when the metric
            was first read afterwards.
    """

    trace_id: str
    value: float
    time: float


def write_exemplar(doubles: memoryview[float], at: int, trace: TraceContext, value: float, now: float) -> None:
    """Write the four words of an exemplar at once.

    Args:
        doubles: a segment seen as doubles.
        at: index of the first word.
        trace: whose id is kept.
        value: the observed value.
        now: seconds since the Unix epoch.
    """
    try:
        number = int(trace.trace_id, 16)
        _WORDS.pack_into(doubles, at * WORD, number >> 64, number & _LOW, value, now)
    except (ValueError, error):
        # No id that W3C knows: the write counts all the same.
        return


def exemplar_of(high: int, low: int, value: float, now: float) -> Exemplar | None:
    """What the four words of an exemplar say; ``None`` where none was written."""
    return Exemplar(f"{high << 64 | low:032x}", value, now) if high or low else None
