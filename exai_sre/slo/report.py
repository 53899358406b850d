"""The tracker's view as one answer, for ``/slo`` and the ``slo_status`` tool."""

from __future__ import annotations

from typing import Any, Final

from exai_sre.slo.tracker import SloTracker

__all__ = ["NOTE", "slo_report"]

NOTE: Final = "this replica's view; Prometheus holds the truth over all replicas"
"""What every reader of the report must know."""


def slo_report(tracker: SloTracker, *, now: float) -> dict[str, Any]:
    """All SLOs as this replica sees them, as plain JSON values.

    Args:
        tracker: the tracker.
        now: seconds since the Unix epoch, put into the report.
    """
    return {
        "replica": tracker.replica,
        "time": now,
        "note": NOTE,
        "slos": [status.to_json() for status in tracker.status()],
        "untracked": dict(tracker.untracked),
    }
