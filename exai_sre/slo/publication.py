"""Exporting the tracker's view through bound gauges."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING

from exai_sre.names import LabelName
from exai_sre.slo.model import Slo
from exai_sre.slo.status import SloStatus

if TYPE_CHECKING:
    from exai_sre.metrics.families.telemetry import TrackerMetrics

__all__ = ["Publisher"]


class Publisher:
    """The gauges of each SLO, bound once; what is not known is NaN, never 0.

    Args:
        metrics: the families.
        slos: the tracked SLOs, in the order in which they are numbered.
    """

    def __init__(self, metrics: TrackerMetrics, slos: Sequence[Slo]) -> None:
        label = metrics.burn_rate.instrument.label(LabelName.WINDOW)
        windows = label.values if label else ()
        self._tick = metrics.tick_duration.labels()
        self._budget = [metrics.budget_remaining.labels(**{LabelName.SLO: slo.id}) for slo in slos]
        self._coverage = [metrics.coverage.labels(**{LabelName.SLO: slo.id}) for slo in slos]
        self._burns = [
            [
                (window, metrics.burn_rate.labels(**{LabelName.SLO: slo.id, LabelName.WINDOW: window}))
                for window in windows
            ]
            for slo in slos
        ]
        self.withdraw()

    def withdraw(self) -> None:
        """Say that nothing is known, as from before the first tick."""
        for budget, coverage, burns in zip(self._budget, self._coverage, self._burns, strict=True):
            for gauge in (budget, coverage, *(gauge for _, gauge in burns)):
                gauge.set(nan)

    def publish(self, place: int, status: SloStatus) -> None:
        """Export the status of the SLO with that number."""
        self._budget[place].set(_or_nan(status.budget_remaining))
        self._coverage[place].set(status.coverage)
        for window, gauge in self._burns[place]:
            gauge.set(_or_nan(status.burn_rates.get(window)))

    def observe(self, seconds: float) -> None:
        """Record how long a tick took."""
        self._tick.observe(seconds)


def _or_nan(value: float | None) -> float:
    return nan if value is None else value
