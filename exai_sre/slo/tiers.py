"""Burn tiers: pairs of windows with the burn rate at which both fire, for SLO windows of any length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from exai_sre.slo.windows import DAY, HOUR, MINUTE, format_duration, parse_duration

__all__ = [
    "MIN_FAILURES_FASTEST",
    "MIN_FAILURES_REST",
    "TIERS",
    "WINDOWS",
    "BurnTier",
    "Severity",
    "format_tier",
    "name_given_twice",
    "parse_tier",
    "parse_tiers",
    "tier_name",
    "tiers_for",
    "with_min_failures",
]

Severity = Literal["page", "ticket"]
"""Whether somebody is woken up, or looks at it in working hours."""

MIN_FAILURES_FASTEST: Final = 3
"""Bad events that the fastest tier waits for: a total outage still pages after three failed requests."""
MIN_FAILURES_REST: Final = 10
"""Bad events that the other tiers wait for. With 3 and 10 a service at half its budget wakes nobody falsely."""


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
        hold: seconds that all of this must last before the tier fires; 0 for at once.
    """

    name: str
    factor: Decimal
    long: int
    short: int
    severity: Severity
    min_failures: int = 0
    hold: int = 0

    def threshold(self, budget: Decimal) -> Decimal:
        """Error ratio (0..1) above which both windows fire."""
        return self.factor * budget


WINDOWS: Final = (28 * DAY, 30 * DAY)
"""SLO windows in seconds whose tiers are those of Sloth's catalogues."""

_SHAPES: tuple[tuple[str, int, int, Severity], ...] = (
    ("0.02", HOUR, 5 * MINUTE, "page"),
    ("0.05", 6 * HOUR, 30 * MINUTE, "page"),
    ("0.1", DAY, 2 * HOUR, "ticket"),
    ("0.1", 3 * DAY, 6 * HOUR, "ticket"),
)
_SHORT_PART: Final = 12
_SHORTEST: Final = 2 * MINUTE
_SHORTEST_LONG: Final = _SHORTEST + MINUTE
_FACTOR_STEP: Final = Decimal("1e-12")
_TEXT: Final = re.compile(
    r"\s*(?P<factor>\d{1,6}(?:\.\d{1,12})?)x\s+(?P<long>\w+)\s*/\s*(?P<short>\w+)\s+(?P<severity>page|ticket)"
    r"(?:\s+for\s+(?P<hold>\w+))?(?:\s+min\s+(?P<failures>\d{1,9}))?\s*",
    re.ASCII,
)


def tiers_for(
    window: int, *, fastest: int = MIN_FAILURES_FASTEST, rest: int = MIN_FAILURES_REST
) -> tuple[BurnTier, ...]:
    """The four tiers of an SLO window: they fire when 2, 5, 10 and 10 % of the budget are spent.

    At 28 and 30 days they are Sloth's catalogues. A longer window keeps the long windows of 1 h,
    6 h, 1 d and 3 d, so its factors grow with it. On a shorter one some factors would fall below 1,
    where a service within its budget fires; there all four long windows shrink with the SLO window
    and the factors stay 14.4, 6, 3 and 1. Shrunk windows are whole minutes, the short one a twelfth
    of the long one but 2 minutes at least, and the long one 3 minutes at least: below some two days
    the fastest tier therefore spends more than 2 % before it fires.

    Args:
        window: SLO window in seconds.
        fastest: bad events that the fastest tier waits for; 0 for none.
        rest: bad events that the other tiers wait for; 0 for none.

    Raises:
        ValueError: the window is not above zero.

    Source: Google's SRE workbook, "Alerting on SLOs", and Sloth's 30 d and 28 d window catalogues.
    """
    if window <= 0:
        raise ValueError(f"a window lies above zero seconds, got {window}")
    shrunk = window < 30 * DAY and window not in WINDOWS
    tiers = []
    for spent, catalogue_long, catalogue_short, severity in _SHAPES:
        long, short = catalogue_long, catalogue_short
        if shrunk:
            long = max(_minutes(Decimal(long) * window / (30 * DAY)), _SHORTEST_LONG)
            short = max(_minutes(Decimal(long) / _SHORT_PART), _SHORTEST)
        period = 30 * DAY if shrunk else window
        factor = (Decimal(spent) * period / catalogue_long).quantize(_FACTOR_STEP).normalize()
        tiers.append(BurnTier(tier_name(factor), factor, long, short, severity))
    return with_min_failures(tiers, fastest=fastest, rest=rest)


def tier_name(factor: Decimal) -> str:
    """The name of a tier of this burn rate, to two decimals: ``14.4x``."""
    return f"{factor.quantize(Decimal('0.01')).normalize():f}x"


def with_min_failures(
    tiers: Iterable[BurnTier], *, fastest: int = MIN_FAILURES_FASTEST, rest: int = MIN_FAILURES_REST
) -> tuple[BurnTier, ...]:
    """The tiers, in their order, with the least numbers of failures that each waits for.

    Args:
        tiers: burn tiers of one SLO; the fastest is the one with the highest burn rate.
        fastest: bad events that the fastest tier waits for; 0 for none.
        rest: bad events that the other tiers wait for; 0 for none.
    """
    given = tuple(tiers)
    first = max((tier.factor for tier in given), default=Decimal(0))
    return tuple(replace(tier, min_failures=fastest if tier.factor == first else rest) for tier in given)


def format_tier(tier: BurnTier) -> str:
    """A tier as text that :func:`parse_tier` reads: ``14.4x 1h/5m page for 2m min 3``."""
    hold = f" for {format_duration(tier.hold)}" if tier.hold else ""
    gate = f" min {tier.min_failures}" if tier.min_failures else ""
    windows = f"{format_duration(tier.long)}/{format_duration(tier.short)}"
    return f"{tier.factor.normalize():f}x {windows} {tier.severity}{hold}{gate}"


def parse_tier(text: str) -> BurnTier:
    """A tier from text such as ``14.4x 1h/5m page`` or ``6x 6h/30m ticket for 5m min 10``.

    Raises:
        ValueError: the text is no tier, the short window is not below the long one, or the factor is 0.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no burn tier such as '14.4x 1h/5m page' or '6x 6h/30m ticket min 10'")
    factor, long, short = Decimal(match["factor"]), parse_duration(match["long"]), parse_duration(match["short"])
    if not factor:
        raise ValueError(f"the burn rate of {text!r} is not above zero")
    if short >= long:
        raise ValueError(f"the short window of {text!r} is not shorter than the long one")
    severity: Severity = "page" if match["severity"] == "page" else "ticket"
    hold = parse_duration(match["hold"]) if match["hold"] else 0
    return BurnTier(tier_name(factor), factor.normalize(), long, short, severity, int(match["failures"] or 0), hold)


def parse_tiers(text: str) -> tuple[BurnTier, ...]:
    """Tiers from text, separated by commas: ``14.4x 1h/5m page min 3, 1x 3d/6h ticket``.

    Raises:
        ValueError: a part is no tier, or two tiers have the same name, which could not be told apart.
    """
    tiers = tuple(parse_tier(part) for part in text.split(","))
    _distinct(tiers)
    return tiers


def name_given_twice(tiers: Sequence[BurnTier]) -> str:
    """The first name that two tiers share, which could not be told apart; empty where there is none."""
    names = [tier.name for tier in tiers]
    return next((name for name in names if names.count(name) > 1), "")


def _distinct(tiers: Sequence[BurnTier]) -> None:
    twice = name_given_twice(tiers)
    if twice:
        raise ValueError(f"two burn tiers are named {twice}; give each its own factor")


def _minutes(seconds: Decimal) -> int:
    return int((seconds / MINUTE).to_integral_value()) * MINUTE


TIERS: Final = tiers_for(30 * DAY)
"""The tiers of 30 days: 14.4x 1h/5m and 6x 6h/30m page, 3x 1d/2h and 1x 3d/6h open a ticket."""
