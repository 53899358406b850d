"""What the tracker answers about one SLO, and how it judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from exai_sre.slo.model import Severity, Slo
from exai_sre.slo.windows import BURN_WINDOWS, HOUR, format_duration

__all__ = ["Judge", "Seen", "SloStatus", "Verdict"]

Verdict = Literal["ok", "ticket", "page", "exhausted", "no_data"]
"""How an SLO stands: ``page`` and ``ticket`` while a tier of that severity fires, ``exhausted``
when the budget of the window is spent, ``no_data`` when the window holds no event. The first
that holds is taken, in the order no_data, page, exhausted, ticket, ok: what burns now comes
before what has burnt."""


_RECENT = format_duration(HOUR)
# The edge of a window may cut an event in two, so half a failure is allowed for, as in the generated rules.
_HALF = 0.5


class Seen(NamedTuple):
    """What a window holds.

    Attributes:
        good: good events.
        total: all events.
        watched: seconds of the window during which this replica was watching.
    """

    good: float
    total: float
    watched: float

    @property
    def bad(self) -> float:
        """Bad events."""
        # A thread may count between the readings of good and total, so the difference is clamped.
        return max(self.total - self.good, 0.0)

    @property
    def error_ratio(self) -> float | None:
        """Bad events over all events (0..1), or ``None`` without events."""
        return self.bad / self.total if self.total > 0 else None


@dataclass(frozen=True, slots=True)
class SloStatus:
    """One SLO as this replica sees it.

    Attributes:
        slo: the definition.
        good: good events in the SLO's window.
        total: all events in the SLO's window.
        sli: good over total (0..1), or ``None`` without events.
        budget_remaining: share of the error budget left; below 0 when overspent, ``None`` without events.
        burn_rates: error ratio over error budget per window (``5m`` ... ``30d``), ``None`` without events.
        exhaustion: seconds until the budget is spent at the present 1h burn rate; 0 when it is
            spent, ``None`` where nothing burns or nothing is known.
        coverage: share (0..1) of the SLO's window during which this replica was watching.
        verdict: how it stands.
        firing: names of the burn tiers whose two windows are both above the factor, and whose long
            window holds the bad events that the tier waits for.
    """

    slo: Slo
    good: float
    total: float
    sli: float | None
    budget_remaining: float | None
    burn_rates: dict[str, float | None]
    exhaustion: float | None
    coverage: float
    verdict: Verdict
    firing: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """This status as plain JSON values; ``window`` and ``exhaustion_seconds`` are seconds."""
        return {
            "id": self.slo.id,
            "name": self.slo.name,
            "display_name": self.slo.display_name,
            "service": self.slo.service,
            "objective": float(self.slo.objective),
            "window": self.slo.window,
            "good": self.good,
            "total": self.total,
            "sli": self.sli,
            "budget_remaining": self.budget_remaining,
            "burn_rates": dict(self.burn_rates),
            "exhaustion_seconds": self.exhaustion,
            "coverage": self.coverage,
            "verdict": self.verdict,
            "firing_tiers": list(self.firing),
        }


class Judge:
    """Judges one SLO by what its windows hold; what does not change is worked out once.

    Args:
        slo: the definition.

    Attributes:
        windows: the windows in seconds that a judgement needs, ascending.
    """

    def __init__(self, slo: Slo) -> None:
        self._slo = slo
        self._budget = float(slo.budget)
        self._tiers = [(tier, float(tier.threshold(slo.budget))) for tier in slo.tiers]
        self._shown = {window: format_duration(window) for window in sorted({*BURN_WINDOWS, slo.window})}
        self.windows = tuple(sorted({*self._shown, *(w for tier in slo.tiers for w in (tier.short, tier.long))}))

    def status(self, seen: Mapping[int, Seen]) -> SloStatus:
        """The status of the SLO, given what each of :attr:`windows` holds."""
        slo = self._slo
        ratios = {window: content.error_ratio for window, content in seen.items()}
        burns = {
            text: None if (ratio := ratios[window]) is None else ratio / self._budget
            for window, text in self._shown.items()
        }
        whole = seen[slo.window]
        spent = ratios[slo.window]
        remaining = None if spent is None else 1 - spent / self._budget
        firing = [
            tier
            for tier, threshold in self._tiers
            if (ratios[tier.short] or 0.0) > threshold
            and (ratios[tier.long] or 0.0) > threshold
            and seen[tier.long].bad > tier.min_failures - _HALF
        ]
        return SloStatus(
            slo=slo,
            good=whole.good,
            total=whole.total,
            sli=None if spent is None else 1 - spent,
            budget_remaining=remaining,
            burn_rates=burns,
            exhaustion=_exhaustion(remaining, burns[_RECENT], slo.window),
            coverage=min(whole.watched / slo.window, 1.0),
            verdict=_verdict(remaining, {tier.severity for tier in firing}),
            firing=tuple(tier.name for tier in firing),
        )


def _exhaustion(remaining: float | None, burn: float | None, window: int) -> float | None:
    if remaining is None:
        return None
    if remaining <= 0:
        return 0.0
    return remaining * window / burn if burn else None


def _verdict(remaining: float | None, severities: set[Severity]) -> Verdict:
    if remaining is None:
        return "no_data"
    if "page" in severities:
        return "page"
    if remaining <= 0:
        return "exhausted"
    return "ticket" if severities else "ok"
