"""Metric families of the business: who uses the service, and what for. What it costs stands with the upstreams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.family import Counter, Gauge
from exai_sre.metrics.instrument import OUTCOME_VALUES, Chart, Label
from exai_sre.names import LabelName, Metric
from exai_sre.outcome import Outcome

__all__ = ["USER_WINDOWS", "BusinessMetrics"]

USER_WINDOWS: Final = {"5m": 300.0, "1h": 3600.0, "1d": 86400.0}
"""Windows of the active users, with their lengths in seconds."""


@dataclass(frozen=True, slots=True)
class BusinessMetrics:
    """Bound to one catalog: use of the service.

    Attributes:
        active_users: distinct users of the last five minutes, hour and day; each replica sees its own.
        feature_uses: uses of a feature, by how they ended.
    """

    active_users: Gauge
    feature_uses: Counter

    @classmethod
    def declare(cls, catalog: Catalog, features: Sequence[str]) -> BusinessMetrics:
        """Declare the families in ``catalog``; uses of other features count as ``_OTHER``."""
        metrics = cls(
            active_users=catalog.gauge(
                Metric.ACTIVE_USERS,
                "Distinct users within the window, as this replica sees them.",
                labels=(Label(LabelName.WINDOW, values=tuple(USER_WINDOWS)),),
                chart=Chart("overview", "Active users", "value", by=(LabelName.WINDOW,)),
                # A user may come to several workers: the sum would count him there again.
                across="max",
            ),
            feature_uses=catalog.counter(
                Metric.FEATURE_USES,
                "Uses of a feature, by outcome.",
                labels=(
                    Label(LabelName.FEATURE, values=tuple(sorted(features))),
                    Label(LabelName.OUTCOME, values=OUTCOME_VALUES),
                ),
                chart=Chart("overview", "Feature use", "rate", by=(LabelName.FEATURE,)),
            ),
        )
        metrics.active_users.ensure()
        metrics.feature_uses.ensure(**{LabelName.OUTCOME: (Outcome.OK.value,)})
        return metrics
