"""Trials as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from exai_sre.backtest.replay import Firing
from exai_sre.backtest.score import Detection, Score
from exai_sre.backtest.trial import Trial
from exai_sre.generate.promql import decimal_text
from exai_sre.slo.moments import moment_text

__all__ = ["VERSION", "report"]

VERSION: Final = 1
"""Version of the report's shape; a field is never renamed within one."""


def report(trials: Sequence[Trial]) -> dict[str, Any]:
    """The report: times as ISO 8601 in UTC, lengths in seconds, shares from 0 to 1 or above for budgets."""
    return {"version": VERSION, "trials": [_trial(trial) for trial in trials]}


def _trial(trial: Trial) -> dict[str, Any]:
    told, history = trial.replay, trial.replay.history
    return {
        "slo": trial.slo.id,
        "group": history.group,
        "objective": decimal_text(trial.slo.objective),
        "window_seconds": trial.slo.window,
        "history": {
            "start": moment_text(history.start),
            "end": moment_text(history.end),
            "minutes": history.minutes,
            "minutes_without_data": history.missing,
            "events": _rounded(history.total[-1]) if history.minutes else 0,
            "bad": _rounded(history.bad[-1]) if history.minutes else 0,
        },
        "budget_spent": _rounded(told.spent),
        "firings": [_firing(firing) for firing in told.firings],
        "unpaged": [
            {
                "start": moment_text(burn.start),
                "end": moment_text(burn.end),
                "budget_spent": _rounded(burn.spent),
                "bad": _rounded(burn.bad),
                "ticket": burn.ticket,
            }
            for burn in trial.quiet
        ],
        "score": None if trial.score is None else _score(trial.score),
        "control": {
            "passed": trial.control.passed,
            "detected_seconds": trial.control.detected,
            "tier": trial.control.tier,
            "severity": trial.control.expected,
            "outage_seconds": trial.control.length,
            "failures": _rounded(trial.control.events),
        },
        "faults": list(trial.faults),
    }


def _firing(firing: Firing) -> dict[str, Any]:
    return {
        "tier": firing.tier.name,
        "severity": firing.tier.severity,
        "start": moment_text(firing.start),
        "end": moment_text(firing.end),
        "seconds": firing.seconds,
        "budget_spent_at_start": _rounded(firing.spent_at_start),
        "budget_spent": _rounded(firing.spent),
    }


def _score(scored: Score) -> dict[str, Any]:
    return {
        "precision": scored.precision,
        "recall": scored.recall,
        "median_seconds_to_page": scored.median_delay,
        "incidents": [_detection(detection) for detection in scored.detections],
        "false_pages": [{"start": moment_text(start), "end": moment_text(end)} for start, end in scored.false],
    }


def _detection(detection: Detection) -> dict[str, Any]:
    return {
        "name": detection.incident.name,
        "start": moment_text(detection.incident.start),
        "end": moment_text(detection.incident.end),
        "paged_after_seconds": detection.page,
        "told_after_seconds": detection.ticket,
    }


def _rounded(value: float) -> float:
    """Whole numbers as they are, others with nine digits that matter: the rest is noise of floating point."""
    return int(value) if value == int(value) else float(f"{value:.9g}")
