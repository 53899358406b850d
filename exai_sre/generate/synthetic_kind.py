"""One kind of synthetic event: what it is to an SLO, and the series that it counts in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Kind", "Verdict"]

Verdict = Literal["good", "bad", "foreign"]
"""What an event is to an SLO."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event.

    Attributes:
        verdict: what it is to the SLO; ``foreign`` events count neither as good nor as bad.
        series: the series that grow by one with each event.
        idle: series of the same instrument that exist and do not grow.
    """

    verdict: Verdict
    series: tuple[str, ...]
    idle: tuple[str, ...] = ()
