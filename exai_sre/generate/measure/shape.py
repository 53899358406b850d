"""What every kind of indicator compiles to, and what it is told about its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from exai_sre.errors import SpecError
from exai_sre.generate.measure.text import Function
from exai_sre.generate.series import Series, SlothLabel, identity_labels, is_group_label, of_component, selector_body
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import format_duration

__all__ = ["BASE", "OTHER", "Measure", "Recording", "Scope"]

BASE: Final = 300
"""Seconds of the recorded increases, from which long windows are summed."""

OTHER: Final = "other"
"""Value of the grouping labels under which everything beyond the limit of groups is counted together."""

Query = Callable[[int, Function], str]
"""PromQL over a window in seconds, counted per second or per window."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that an indicator needs to have recorded before its own are computed.

    Attributes:
        name: name of the series.
        expr: PromQL.
        labels: labels beside those of the SLO.
    """

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """An indicator as PromQL. Every result has the grouping labels and, as a rule, no others.

    Attributes:
        bad: bad events in a window: 0 where there are events but no bad one, nothing where there are none to count.
        total: all events in a window.
        errors: bad events of :data:`BASE`, computed with the help of the recorded total.
        ratio: bad over all in a window, at the least cost; nothing where no event happened.
        population: how much there is of each group, before groups are pooled; empty without grouping.
        helpers: series to record first, in this order.
    """

    bad: Query
    total: Query
    errors: str
    ratio: Query
    population: str = ""
    helpers: tuple[Recording, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compiled: an SLO, or one component of it.

    Attributes:
        slo: the objective.
        interval: seconds between two evaluations of its rules.
        component: name of the component of a composite; empty for the SLO itself.
        inner: whether it is judged slice by slice, so that its own total is not recorded.
        bare: whether its queries may read the raw series only, as if nothing were recorded.

    Raises:
        SpecError: the SLO is grouped by what is no label.
    """

    slo: Slo
    interval: int
    component: str = ""
    inner: bool = False
    bare: bool = False

    def __post_init__(self) -> None:
        for label in self.slo.group_by:
            if not is_group_label(label):
                raise self.refuse(
                    f"an SLO cannot be grouped by {label!r}", "name a label of the metric that Prometheus takes"
                )

    @property
    def labels(self) -> dict[str, str]:
        """Labels that tell the series of this scope from others of the SLO."""
        return {SlothLabel.COMPONENT: self.component} if self.component else {}

    @property
    def selector(self) -> str:
        """The selector body of the series of this scope, braces included."""
        return selector_body({**identity_labels(self.slo), **self.labels})

    def within(self) -> Scope:
        """The scope of what is judged in each slice of this one."""
        return replace(self, inner=True)

    def name(self, series: str) -> str:
        """Name of a recorded series in this scope."""
        return of_component(series) if self.component else series

    def series(self, name: str) -> str:
        """Selector of a recorded series in this scope."""
        return f"{self.name(name)}{self.selector}"

    def aggregate(self, inner: str, op: str = "sum") -> str:
        """``inner`` summed (or else aggregated) to the grouping labels."""
        by = f" by ({', '.join(self.slo.group_by)}) " if self.slo.group_by else ""
        return f"{op}{by}({inner})"

    def recorded(self, name: str) -> str:
        """A recorded series by group, without its other labels."""
        return self.aggregate(self.series(name))

    def recorded_total(self, window: int) -> str:
        """The recorded total by group, for its labels: it has a value where the window has an event to count."""
        if window <= BASE:
            return self.recorded(Series.TOTAL)
        return self.aggregate(f"last_over_time({self.series(Series.TOTAL)}[{format_duration(window)}])")

    def pooled(self, aggregated: str, op: str = "sum") -> str:
        """An aggregation by group in which all groups beyond the limit are one, :data:`OTHER`."""
        names = ", ".join(self.slo.group_by)
        if not names or self.bare:
            return aggregated
        members = f"on ({names}) {Series.GROUP}{Scope(self.slo, self.interval).selector}"
        rest = f"{op}({aggregated} unless {members})"
        # The mark keeps the rest apart from a group that is really called so, until both are counted together.
        for name, value in (*((name, OTHER) for name in self.slo.group_by), ("pooled", "yes")):
            rest = f'label_replace({rest}, "{name}", "{value}", "", "")'
        return f"{op} by ({names}) (\n  {aggregated} and {members}\n  or\n  {rest}\n)"

    def refuse(self, what: str, remedy: str, field: str = "spec.indicator") -> SpecError:
        """The error about a definition that cannot be compiled."""
        source = self.slo.source
        return SpecError(f"{self.slo.id}: {what}", file=source.file, line=source.line, field=field, remedy=remedy)
