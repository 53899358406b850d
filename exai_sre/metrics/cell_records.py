"""The layout of a file of cells: segments of records, one record per series.

A segment begins with four words: a mark, its length in words, the words in use and a spare one.
Behind them stand records: one word with the length of the key in bytes (upper half) and of the cells
in words (lower half), the key, filled up to a whole word, and the cells. A record counts once the
words in use include it, and the mark of a segment is written last, so that a process may be killed
between any two writes. Byte order is the machine's: a file is not meant to leave it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from exai_sre.metrics.cells import EXEMPLAR_WORDS, WORD
from exai_sre.metrics.instrument import Instrument, Kind

__all__ = [
    "HEADER_WORDS",
    "LENGTH",
    "MARK",
    "USED",
    "Record",
    "SeriesKey",
    "counted_words",
    "record_words",
    "records",
    "series_key",
    "write_record",
]

MARK: Final = 0x31534C4C45434558
"""First word of a segment: ``XECELLS1`` as bytes of a little-endian machine."""

LENGTH: Final = 1
"""Place of a segment's length in words."""

USED: Final = 2
"""Place of the number of words in use."""

HEADER_WORDS: Final = 4
"""Words before the first record."""

_LOW = (1 << 32) - 1
_LETTERS: Final[dict[Kind, str]] = {"counter": "c", "gauge": "g", "histogram": "h"}


class SeriesKey(NamedTuple):
    """Which series a record holds; those with equal keys are added up.

    Attributes:
        kind: ``c``, ``g`` or ``h`` for counter, gauge, histogram; ``a`` for the files that an archive replaces.
        name: name of the instrument.
        shape: digest of label names, bucket bounds and the layout: series of different releases differ here.
        values: label values.
    """

    kind: str
    name: str
    shape: str
    values: tuple[str, ...]

    def encode(self) -> bytes:
        """The key as it stands in a record."""
        return json.dumps([self.kind, self.name, self.shape, *self.values]).encode("ascii")

    @classmethod
    def decode(cls, key: bytes) -> SeriesKey:
        """Read what :meth:`encode` wrote.

        Raises:
            ValueError: it is no such key.
        """
        parts = json.loads(key)
        if not isinstance(parts, list) or len(parts) < 3 or not all(isinstance(part, str) for part in parts):
            raise ValueError(f"no key of a series: {key[:80]!r}")
        kind, name, shape, *values = parts
        return cls(kind, name, shape, tuple(values))


def series_key(instrument: Instrument, values: tuple[str, ...]) -> SeriesKey:
    """The key of a series of ``instrument``."""
    text = "\n".join((*instrument.label_names, *(repr(bound) for bound in instrument.buckets), str(EXEMPLAR_WORDS)))
    shape = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return SeriesKey(_LETTERS[instrument.kind], instrument.name, shape, values)


def counted_words(kind: str, words: int) -> int:
    """Of the words of a series, how many are numbers that add up; exemplars are behind them.

    A histogram of b buckets has b counts and a sum, and an exemplar per bucket.
    """
    return (words - 1) // (1 + EXEMPLAR_WORDS) + 1 if kind == "h" else 1


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        key: its key.
        cells: its words, as bytes in place.
        end: number of the word behind it in its segment.
    """

    key: bytes
    cells: memoryview
    end: int


def records(segment: memoryview, start: int = HEADER_WORDS) -> Iterator[Record]:
    """The records of a segment from word ``start`` on, up to the words in use.

    Args:
        segment: the segment as bytes.
        start: where to go on: the end of the last record that is known.
    """
    words = segment.cast("Q")
    used = min(words[USED], len(words))
    # What is reserved and not written yet has no head.
    while start < used and words[start]:
        key_bytes, length = words[start] >> 32, words[start] & _LOW
        first = start + 1 + _words_of(key_bytes)
        end = first + length
        if end > used:
            return
        key = bytes(segment[(start + 1) * WORD : (start + 1) * WORD + key_bytes])
        yield Record(key, segment[first * WORD : end * WORD], end)
        start = end


def write_record(words: memoryview[int], used: int, key: bytes, length: int) -> int:
    """Write the head and the key of a record of ``length`` zeroed words behind ``used``.

    Args:
        words: the segment.
        used: words in use.
        key: the key.
        length: number of words of the cells.

    Returns:
        Number of the first word of the cells; the caller makes the record count by setting
        the words in use to that plus ``length``.
    """
    first = used + 1 + _words_of(len(key))
    padded = key.ljust(_words_of(len(key)) * WORD, b"\0")
    words[used + 1 : first] = memoryview(padded).cast("Q")
    words[used] = len(key) << 32 | length
    return first


def record_words(key: bytes, length: int) -> int:
    """Words that a record takes."""
    return 1 + _words_of(len(key)) + length


def _words_of(count: int) -> int:
    return -(-count // WORD)
