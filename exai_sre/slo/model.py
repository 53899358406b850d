"""What an SLO is: objective, window, indicator and burn tiers, as exact decimals and seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from exai_sre.errors import SpecError
from exai_sre.slo.indicators import EventsIndicator, Indicator, QueryIndicator
from exai_sre.slo.tiers import TIERS, WINDOWS, BurnTier, Severity, format_tier, name_given_twice, tiers_for
from exai_sre.slo.windows import DAY

__all__ = [
    "TIERS",
    "WINDOWS",
    "Alerting",
    "BurnTier",
    "Calendar",
    "EventsIndicator",
    "Indicator",
    "MissingData",
    "Notice",
    "NotificationTarget",
    "QueryIndicator",
    "Severity",
    "Slo",
    "Source",
    "make_slo",
    "tiers_for",
]

MissingData = Literal["excluded", "good", "bad"]
"""What time without data is to an SLO: left out, or counted as good or bad time."""


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
class Calendar:
    """Windows that follow each other from a start on: a week, a month, a quarter.

    Attributes:
        start: local start of the first window as ISO 8601 without a zone, such as ``2026-01-01T00:00:00``.
        zone: IANA name of the time zone.
        unit: ``d``, ``w``, ``M``, ``Q`` or ``Y``.
        count: how many units a window has.
    """

    start: str
    zone: str
    unit: Literal["d", "w", "M", "Q", "Y"]
    count: int = 1


@dataclass(frozen=True, slots=True)
class NotificationTarget:
    """Whom an alert policy tells (OpenSLO ``AlertNotificationTarget``).

    Attributes:
        name: name of the target, which becomes the receiver's.
        target: ``webhook``, ``slack``, ``pagerduty``, ``email`` or any other word of the user's.
        description: one sentence.
    """

    name: str
    target: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is particular to the alerts of one severity.

    Attributes:
        enabled: whether they are wanted.
        labels: labels beside the generated ones.
        annotations: annotations beside, and instead of, the generated ones.
        targets: who is told of them; empty for those whom the alerts of both severities tell.
    """

    enabled: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[NotificationTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class Alerting:
    """How the alerts of an SLO are named, labelled and sent.

    Attributes:
        name: alert name; empty for a generated one.
        labels: labels on the alerts of both severities.
        annotations: annotations on the alerts of both severities.
        page: alerts that wake somebody up.
        ticket: alerts for working hours.
        no_data: whether it is told that data are missing.
        targets: who is told of alerts whose severity names nobody; empty for the receivers of the severity.
        no_data_name: name of the alert that data are missing; empty for one made of ``name``.
    """

    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    page: Notice = field(default_factory=Notice)
    ticket: Notice = field(default_factory=Notice)
    no_data: bool = True
    targets: tuple[NotificationTarget, ...] = ()
    no_data_name: str = ""

    def notice(self, severity: Severity) -> Notice:
        """What is particular to the alerts of a severity."""
        return self.page if severity == "page" else self.ticket

    def told(self, severity: Severity) -> tuple[NotificationTarget, ...]:
        """Who is told of the alerts of a severity."""
        return self.notice(severity).targets or self.targets


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
        calendar: where the window is one of the calendar; ``window`` is then its nominal length.
        group_by: labels of which each combination of values has a budget and alerts of its own.
        group_limit: how many groups get series of their own; the rest is counted together.
        missing: what time without data is.
        alerting: names, labels, texts and receivers of its alerts, and which severities are wanted.
        depends_on: ids of SLOs whose failures are failures of this one; ``|`` joins those that can replace each other.
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
    calendar: Calendar | None = None
    group_by: tuple[str, ...] = ()
    group_limit: int = 50
    missing: MissingData = "excluded"
    alerting: Alerting = field(default_factory=lambda: Alerting(), hash=False)
    depends_on: tuple[str, ...] = ()
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

    @property
    def owner(self) -> str:
        """Who answers for it: the label ``owner``, else ``team``, else the service."""
        return self.labels.get("owner") or self.labels.get("team") or self.service


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
    calendar: Calendar | None = None,
    group_by: tuple[str, ...] = (),
    group_limit: int = 50,
    missing: MissingData = "excluded",
    alerting: Alerting | None = None,
    depends_on: tuple[str, ...] = (),
    tiers: tuple[BurnTier, ...] | None = None,
    source: Source | None = None,
) -> Slo:
    """An SLO with burn tiers (by default those of its window), those that can never fire set apart.

    Raises:
        ValueError: the objective is not between 0 and 1, or the window is not above zero.
        SpecError: two tiers have the same name, or the windows of a tier are no long and a shorter one.
    """
    if not 0 < objective < 1:
        raise ValueError(f"an objective lies between 0 and 1, got {objective}")
    if window <= 0:
        raise ValueError(f"a window lies above zero seconds, got {window}")
    budget = 1 - objective
    wanted = tiers_for(window) if tiers is None else tiers
    _require_told_apart(f"{service}-{name}", wanted, source or Source())
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
        calendar=calendar,
        group_by=group_by,
        group_limit=group_limit,
        missing=missing,
        alerting=alerting or Alerting(),
        depends_on=depends_on,
        tiers=tuple(tier for tier in wanted if tier.threshold(budget) < 1),
        unreachable=tuple(tier for tier in wanted if tier.threshold(budget) >= 1),
        source=source or Source(),
    )


def _require_told_apart(slo: str, tiers: tuple[BurnTier, ...], source: Source) -> None:
    """Refuse tiers whose alerts would be the same series, or that have no window to end them."""
    twice = name_given_twice(tiers)
    if twice:
        what = f"SLO {slo}: two burn tiers are named {twice}, so their alerts could not be told apart"
        remedy = "give each a burn rate, and so a name, of its own; names have two decimals"
        raise SpecError(what, file=source.file, line=source.line, field="tiers", remedy=remedy)
    for tier in tiers:
        if not 0 < tier.short < tier.long or tier.factor <= 0 or tier.hold < 0:
            what = f"SLO {slo}: burn tier {tier.name} has no long window with a shorter one, or burns no budget"
            remedy = (
                f"write for example {format_tier(TIERS[0])!r}: both windows above zero, the short one below the long"
            )
            raise SpecError(what, file=source.file, line=source.line, field="tiers", remedy=remedy)
