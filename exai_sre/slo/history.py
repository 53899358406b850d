"""Cumulative counts over time at several resolutions, in bounded memory.

A *frame* holds, for each SLO, good events, all events and watched seconds, cumulated since
the beginning. One frame may stand in several *rings*, each of which keeps the first frame of
every step of its own length; what a window holds is then the difference of two frames, and
the cost of a question does not depend on the length of the window.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["COLUMNS", "MARKS", "READINGS", "RINGS", "Frame", "History", "Point"]

COLUMNS: Final = 3
"""Numbers per SLO in a frame: good events, all events, watched seconds."""

RINGS: Final = ((1, 660), (60, 400), (600, 480), (3600, 760), (21_600, 380))
"""Step in seconds and number of frames of each ring: 11 min, 6.7 h, 3.3 d, 31.7 d and 95 d."""

MARKS: Final = 0
"""Resolution of points outside the rings: slot 0 holds the newest frame, the others the edges of gaps."""

READINGS: Final = -1
"""Resolution of the one point that holds no frame but what the cells showed when the newest frame was made."""

_SLACK = 32
_MARKED = 64
_NOTHING = (0.0,) * COLUMNS


@dataclass(frozen=True, slots=True)
class Frame:
    """Cumulated counts at one moment.

    Attributes:
        stamp: seconds on the tracker's time axis, close to the Unix epoch.
        counts: :data:`COLUMNS` numbers per SLO.
    """

    stamp: float
    counts: array[float]


@dataclass(frozen=True, slots=True)
class Point:
    """A frame as it is stored: a new one replaces the old one of the same resolution and slot.

    Attributes:
        resolution: step of the ring in seconds, :data:`MARKS` or :data:`READINGS`.
        slot: place in the ring, so that the number of points is bounded.
        stamp: seconds since the Unix epoch.
        counts: good events, all events and watched seconds by series key.
    """

    resolution: int
    slot: int
    stamp: float
    counts: Mapping[str, tuple[float, float, float]]


class _Ring:
    """The first frame of each step, the oldest dropped first."""

    __slots__ = ("_capacity", "_frames", "_stamps", "fresh", "step")

    def __init__(self, step: int, capacity: int) -> None:
        self.step = step
        self.fresh: deque[Frame] = deque(maxlen=capacity)
        self._capacity = capacity
        self._frames: list[Frame] = []
        self._stamps: list[float] = []

    def keep(self, frame: Frame) -> None:
        """Append a frame, whatever its step."""
        self._frames.append(frame)
        self._stamps.append(frame.stamp)
        if len(self._frames) > self._capacity + _SLACK:
            del self._frames[:_SLACK], self._stamps[:_SLACK]

    def offer(self, frame: Frame, previous: Frame) -> bool:
        """Keep the frame if it opens a new step; whether a gap was found before it.

        After a gap of a whole step the frame before it is kept as well, or what that one
        counted last would seem to have happened throughout the gap. It takes no slot, because
        it would push out the frame that opened its step.
        """
        steps = frame.stamp // self.step - self._stamps[-1] // self.step if self._stamps else 1
        if steps <= 0:
            return False
        gap = steps > 1 and previous.stamp > self._stamps[-1]
        if gap:
            self.keep(previous)
        self.keep(frame)
        self.fresh.append(frame)
        return gap

    def slot(self, frame: Frame) -> int:
        return int(frame.stamp // self.step) % self._capacity

    def around(self, stamp: float) -> tuple[Frame | None, Frame | None]:
        """The last frame up to ``stamp`` and the first one after it, where there is such a frame."""
        after = bisect_right(self._stamps, stamp)
        frames = self._frames
        return frames[after - 1] if after else None, frames[after] if after < len(frames) else None


def _age(point: Point) -> tuple[float, bool]:
    """Orders stored points; of two frames of one moment the newest frame is the later one."""
    return point.stamp, (point.resolution, point.slot) == (MARKS, 0)


class History:
    """The rings of one tracker, and the newest frame.

    Args:
        keys: series key of each SLO, in the order of the columns.
        stamp: the moment at which watching begins, on the tracker's time axis.
        points: stored points to continue from, none of them later than ``stamp``; series that
            are not among the keys are ignored.

    Attributes:
        latest: the newest frame.
    """

    def __init__(self, keys: tuple[str, ...], stamp: float, points: Iterable[Point] = ()) -> None:
        self._keys = keys
        self._rings = tuple(_Ring(step, capacity) for step, capacity in RINGS)
        self._handed: Frame | None = None
        self._marks: deque[Frame] = deque(maxlen=_MARKED)
        nothing = Frame(stamp, array("d", bytes(8 * COLUMNS * len(keys))))
        self.latest = self._restore(sorted(points, key=_age)) or nothing
        self.append(Frame(stamp, self.latest.counts))

    def _restore(self, points: list[Point]) -> Frame | None:
        """Fill the rings and return the newest frame.

        A series that a point does not hold keeps what the point before it held, and has what
        the first that knows it holds before that: no events are made up where it was not counted.
        """
        known: dict[str, tuple[float, float, float]] = {}
        for point in points:
            known = {**point.counts, **known}
        frame = None
        for point in points:
            known.update(point.counts)
            flat = [number for key in self._keys for number in known.get(key, _NOTHING)]
            frame = Frame(point.stamp, array("d", flat))
            for ring in self._rings:
                if point.resolution in (MARKS, ring.step):
                    ring.keep(frame)
        return frame

    def append(self, frame: Frame) -> None:
        """Take a frame that is not older than the newest one."""
        gaps = [ring.offer(frame, self.latest) for ring in self._rings]
        if any(gaps):
            self._marks.append(self.latest)
        self.latest = frame

    def at(self, stamp: float) -> tuple[array[float], array[float], float]:
        """Counts before and after a moment, and how far it lies between the two (0..1).

        Every ring is asked, and the two frames nearest to the moment are taken: after restarts a
        fine ring may hold fewer frames about it than a coarse one. A moment before the beginning
        yields the oldest frame: a window that is not covered holds what there is.
        """
        before: Frame | None = None
        after = self.latest
        for ring in self._rings:
            earlier, later = ring.around(stamp)
            if earlier is not None and (before is None or earlier.stamp > before.stamp):
                before = earlier
            if later is not None and later.stamp <= after.stamp:
                after = later
        if before is None:
            return after.counts, after.counts, 0.0
        span = after.stamp - before.stamp
        share = (stamp - before.stamp) / span if span > 0 else 0.0
        return before.counts, after.counts, min(share, 1.0)

    def points(self) -> list[Point]:
        """The points that changed since the last call; at least the newest frame if it is new."""
        points = [self._point(MARKS, 1 + int(mark.stamp) % _MARKED, mark) for mark in self._marks]
        self._marks.clear()
        finest = self._rings[0].fresh
        if self.latest is not self._handed and not (finest and finest[-1] is self.latest):
            points.append(self._point(MARKS, 0, self.latest))
        for ring in self._rings:
            points += [self._point(ring.step, ring.slot(frame), frame) for frame in ring.fresh]
            ring.fresh.clear()
        self._handed = self.latest
        return points

    def _point(self, resolution: int, slot: int, frame: Frame) -> Point:
        columns = [iter(frame.counts)] * COLUMNS
        return Point(resolution, slot, frame.stamp, dict(zip(self._keys, zip(*columns, strict=True), strict=True)))
