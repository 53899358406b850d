"""When each alert should come, said before it does: closed forms over a short history."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from exai_sre.resilience.breaker_options import BreakerOptions
from exai_sre.slo import Slo, detection_time
from server.demo.flow import Beat, Flow, first
from server.demo.stage import Rhythm

__all__ = ["SYMPTOM", "Prediction", "breaker_prediction", "burn_predictions", "page_prediction"]

SYMPTOM: Final = "UpstreamMostAttemptsFail"
"""The generated alert that pages for an upstream outage."""

_SYMPTOM_SHARE: Final = 0.5
_SYMPTOM_LEAST: Final = 3.0
_STEP: Final = 0.01


@dataclass(slots=True)
class Prediction:
    """One thing that a fault should bring about.

    Attributes:
        name: what is expected.
        fault: name of the phase that causes it.
        predicted: seconds from the fault to its detection.
        key: by which it is recognised: SLO id and tier, or alert and nothing.
        full: seconds to its detection with windows full of good events; ``None`` where no burn
            window is involved.
        measured: seconds that it took; ``None`` while it has not come.
    """

    name: str
    fault: str
    predicted: float
    key: tuple[str, str]
    full: float | None = None
    measured: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Ready for JSON; times in seconds."""
        return {
            "name": self.name,
            "fault": self.fault,
            "predicted_seconds": round(self.predicted, 1),
            "measured_seconds": None if self.measured is None else round(self.measured, 1),
            "full_windows_seconds": self.full,
        }


def burn_predictions(slo: Slo, flow: Flow, *, fault: str, events: float, tick: Beat, within: float) -> list[Prediction]:
    """Predict when each tier of ``slo`` fires in a total failure that begins now.

    Args:
        slo: the objective.
        flow: its bad events from the fault on; there are no good ones.
        fault: name of the phase.
        events: events that its windows hold at this moment, all of them good.
        tick: when the tracker counts, in seconds since the fault.
        within: seconds that the fault lasts; tiers that need longer are left out.
    """
    found = []
    for tier in slo.tiers:
        # The closed form speaks in seconds of traffic at the rate of the fault; so does the history.
        seconds = detection_time(tier, slo.budget, 1.0, events / flow.per_second)
        if seconds is None:
            continue
        needed = max(math.floor(seconds * flow.per_second) + 1, tier.min_failures)
        moment = first(tick.moments(0.0, within), _reaches(flow, needed))
        if moment is not None:
            full = detection_time(tier, slo.budget, 1.0)
            found.append(Prediction(f"{slo.name} {tier.name}", fault, moment, (slo.id, tier.name), full))
    return found


def _reaches(flow: Flow, events: int) -> Callable[[float], bool]:
    return lambda at: flow.count(at) >= events


def breaker_prediction(
    name: str, flow: Flow, options: BreakerOptions, *, fault: str, within: float, history: float = math.inf
) -> list[Prediction]:
    """Predict when the breaker ``name`` opens: nothing, if the fault does not last long enough.

    Its window held the good calls of the last ``history`` seconds; while it fills with failures it loses the oldest.
    It slides in steps, and covers between nine tenths and all of its length.
    """
    window = options.window * 0.95

    def opens(at: float) -> bool:
        bad, good = flow.count(at), flow.rate * max(0.0, min(history, window - at))
        return bad >= options.failure_rate * (bad + good) and bad >= options.minimum_calls

    moment = first(Beat(0.0, _STEP).moments(_STEP, within), opens)
    return [] if moment is None else [Prediction(f"breaker of {name} opens", fault, moment, (name, "open"))]


def page_prediction(flow: Flow, rhythm: Rhythm, *, fault: str, within: float) -> list[Prediction]:
    """Predict when the symptom alert pages: nothing, if the fault does not last long enough.

    It compares increases between the scrapes that an evaluation finds in its window, which
    Prometheus extrapolates to the window's edges: the bad ones to the later edge alone, for a counter
    that stood at zero did not come from below.
    """

    def fires(at: float) -> bool:
        newest = rhythm.scrapes.latest(at - rhythm.scrape_seconds)
        oldest = next(rhythm.scrapes.moments(at - rhythm.window, newest))
        if newest <= oldest:
            return False
        sampled = newest - oldest
        bad = (flow.count(newest) - flow.count(oldest)) * (sampled + at - newest) / sampled
        good = flow.rate * max(0.0, -oldest) * rhythm.window / sampled
        return bad >= _SYMPTOM_LEAST and bad > _SYMPTOM_SHARE * (bad + good)

    moment = first(rhythm.evaluations.moments(0.0, within), fires)
    return [] if moment is None else [Prediction(f"{SYMPTOM} page", fault, moment, (SYMPTOM, ""))]
