"""Indicators: how good and all events of an SLO are counted, whatever format they were written in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from exai_sre.metrics.selection import Matcher

__all__ = [
    "Component",
    "CompositeIndicator",
    "Countable",
    "EventsIndicator",
    "GaugeIndicator",
    "Indicator",
    "Op",
    "QueryIndicator",
    "RawIndicator",
    "SliceIndicator",
]

Op = Literal["lt", "lte", "gt", "gte"]
"""Comparison of OpenSLO: below, at most, above, at least."""


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
        native: whether the instrument is a native histogram in Prometheus, where any bound can be asked for.
    """

    instrument: str
    filter: tuple[Matcher, ...] = ()
    good: tuple[Matcher, ...] | None = None
    bad: tuple[Matcher, ...] | None = None
    within: float | None = None
    native: bool = False

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


@dataclass(frozen=True, slots=True)
class RawIndicator:
    """A ratio that somebody else has computed, as PromQL.

    Time counts here, not events: each moment weighs the same, whatever the traffic was.

    Attributes:
        query: ratio between 0 and 1; holds ``{{.window}}`` for the range, or is a plain gauge of a ratio.
        success: whether it is the ratio of good events; else it is that of bad events.
    """

    query: str
    success: bool = False


@dataclass(frozen=True, slots=True)
class GaugeIndicator:
    """A value that is good while it is on the right side of a threshold: probes, freshness, saturation.

    Each evaluation of the rules at which the query has a value is one event.

    Attributes:
        query: PromQL of a gauge, such as ``probe_success`` or ``time() - backup_finished_timestamp_seconds``.
        op: comparison that a good value passes.
        value: the threshold, in the unit of the query.
    """

    query: str
    op: Op
    value: Decimal


Countable = EventsIndicator | QueryIndicator | RawIndicator | GaugeIndicator
"""What has good and bad parts of its own."""


@dataclass(frozen=True, slots=True)
class SliceIndicator:
    """Time cut into slices, each of which is one event (OpenSLO ``Timeslices`` and ``RatioTimeslices``).

    Attributes:
        of: what is judged in each slice.
        length: seconds of a slice.
        target: share of good events (0..1) that makes a slice good; ``None`` for RatioTimeslices,
            where a slice counts with its own share of good events.
    """

    of: Countable
    length: int
    target: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite.

    Attributes:
        name: name, unique within the composite; ``[a-z0-9-]``.
        weight: weight above 0.
        indicator: what it counts.
    """

    name: str
    weight: Decimal
    indicator: Countable | SliceIndicator


@dataclass(frozen=True, slots=True)
class CompositeIndicator:
    """A weighted mean of the error ratios of several indicators (OpenSLO ``compositeWeight``).

    Attributes:
        components: at least one, names distinct.
    """

    components: tuple[Component, ...]


Indicator = Countable | SliceIndicator | CompositeIndicator
"""How good and total events are counted."""
