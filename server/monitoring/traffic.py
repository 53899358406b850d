"""Traffic figures of the live page, from the same cells as the metrics."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from exai_sre.metrics import Matcher, Selection
from exai_sre.names import LabelName
from exai_sre.outcome import Outcome
from server.metrics import ServerMetrics

__all__ = ["Traffic", "quantile"]

RATE_WINDOW: Final = 10.0
"""Seconds over which rates are taken."""

QUANTILE_WINDOW: Final = 60.0
"""Seconds over which quantiles are taken."""

_CALLS: Final = Matcher(LabelName.MCP_METHOD, ("tools/call",))
_BAD: Final = Matcher(LabelName.OUTCOME, tuple(outcome.value for outcome in Outcome if outcome.bad))


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    total: float
    bad: float
    cumulative: tuple[float, ...]


class Traffic:
    """Rates and quantiles of tool calls over a sliding window.

    Args:
        metrics: the server's metrics.
    """

    def __init__(self, metrics: ServerMetrics) -> None:
        duration = metrics.mcp.operation_duration
        self._bounds = duration.instrument.buckets
        self._calls = Selection(duration, (_CALLS,), chosen=(_BAD,))
        self._within = [Selection(duration, (_CALLS,), within=bound) for bound in self._bounds]
        self._in_flight = Selection(metrics.mcp.in_flight)
        self._connections = Selection(metrics.websocket.open, (Matcher(LabelName.ENDPOINT, ("/ws",)),))
        self._samples: deque[_Sample] = deque()

    def sample(self, now: float) -> None:
        """Read the cells; call at regular intervals.

        Args:
            now: monotonic time in seconds.
        """
        cumulative = tuple([selection.read()[0] for selection in self._within])
        bad, total = self._calls.read()
        self._samples.append(_Sample(now, total, bad, cumulative))
        while len(self._samples) > 2 and self._samples[1].at <= now - QUANTILE_WINDOW:
            self._samples.popleft()

    def figures(self) -> dict[str, Any]:
        """The figures as of the last sample, ready for JSON; a figure nobody can know is ``None``."""
        if not self._samples:
            return self._figures(None, None, None)
        last = self._samples[-1]
        recent = next(sample for sample in self._samples if sample.at >= last.at - RATE_WINDOW)
        return self._figures(self._samples[0], recent, last)

    def _figures(self, first: _Sample | None, recent: _Sample | None, last: _Sample | None) -> dict[str, Any]:
        seconds = last.at - recent.at if last and recent else 0.0
        rates = (
            ((last.total - recent.total) / seconds, (last.bad - recent.bad) / seconds)
            if last and recent and seconds > 0
            else (0.0, 0.0)
        )
        counts = _difference(first, last)
        return {
            "requests_per_second": rates[0],
            "bad_per_second": rates[1],
            **{f"p{q}_seconds": quantile(q / 100, self._bounds, counts) for q in (50, 95, 99)},
            "in_flight": self._in_flight.read()[1],
            "connections": self._connections.read()[1],
        }


def _difference(first: _Sample | None, last: _Sample | None) -> list[float]:
    """Observations per bucket between two samples, the infinite bucket last."""
    if first is None or last is None:
        return []
    before, after = (0.0, *first.cumulative, first.total), (0.0, *last.cumulative, last.total)
    rising = [new - old for old, new in zip(before, after, strict=True)]
    return [high - low for low, high in pairwise(rising)]


def quantile(q: float, bounds: Sequence[float], counts: Sequence[float]) -> float | None:
    """The ``q`` quantile (0..1) of a histogram, linear within its bucket, as Prometheus computes it.

    Source: ``histogram_quantile`` in the Prometheus documentation.

    Args:
        q: 0.5 for the median.
        bounds: upper bounds, ascending, without infinity.
        counts: observations per bucket, the infinite bucket last.

    Returns:
        The quantile in the unit of the bounds; the highest bound where it lies beyond; ``None``
        without observations.
    """
    total = sum(counts)
    if total <= 0:
        return None
    rank, below, low = q * total, 0.0, 0.0
    for bound, count in zip(bounds, counts, strict=False):
        if count > 0 and below + count >= rank:
            return low + (bound - low) * (rank - below) / count
        below, low = below + count, bound
    return bounds[-1]
