"""What came since the last push that arrived, for collectors that want differences instead of totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exai_sre.metrics.instrument import Instrument
from exai_sre.metrics.reading import Point, Reading

__all__ = ["Deltas"]

_Key = tuple[str, tuple[str, ...]]


class Deltas:
    """Remembers the totals that have arrived; gauges pass as they are.

    Args:
        since: beginning of the first interval, seconds since the Unix epoch.

    Attributes:
        since: beginning of the running interval, seconds since the Unix epoch.
    """

    def __init__(self, since: float) -> None:
        self.since = since
        self._arrived: dict[_Key, list[float]] = {}
        self._sent: dict[_Key, list[float]] = {}

    def of(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        """The readings less what has arrived; a total that went back counts from zero."""
        self._sent.clear()
        for reading in readings:
            if reading.instrument.kind == "gauge":
                yield reading
            else:
                yield Reading(reading.instrument, self._points(reading.instrument, reading.points))

    def _points(self, instrument: Instrument, points: Iterable[Point]) -> Iterator[Point]:
        for point in points:
            key, total = (instrument.name, point.labels), list(point.numbers)
            before = self._arrived.get(key)
            # The sum of a histogram may fall where values are negative: its counts tell a restart.
            counts = slice(0, max(1, len(total) - 1))
            if before is None or any(now < then for now, then in zip(total[counts], before[counts], strict=True)):
                before = [0.0] * len(total)
            self._sent[key] = total
            yield point._replace(numbers=[now - then for now, then in zip(total, before, strict=True)])

    def arrived(self, now: float) -> None:
        """What :meth:`of` gave last has arrived; the next interval begins at ``now``."""
        self._arrived.update(self._sent)
        self._sent.clear()
        self.since = now
