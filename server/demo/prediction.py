"""When each alert should come, said before it does: closed form over a short history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exai_sre.slo import Slo, detection_time

__all__ = ["Prediction", "burn_predictions"]


@dataclass(slots=True)
class Prediction:
    """One alert that a fault should raise.

    Attributes:
        name: what is expected.
        fault: name of the phase that causes it.
        predicted: seconds from the fault to detection.
        measured: seconds that it took; ``None`` while it has not come.
        key: SLO id and tier, by which it is recognised.
    """

    name: str
    fault: str
    predicted: float
    key: tuple[str, str]
    measured: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Ready for JSON; times in seconds."""
        return {
            "name": self.name,
            "fault": self.fault,
            "predicted_seconds": round(self.predicted, 1),
            "measured_seconds": None if self.measured is None else round(self.measured, 1),
        }


def burn_predictions(
    slo: Slo, *, fault: str, events: float, bad_per_second: float, delay: float, within: float
) -> list[Prediction]:
    """Predict when each tier of ``slo`` fires in a total failure that begins now.

    Args:
        slo: the objective.
        fault: name of the phase.
        events: events that its windows hold at this moment, all of them good.
        bad_per_second: bad events per second from now on.
        delay: seconds until the first bad event is known (a slow answer counts when it ends), plus
            half a tick of the tracker.
        within: seconds that the fault lasts; tiers that need longer are left out.
    """
    # In events: the clean history is as long as the failing service would need to make as many.
    history = events / bad_per_second
    found = []
    for tier in slo.tiers:
        seconds = detection_time(tier, slo.budget, 1.0, history)
        if seconds is not None and seconds + delay < within:
            found.append(Prediction(f"{slo.name} {tier.name}", fault, seconds + delay, (slo.id, tier.name)))
    return found
