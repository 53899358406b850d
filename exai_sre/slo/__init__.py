"""SLOs: read from OpenSLO files, judged in closed form, tracked from this process's own cells.

Names are imported on first use, so that a program which only reads definitions does not pay
for the tracker and its storage.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exai_sre.slo.burn import budget_spent, detection_time, reset_time
    from exai_sre.slo.burn_on_grid import Evaluation, Fault, detection_step, reset_step
    from exai_sre.slo.ceiling import Ceiling, ceiling_findings
    from exai_sre.slo.corrections import Correction, read_corrections
    from exai_sre.slo.history import Point
    from exai_sre.slo.indicators import Component, CompositeIndicator, GaugeIndicator, RawIndicator, SliceIndicator
    from exai_sre.slo.model import (
        TIERS,
        Alerting,
        BurnTier,
        Calendar,
        EventsIndicator,
        Indicator,
        Notice,
        NotificationTarget,
        QueryIndicator,
        Slo,
        Source,
        make_slo,
        tiers_for,
    )
    from exai_sre.slo.multiprocess import WorkersTracker
    from exai_sre.slo.openslo_write import write_openslo
    from exai_sre.slo.reading import SloReading, load_slos, read_slos, validate_slos
    from exai_sre.slo.report import slo_report
    from exai_sre.slo.runner import run_tracker
    from exai_sre.slo.schema import openslo_schema
    from exai_sre.slo.status import SloStatus, Verdict
    from exai_sre.slo.store import SqliteTrackerStore, TrackerStore
    from exai_sre.slo.tiers import format_tier, parse_tiers, with_min_failures
    from exai_sre.slo.tracker import SloTracker
    from exai_sre.slo.windows import format_duration, parse_duration

__all__ = [
    "Alerting",
    "BurnTier",
    "Calendar",
    "Ceiling",
    "Component",
    "CompositeIndicator",
    "Correction",
    "Evaluation",
    "EventsIndicator",
    "Fault",
    "GaugeIndicator",
    "Indicator",
    "Notice",
    "NotificationTarget",
    "Point",
    "QueryIndicator",
    "RawIndicator",
    "SliceIndicator",
    "Slo",
    "SloReading",
    "SloStatus",
    "SloTracker",
    "Source",
    "SqliteTrackerStore",
    "TIERS",
    "TrackerStore",
    "Verdict",
    "WorkersTracker",
    "budget_spent",
    "ceiling_findings",
    "detection_step",
    "detection_time",
    "format_duration",
    "format_tier",
    "load_slos",
    "make_slo",
    "openslo_schema",
    "parse_duration",
    "parse_tiers",
    "read_corrections",
    "read_slos",
    "reset_step",
    "reset_time",
    "run_tracker",
    "slo_report",
    "tiers_for",
    "validate_slos",
    "with_min_failures",
    "write_openslo",
]

_HOMES = {
    "burn": (
        "budget_spent",
        "detection_time",
        "reset_time",
    ),
    "burn_on_grid": (
        "Evaluation",
        "Fault",
        "detection_step",
        "reset_step",
    ),
    "ceiling": (
        "Ceiling",
        "ceiling_findings",
    ),
    "corrections": (
        "Correction",
        "read_corrections",
    ),
    "history": ("Point",),
    "indicators": (
        "Component",
        "CompositeIndicator",
        "GaugeIndicator",
        "RawIndicator",
        "SliceIndicator",
    ),
    "model": (
        "Alerting",
        "BurnTier",
        "Calendar",
        "EventsIndicator",
        "Indicator",
        "Notice",
        "NotificationTarget",
        "QueryIndicator",
        "Slo",
        "Source",
        "TIERS",
        "make_slo",
        "tiers_for",
    ),
    "multiprocess": ("WorkersTracker",),
    "openslo_write": ("write_openslo",),
    "reading": (
        "SloReading",
        "load_slos",
        "read_slos",
        "validate_slos",
    ),
    "report": ("slo_report",),
    "runner": ("run_tracker",),
    "schema": ("openslo_schema",),
    "status": (
        "SloStatus",
        "Verdict",
    ),
    "store": (
        "SqliteTrackerStore",
        "TrackerStore",
    ),
    "tiers": (
        "format_tier",
        "parse_tiers",
        "with_min_failures",
    ),
    "tracker": ("SloTracker",),
    "windows": (
        "format_duration",
        "parse_duration",
    ),
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
