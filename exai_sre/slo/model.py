"""What an SLO is: objective, window, indicator and burn tiers, as exact decimals and seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from exai_sre.metrics.selection import Matcher
from exai_sre.slo.windows import DAY, HOUR, MINUTE

__all__ = [
    "TIERS",
    "WINDOWS",
    "BurnTier",
    "EventsIndicator",
    "Indicator",
    "QueryIndicator",
    "Severity",
    "Slo",
    "Source",
    "make_slo",
    "tiers_for",
]

Severity = Literal["page", "ticket"]
"""Whether somebody is woken up, or looks at it in working hours."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a definition was written down.

    Attributes:
        file: path as the user named it; empty for an object built in code.
        line: line counted from 1; 0 where it is unknown.
    """

    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class BurnTier:
    """One pair of windows with the burn rate above which both must be to fire.

    Attributes:
        name: value of the ``burnrate_tier`` label, such as ``14.4x``.
        factor: burn rate: error ratio divided by the error budget.
        long: long window in seconds.
        short: short window in seconds, which ends the alert soon after the fault.
        severity: page or ticket.
    """

    name: str
    factor: Decimal
    long: int
    short: int
    severity: Severity

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


@dataclass(frozen=True, slots=True)
class EventsIndicator:
    """Good events over all events, counted by one instrument of the catalog.

    An event counts when it passes ``filter``. It is good when it also passes ``good`` (or fails
    ``bad``) and, if ``within`` is given, was at most that large. Exactly one of ``good`` and
    ``bad`` is given; ``good`` is empty where ``within`` alone decides.

    Attributes:
        instrument: name of a counter or histogram.
        filter: conditions on labels that all events must meet.
        good: conditions on labels of good events.
        bad: conditions on labels of bad events.
        within: a bucket bound, in the unit of the instrument.
    """

    instrument: str
    filter: tuple[Matcher, ...] = ()
    good: tuple[Matcher, ...] | None = None
    bad: tuple[Matcher, ...] | None = None
    within: float | None = None

    def __post_init__(self) -> None:
        if (self.good is None) == (self.bad is None):
            raise ValueError("an indicator has either good or bad events")
        if self.within is not None and self.good is None:
            raise ValueError("a bound makes events good, so it stands with good, not with bad")
        if not self.good and not self.bad and self.within is None:
            raise ValueError("good or bad events need labels or a bound")


@dataclass(frozen=True, slots=True)
class QueryIndicator:
    """Good (or bad) events over all events as PromQL, which only Prometheus can read.

    Attributes:
        good: query of good events, or ``None``.
        bad: query of bad events, or ``None``; exactly one of the two is given.
        total: query of all events. Each may hold ``{{.window}}`` for the range.
    """

    good: str | None
    bad: str | None
    total: str

    def __post_init__(self) -> None:
        if (self.good is None) == (self.bad is None):
            raise ValueError("an indicator has either good or bad events")


Indicator = EventsIndicator | QueryIndicator
"""How good and total events are counted."""


@dataclass(frozen=True, slots=True)
class Slo:
    """One objective over one indicator.

    Attributes:
        name: name, unique within the service.
        service: service that makes the promise.
        display_name: name for people.
        description: what is promised, and its scope.
        objective: share of good events promised, between 0 and 1, exact.
        window: rolling window in seconds.
        indicator: how events are counted.
        labels: labels of the definition; several values of one label are joined by commas.
        annotations: annotations of the definition.
        tiers: burn tiers that can fire.
        unreachable: burn tiers that never can, because even an error ratio of 1 burns too slowly.
        source: where it was defined.
    """

    name: str
    service: str
    display_name: str
    description: str
    objective: Decimal
    window: int
    indicator: Indicator
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    tiers: tuple[BurnTier, ...] = TIERS
    unreachable: tuple[BurnTier, ...] = ()
    source: Source = Source()

    @property
    def id(self) -> str:
        """Service and name, the value of the ``sloth_id`` and ``slo`` labels."""
        return f"{self.service}-{self.name}"

    @property
    def budget(self) -> Decimal:
        """Share of events that may be bad: 1 minus the objective, exact."""
        return 1 - self.objective


def make_slo(
    name: str,
    service: str,
    objective: Decimal,
    indicator: Indicator,
    *,
    window: int = 30 * DAY,
    display_name: str = "",
    description: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    source: Source | None = None,
) -> Slo:
    """An SLO with the burn tiers of its window, those that can never fire set apart.

    Raises:
        ValueError: the objective is not between 0 and 1, or the window has no tiers.
    """
    if not 0 < objective < 1:
        raise ValueError(f"an objective lies between 0 and 1, got {objective}")
    if window not in WINDOWS:
        raise ValueError(f"a window is one of {WINDOWS} seconds, got {window}")
    budget = 1 - objective
    tiers = tiers_for(window)
    return Slo(
        name=name,
        service=service,
        display_name=display_name or name,
        description=description,
        objective=objective,
        window=window,
        indicator=indicator,
        labels=dict(labels or {}),
        annotations=dict(annotations or {}),
        tiers=tuple(tier for tier in tiers if tier.threshold(budget) < 1),
        unreachable=tuple(tier for tier in tiers if tier.threshold(budget) >= 1),
        source=source or Source(),
    )
