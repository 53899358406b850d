"""How an SLO stands by what Prometheus has recorded: what cannot be known is unknown, never healthy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from exai_sre.backtest.promises import Promise
from exai_sre.backtest.recorded import LOOKBACK, Group, Recorded
from exai_sre.generate.series import window_text
from exai_sre.slo.model import BurnTier, Severity
from exai_sre.slo.windows import HOUR, format_duration, parse_duration

__all__ = ["STALE_AFTER", "Standing", "StandingVerdict", "standing_of", "suspects", "tidy"]

StandingVerdict = Literal["ok", "ticket", "page", "exhausted", "unknown"]
"""How an SLO stands. The first that holds is taken, in the order unknown, page, exhausted, ticket, ok."""

STALE_AFTER: Final = 600
"""Seconds without a new value after which nothing is known."""

_RECENT: Final = format_duration(HOUR)
_UNCORRECTED: Final = "its corrections could not be applied: they need recorded increases"
_NOISE: Final = 1e-6
"""How far a ratio may lie outside 0..1 by rounding."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One SLO, or one group of it, as Prometheus knows it.

    Attributes:
        promise: what was asked.
        group: labels of the group; empty where the SLO has one budget.
        verdict: how it stands.
        unknown: why nothing is known; empty where it is.
        notes: what else is odd.
        sli: share of good events in the window (0..1).
        budget_remaining: share of the budget left, below 0 when overspent.
        corrected_remaining: the same with the corrections applied; ``None`` where there are none.
        burn_rates: error ratio over error budget by window, ``None`` without events.
        exhaustion: seconds until the budget is spent at the present 1h burn rate; 0 when it is spent,
            ``None`` where nothing burns or nothing is known.
        firing: tiers of which both windows burn too fast, by name, with their severity.
        coverage: share (0..1) of the window for which data were recorded.
        age: seconds since the newest value.
    """

    promise: Promise
    group: Group
    verdict: StandingVerdict
    unknown: str
    notes: tuple[str, ...]
    sli: float | None
    budget_remaining: float | None
    corrected_remaining: float | None
    burn_rates: Mapping[str, float | None]
    exhaustion: float | None
    firing: Mapping[str, str]
    coverage: float | None
    age: float | None

    @property
    def name(self) -> str:
        """The id, with the labels of the group."""
        inner = ", ".join(f'{label}="{value}"' for label, value in self.group)
        return f"{self.promise.id}{{{inner}}}" if inner else self.promise.id

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; ``window``, ``exhaustion_seconds`` and ``age_seconds`` are seconds."""
        return {
            "id": self.promise.id,
            "group": dict(self.group),
            "verdict": self.verdict,
            "unknown": self.unknown,
            "notes": list(self.notes),
            "objective": float(self.promise.objective),
            "window": self.promise.window,
            "sli": tidy(self.sli),
            "budget_remaining": tidy(self.budget_remaining),
            "corrected_budget_remaining": tidy(self.corrected_remaining),
            "burn_rates": {window: tidy(rate) for window, rate in self.burn_rates.items()},
            "exhaustion_seconds": tidy(self.exhaustion),
            "firing_tiers": dict(self.firing),
            "coverage": tidy(self.coverage),
            "age_seconds": tidy(self.age),
        }


def tidy(value: float | None) -> float | None:
    """A figure without float noise: nine significant digits; what is no number is ``None``."""
    return float(f"{value:.9g}") if value is not None and math.isfinite(value) else None


def suspects(promise: Promise, recorded: Recorded) -> list[BurnTier]:
    """The tiers of which both windows burn faster than their factor allows."""
    found = []
    for tier in promise.tiers:
        threshold = float(tier.threshold(promise.budget))
        ratios = [recorded.ratios.get(window_text(window), 0.0) for window in (tier.long, tier.short)]
        if all(ratio > threshold for ratio in ratios):
            found.append(tier)
    return found


def standing_of(
    promise: Promise,
    group: Group,
    recorded: Recorded,
    *,
    burning: Sequence[BurnTier] = (),
    unseen: Sequence[str] = (),
    incomplete: Sequence[str] = (),
    corrected: float | None = None,
    stale_after: float = STALE_AFTER,
) -> Standing:
    """How one SLO or group stands.

    Args:
        promise: what was promised.
        group: labels of the group.
        recorded: what Prometheus has.
        burning: tiers that burn too fast with enough failures.
        unseen: metrics that its rules count and that Prometheus has never seen.
        incomplete: what Prometheus says of missing parts in its answers.
        corrected: error ratio of the window with the corrections applied; NaN where they cannot be,
            ``None`` where there are none.
        stale_after: seconds without a new value after which nothing is known.
    """
    spent = _spent(promise, recorded)
    unknown = _unknown(promise, recorded, spent, unseen, incomplete, stale_after)
    budget = float(promise.budget)
    remaining = None if unknown or spent is None else 1 - spent / budget
    firing = {tier.name: str(tier.severity) for tier in burning} | recorded.alerts
    burns = {
        window: None if math.isnan(ratio) else ratio / budget
        for window, ratio in sorted(recorded.ratios.items(), key=_length)
    }
    applied = None if corrected is None or math.isnan(corrected) else corrected
    left = remaining if applied is None or unknown else 1 - applied / budget
    return Standing(
        promise=promise,
        group=group,
        verdict=_verdict(unknown, left, firing),
        unknown=unknown,
        notes=(*_notes(promise, recorded, burning), *([] if applied == corrected else [_UNCORRECTED])),
        sli=None if unknown or spent is None else 1 - spent,
        budget_remaining=remaining,
        corrected_remaining=None if applied is None else left,
        burn_rates=burns,
        exhaustion=_exhaustion(left, burns.get(_RECENT), promise.window),
        firing=firing,
        coverage=recorded.coverage,
        age=recorded.age,
    )


def _length(pair: tuple[str, float]) -> int:
    try:
        return parse_duration(pair[0])
    except ValueError:
        return 0


def _spent(promise: Promise, recorded: Recorded) -> float | None:
    """Error ratio of the whole window: as recorded for it, else from the recorded budget."""
    ratio = recorded.ratios.get(window_text(promise.window))
    if ratio is None and recorded.remaining is not None:
        return (1 - recorded.remaining) * float(promise.budget)
    return ratio


def _unknown(
    promise: Promise,
    recorded: Recorded,
    spent: float | None,
    unseen: Sequence[str],
    incomplete: Sequence[str],
    stale_after: float,
) -> str:
    if unseen:
        return f"Prometheus has never seen {', '.join(unseen)}: misspelt, or not exported"
    if incomplete:
        return f"the answer of Prometheus is incomplete: {incomplete[0]}"
    if recorded.freshest is None:
        return _silent(promise, recorded)
    if recorded.freshest > stale_after:
        return f"stale: the newest value is {format_duration(max(round(recorded.freshest), 1))} old"
    return _senseless(promise, spent)


def _silent(promise: Promise, recorded: Recorded) -> str:
    if recorded.coverage:
        return f"stale: no value in the last {format_duration(LOOKBACK)}"
    return f"no data: nothing is recorded for sloth_id {promise.id!r}"


def _senseless(promise: Promise, spent: float | None) -> str:
    window = format_duration(promise.window)
    if spent is None:
        return f"no events were counted in {window}"
    if math.isnan(spent):
        return f"the error ratio of {window} is NaN"
    return "" if -_NOISE <= spent <= 1 + _NOISE else f"the error ratio of {window} is {spent:g}, which is no ratio"


def _notes(promise: Promise, recorded: Recorded, burning: Sequence[BurnTier]) -> list[str]:
    notes = []
    if recorded.objective is not None and abs(recorded.objective - float(promise.objective)) > 1e-9:
        notes.append(
            f"the rules in Prometheus are those of the objective {recorded.objective:g}, "
            f"not of {promise.objective}; load the generated ones"
        )
    # A tier with a hold may rightly be silent for as long.
    silent = [tier.name for tier in burning if tier.name not in recorded.alerts and not tier.hold]
    if silent and not recorded.alerts:
        notes.append(f"no alert fires for {', '.join(silent)}: are the alert rules loaded?")
    return notes


def _exhaustion(remaining: float | None, burn: float | None, window: int) -> float | None:
    if remaining is None:
        return None
    if remaining <= 0:
        return 0.0
    return remaining * window / burn if burn else None


def _verdict(unknown: str, remaining: float | None, firing: Mapping[str, str]) -> StandingVerdict:
    if unknown or remaining is None:
        return "unknown"
    severities: set[Severity | str] = set(firing.values())
    if "page" in severities:
        return "page"
    if remaining <= 0:
        return "exhausted"
    return "ticket" if severities else "ok"
