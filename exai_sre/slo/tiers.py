"""Burn tiers: pairs of windows with the burn rate at which both fire."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from exai_sre.slo.windows import DAY, HOUR, MINUTE

__all__ = ["TIERS", "WINDOWS", "BurnTier", "Severity", "tiers_for"]

Severity = Literal["page", "ticket"]
"""Whether somebody is woken up, or looks at it in working hours."""


@dataclass(frozen=True, slots=True)
class BurnTier:
    """One pair of windows with the burn rate above which both must be to fire.

    Attributes:
        name: value of the ``burnrate_tier`` label, such as ``14.4x``.
        factor: burn rate: error ratio divided by the error budget.
        long: long window in seconds.
        short: short window in seconds, which ends the alert soon after the fault.
        severity: page or ticket.
        min_failures: bad events that the long window must hold before the tier fires, so that
            one failure among few calls wakes nobody; 0 for no such gate.
    """

    name: str
    factor: Decimal
    long: int
    short: int
    severity: Severity
    min_failures: int = 0

    def threshold(self, budget: Decimal) -> Decimal:
        """Error ratio (0..1) above which both windows fire."""
        return self.factor * budget


WINDOWS: Final = (28 * DAY, 30 * DAY)
"""SLO windows in seconds that have burn tiers."""

_SHAPES: tuple[tuple[str, int, int, Severity], ...] = (
    ("0.02", HOUR, 5 * MINUTE, "page"),
    ("0.05", 6 * HOUR, 30 * MINUTE, "page"),
    ("0.1", DAY, 2 * HOUR, "ticket"),
    ("0.1", 3 * DAY, 6 * HOUR, "ticket"),
)


def tiers_for(window: int) -> tuple[BurnTier, ...]:
    """The four tiers of an SLO window in seconds: they fire when 2, 5, 10 and 10 % of the budget are spent.

    Source: Google's SRE workbook, "Alerting on SLOs", and Sloth's 30 d and 28 d window catalogues.
    """
    tiers = []
    for spent, long, short, severity in _SHAPES:
        factor = Decimal(spent) * window / long
        name = f"{factor.quantize(Decimal('0.01')).normalize():f}x"
        tiers.append(BurnTier(name, factor.normalize(), long, short, severity))
    return tuple(tiers)


TIERS: Final = tiers_for(30 * DAY)
"""The tiers of 30 days: 14.4x 1h/5m and 6x 6h/30m page, 3x 1d/2h and 1x 3d/6h open a ticket."""
