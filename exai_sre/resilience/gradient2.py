"""Gradient2: a limit that falls when latency rises above what it used to be."""

from __future__ import annotations

from dataclasses import dataclass

from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.limit_window import LimitAlgorithm, LimitWindow

__all__ = ["Gradient2", "Gradient2Engine"]

_BIASED = 3.0
_IN_USE = 0.6
_STEEPEST_FALL = 0.5
_STEEPEST_RISE = 1.5
_WARM_UP = 50
_RECENT = 10
_PACE_AT_MINIMUM = 10.0
_PACE_UNDER_PRESSURE = 0.1


@dataclass(frozen=True, slots=True)
class Gradient2:
    """Options of the algorithm Gradient2 of Netflix concurrency-limits (read at 78a74b9).

    ``smoothing`` and ``long_window`` are the original's. ``tolerance`` (1.5 there) and ``queue``
    (4 there) are lower: an update per window instead of per call has less noise to tolerate, and
    the simulated overload in the tests shows that goodput does not need more.

    Attributes:
        tolerance: how many times the baseline latency may grow before the limit falls.
        queue: calls by which a window without a growing latency raises the estimate.
        smoothing: share of a new estimate that is taken over at once, a ratio of 0 to 1.
        long_window: windows over which the baseline is averaged.
    """

    tolerance: float = 1.25
    queue: float = 2.0
    smoothing: float = 0.2
    long_window: int = 600

    def __post_init__(self) -> None:
        if not self.tolerance >= 1:
            raise OptionError("tolerance", self.tolerance, "is a multiple of the baseline, at least 1")
        if not self.queue > 0:
            raise OptionError("queue", self.queue, "a limit that cannot grow would only ever fall")
        if not 0 < self.smoothing <= 1:
            raise OptionError("smoothing", self.smoothing, "is a ratio above 0 and up to 1")
        if self.long_window < 1:
            raise OptionError("long_window", self.long_window, "at least one window makes an average")

    def engine(self) -> LimitAlgorithm:
        """The algorithm for one limit."""
        return Gradient2Engine(self)


class Gradient2Engine:
    """The state of Gradient2: a long average of latency, the baseline.

    In each window in which the limit was in use, ``limit * gradient + queue`` is the new estimate,
    where ``gradient = tolerance * baseline / latency``, at least 0.5 and at most 1. What differs
    from the original:

    - *Under pressure*, while calls are turned away, the baseline hardly rises. The original learns
      the latency of an overload as the new normal, and its limit drifts upwards for as long as the
      overload lasts. At the lowest limit it does rise: then the calls are slow by themselves.
    - Under pressure the gradient may be up to 1.5, so that noise in the latency does not push the
      limit down; and until latency rises for the first time the estimate is taken over whole, so
      that a limit that starts far too low finds its place within a few windows.
    - Lost calls steepen the gradient by their share; the original ignores them.
    - The first windows after a start, up to three latencies, are not looked at: the calls that end
      first are the short ones. The next 50 are averaged plainly (10 in the original).

    Args:
        options: see :class:`Gradient2`.
    """

    __slots__ = ("_baseline", "_options", "_recent", "_seen", "_starting")

    def __init__(self, options: Gradient2) -> None:
        self._options = options
        self._baseline = 0.0
        self._recent = 0.0
        self._seen = 0
        self._starting = True

    @property
    def baseline(self) -> float | None:
        """See :class:`~exai_sre.resilience.limit_window.LimitAlgorithm`."""
        return self._baseline if self._seen else None

    def update(self, limit: float, window: LimitWindow) -> float:
        """See :class:`~exai_sre.resilience.limit_window.LimitAlgorithm`."""
        gradient = _STEEPEST_FALL
        if window.latency is not None:
            if window.age < _BIASED * window.latency:
                return limit
            self._learn(window.latency, window)
            slope = self._options.tolerance * self._baseline / max(window.latency, 1e-9)
            gradient = max(gradient, min(_STEEPEST_RISE if window.pressed else 1.0, slope) * (1.0 - window.lost))
        if window.running < limit * _IN_USE and not window.lost:
            return limit
        self._starting &= window.pressed and self._options.tolerance * self._baseline > self._recent
        share = 1.0 if self._starting and gradient > 1.0 else self._options.smoothing
        return limit * (1.0 - share) + share * (limit * gradient + self._options.queue)

    def _learn(self, latency: float, window: LimitWindow) -> None:
        """Average the latency: over a few windows, and from there over very many."""
        self._seen += 1
        self._recent += (latency - self._recent) / min(self._seen, _RECENT)
        if self._seen <= _WARM_UP:
            self._baseline += (latency - self._baseline) / self._seen
            return
        pace = 2.0 / (self._options.long_window + 1)
        if window.pressed and self._recent > self._baseline:
            pace *= _PACE_AT_MINIMUM if window.at_minimum else _PACE_UNDER_PRESSURE
        self._baseline += (self._recent - self._baseline) * min(1.0, pace)
        if self._baseline > 2.0 * self._recent:
            # Latency went back to normal after a long overload; the average would take too long to follow.
            self._baseline *= 0.9
