"""What the tracker answers about one SLO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from exai_sre.slo.model import Slo

__all__ = ["SloStatus", "Verdict"]

Verdict = Literal["ok", "ticket", "page", "exhausted", "no_data"]
"""How an SLO stands, worst last but for ``no_data``: a firing page outranks a firing ticket,
a spent budget outranks both, and ``no_data`` means that no event was seen in the window."""


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
        firing: names of the burn tiers whose two windows are both above the factor.
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
