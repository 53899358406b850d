"""Two rule sets side by side over the same time: how far their ratios, budgets and alerts agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from exai_sre.backtest.prometheus_answers import Series
from exai_sre.backtest.rule_sets import RuleSet
from exai_sre.slo.model import Severity, Slo
from exai_sre.slo.windows import BURN_WINDOWS

__all__ = [
    "FiringDifference",
    "QueryRange",
    "RatioDifference",
    "SloDifference",
    "compare_rule_sets",
    "compared_windows",
]

_SEVERITIES: Final[tuple[Severity, ...]] = ("page", "ticket")

Group = tuple[str, ...]
Points = Mapping[float, float]


class QueryRange(Protocol):
    """Asks a Prometheus, as :meth:`exai_sre.backtest.prometheus_api.PrometheusApi.query_range` does."""

    def __call__(self, expr: str, start: float, end: float, step: float, /) -> Sequence[Series]:
        """The series of a range query; times and step in seconds."""
        ...


@dataclass(frozen=True, slots=True)
class RatioDifference:
    """How two error ratios over one window differ.

    Attributes:
        window: seconds.
        compared: moments at which both have a value.
        only_theirs: moments at which only theirs has.
        only_ours: moments at which only ours has.
        largest: largest difference, 0 to 1; ``None`` where nothing could be compared.
        mean: mean difference, likewise.
        at: seconds since the Unix epoch of the largest one.
    """

    window: int
    compared: int
    only_theirs: int
    only_ours: int
    largest: float | None = None
    mean: float | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class FiringDifference:
    """How long alerts of one severity fired, in minutes.

    Attributes:
        severity: page or ticket.
        both: minutes in which both fired.
        only_theirs: minutes in which only theirs did.
        only_ours: minutes in which only ours did.
    """

    severity: Severity
    both: float
    only_theirs: float
    only_ours: float


@dataclass(frozen=True, slots=True)
class SloDifference:
    """How two rule sets judge one SLO.

    Attributes:
        slo: id of the SLO.
        ratios: by window, ascending.
        budget_theirs: share of the budget that is left at the end, the least of all groups; ``None``
            where they record none.
        budget_ours: likewise.
        firing: by severity.
    """

    slo: str
    ratios: tuple[RatioDifference, ...]
    budget_theirs: float | None
    budget_ours: float | None
    firing: tuple[FiringDifference, ...]

    @property
    def comparable(self) -> bool:
        """Whether there was anything to compare: without it, agreement means nothing."""
        return any(ratio.compared for ratio in self.ratios)

    @property
    def agrees(self) -> bool:
        """Whether alerts fired in the same minutes."""
        return self.comparable and not any(each.only_theirs or each.only_ours for each in self.firing)


def compared_windows(slo: Slo) -> list[int]:
    """The windows (seconds) of an SLO whose ratios are compared, ascending."""
    return sorted({window for window in BURN_WINDOWS if window < slo.window} | {slo.window})


def compare_rule_sets(
    slos: Iterable[Slo],
    query_range: QueryRange,
    *,
    theirs: RuleSet,
    ours: RuleSet,
    start: float,
    end: float,
    step: float = 60.0,
    progress: Callable[[str], None] | None = None,
) -> Iterator[SloDifference]:
    """Compare each SLO in turn.

    Args:
        slos: the objectives that both sides have.
        query_range: asks the Prometheus that evaluates both.
        theirs: queries of the rules in force.
        ours: queries of the shadow.
        start: seconds since the Unix epoch.
        end: likewise.
        step: seconds between two moments that are compared.
        progress: told the id of each SLO before it is compared.
    """

    def ask(expr: str) -> Sequence[Series]:
        return query_range(expr, start, end, step) if expr else ()

    for slo in slos:
        if progress is not None:
            progress(slo.id)
        yield SloDifference(
            slo=slo.id,
            ratios=tuple(
                _ratio(
                    window, _by_group(slo, ask(theirs.ratio(slo, window))), _by_group(slo, ask(ours.ratio(slo, window)))
                )
                for window in compared_windows(slo)
            ),
            budget_theirs=_last(ask(theirs.remaining(slo))),
            budget_ours=_last(ask(ours.remaining(slo))),
            firing=tuple(
                _firing(severity, ask(theirs.firing(slo, severity)), ask(ours.firing(slo, severity)), step)
                for severity in _SEVERITIES
            ),
        )


def _by_group(slo: Slo, found: Iterable[Series]) -> dict[Group, Points]:
    """Values by time for each group of an SLO; a value that is no number counts as none."""
    groups: dict[Group, dict[float, float]] = {}
    for series in found:
        points = groups.setdefault(tuple(series.labels.get(label, "") for label in slo.group_by), {})
        points.update((at, value) for at, value in series.points if math.isfinite(value))
    return dict(groups)


def _ratio(window: int, theirs: Mapping[Group, Points], ours: Mapping[Group, Points]) -> RatioDifference:
    compared: list[tuple[float, float]] = []
    only_theirs = only_ours = 0
    for group in sorted(theirs.keys() | ours.keys()):
        left, right = theirs.get(group, {}), ours.get(group, {})
        compared.extend((abs(left[at] - right[at]), at) for at in sorted(left.keys() & right.keys()))
        only_theirs += len(left.keys() - right.keys())
        only_ours += len(right.keys() - left.keys())
    if not compared:
        return RatioDifference(window, 0, only_theirs, only_ours)
    largest, at = max(compared, key=lambda each: each[0])
    mean = math.fsum(difference for difference, _ in compared) / len(compared)
    return RatioDifference(window, len(compared), only_theirs, only_ours, largest, mean, at)


def _last(found: Iterable[Series]) -> float | None:
    """The least of the last values of each series."""
    values = [series.points[-1][1] for series in found if series.points and math.isfinite(series.points[-1][1])]
    return min(values, default=None)


def _firing(severity: Severity, theirs: Iterable[Series], ours: Iterable[Series], step: float) -> FiringDifference:
    left, right = ({at for series in found for at, _ in series.points} for found in (theirs, ours))
    minutes = step / 60
    return FiringDifference(
        severity, len(left & right) * minutes, len(left - right) * minutes, len(right - left) * minutes
    )
