"""The script of the show: what goes wrong, when, and what to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["OUTAGE", "RATE", "SCRIPT", "SLOW_DOWN", "Phase", "length"]

OUTAGE: Final = "outage"
"""Name of the phase in which an upstream fails."""

SLOW_DOWN: Final = "slow-down"
"""Name of the phase in which an upstream is slow."""

RATE: Final = 10.0
"""Calls per second during the show."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of the show.

    Attributes:
        name: name of the phase.
        text: what a spectator should know.
        seconds: how long it lasts.
        provider: the upstream whose fault is set at its beginning; empty for none.
        fault: the fault, in the simulator's words; empty clears the fault of ``provider``.
    """

    name: str
    text: str
    seconds: float
    provider: str = ""
    fault: dict[str, Any] = field(default_factory=dict)


SCRIPT: Final = (
    Phase("steady", "Steady load on chat; both upstreams answer.", 18.0),
    Phase(
        OUTAGE,
        "GLM answers every request with 503. Fallback carries the users over to Kimi.",
        15.0,
        "glm",
        {"error_rate": 1.0, "status": 503},
    ),
    Phase("recovery", "GLM answers again. The breaker probes it and closes.", 12.0, "glm"),
    Phase(
        SLOW_DOWN,
        "GLM takes six seconds to its first token; the objective is five.",
        18.0,
        "glm",
        {"first_chunk": 6.0},
    ),
    Phase("end", "GLM is quick again; what began before is still slow.", 6.0, "glm"),
)
"""The show, about seventy seconds of it."""


def length(script: tuple[Phase, ...] = SCRIPT) -> float:
    """Seconds that all phases take."""
    return sum(phase.seconds for phase in script)
