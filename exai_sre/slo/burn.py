"""When a burn tier fires and stops firing, and what it costs, in closed form.

The model: traffic is constant; the error ratio is 0, then from one moment on ``error_rate``.
A window holds what happened in its last seconds, or everything where less has happened yet
(``history``: seconds of clean traffic before the fault; ``None`` for windows full of it).
The condition of a tier is that the error ratio of both of its windows is above ``factor * budget``;
the tier fires once that has lasted for its ``hold``, and resets when it no longer is so.

Source: the SRE workbook's detection and reset times, with the short history added.
"""

from __future__ import annotations

from decimal import Decimal

from exai_sre.slo.model import BurnTier

__all__ = ["budget_spent", "detection_time", "reset_time"]


def detection_time(tier: BurnTier, budget: Decimal, error_rate: float, history: float | None = None) -> float | None:
    """Seconds from the start of a lasting fault until the tier fires, its hold included; ``None`` if it never does.

    Args:
        tier: the burn tier.
        budget: error budget, 0..1.
        error_rate: share of bad events during the fault, 0..1.
        history: seconds of clean traffic before the fault; ``None`` for at least the long window.
    """
    share = float(tier.threshold(budget)) / error_rate if error_rate > 0 else 1.0
    if share >= 1:
        return None
    full = tier.long * share
    # The long window is the slower of the two: it holds at least as much clean traffic.
    over = full if history is None else min(full, history * share / (1 - share))
    return over + tier.hold


def reset_time(
    tier: BurnTier,
    budget: Decimal,
    error_rate: float,
    duration: float | None = None,
    history: float | None = None,
) -> float | None:
    """Seconds from the end of a fault until the tier stops firing; ``None`` if it never fired.

    Args:
        tier: the burn tier.
        budget: error budget, 0..1.
        error_rate: share of bad events during the fault, 0..1.
        duration: seconds that the fault lasted; ``None`` for at least the long window.
        history: seconds of clean traffic before the fault; ``None`` for at least the long window.
    """
    detected = detection_time(tier, budget, error_rate, history)
    if detected is None or (duration is not None and duration <= detected - tier.hold):
        return None
    share = float(tier.threshold(budget)) / error_rate
    reset = min(_clears(window, share, duration, history) for window in (tier.short, tier.long))
    # A hold may end after the fault, while the windows are still above the threshold.
    return None if duration is not None and duration + reset < detected else reset


def _clears(window: int, share: float, duration: float | None, history: float | None) -> float:
    """Seconds until one window, above its threshold at the end of the fault, is no longer."""
    if duration is None or duration >= window * share:
        slid = window * (1 - share)
    else:
        # The window never filled with enough bad events: it fires only as long as it is short of clean ones.
        slid = duration / share - duration - (history or 0.0)
    return slid


def budget_spent(budget: Decimal, error_rate: float, seconds: float, window: int) -> float:
    """Share of the error budget of a whole window that a fault of ``seconds`` spends.

    Args:
        budget: error budget, 0..1.
        error_rate: share of bad events during the fault, 0..1.
        seconds: how long the fault lasts.
        window: SLO window in seconds.
    """
    return error_rate * seconds / (float(budget) * window)
