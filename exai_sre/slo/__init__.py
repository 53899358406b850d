"""SLOs: read from OpenSLO files, judged in closed form, tracked from this process's own cells.

Names are imported on first use, so that a program which only reads definitions does not pay
for the tracker and its storage.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exai_sre.slo.burn import budget_spent, detection_time, reset_time
    from exai_sre.slo.history import Point
    from exai_sre.slo.model import (
        TIERS,
        BurnTier,
        EventsIndicator,
        Indicator,
        QueryIndicator,
        Slo,
        Source,
        make_slo,
        tiers_for,
    )
    from exai_sre.slo.openslo_write import write_openslo
    from exai_sre.slo.reading import SloReading, load_slos, read_slos, validate_slos
    from exai_sre.slo.report import slo_report
    from exai_sre.slo.runner import run_tracker
    from exai_sre.slo.schema import openslo_schema
    from exai_sre.slo.status import SloStatus, Verdict
    from exai_sre.slo.store import SqliteTrackerStore, TrackerStore
    from exai_sre.slo.tracker import SloTracker
    from exai_sre.slo.windows import format_duration, parse_duration

__all__ = [
    "TIERS",
    "BurnTier",
    "EventsIndicator",
    "Indicator",
    "Point",
    "QueryIndicator",
    "Slo",
    "SloReading",
    "SloStatus",
    "SloTracker",
    "Source",
    "SqliteTrackerStore",
    "TrackerStore",
    "Verdict",
    "budget_spent",
    "detection_time",
    "format_duration",
    "load_slos",
    "make_slo",
    "openslo_schema",
    "parse_duration",
    "read_slos",
    "reset_time",
    "run_tracker",
    "slo_report",
    "tiers_for",
    "validate_slos",
    "write_openslo",
]

_HOMES = {
    "burn": ("budget_spent", "detection_time", "reset_time"),
    "history": ("Point",),
    "model": (
        "TIERS", "BurnTier", "EventsIndicator", "Indicator", "QueryIndicator", "Slo", "Source", "make_slo", "tiers_for",
    ),
    "openslo_write": ("write_openslo",),
    "reading": ("SloReading", "load_slos", "read_slos", "validate_slos"),
    "report": ("slo_report",),
    "runner": ("run_tracker",),
    "schema": ("openslo_schema",),
    "status": ("SloStatus", "Verdict"),
    "store": ("SqliteTrackerStore", "TrackerStore"),
    "tracker": ("SloTracker",),
    "windows": ("format_duration", "parse_duration"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
