"""Histories from Prometheus: the recorded increases where they exist, else what the rules would record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from exai_sre.backtest.history import STEP, History
from exai_sre.backtest.increases import IncreaseSeries, increase_histories
from exai_sre.errors import SpecError
from exai_sre.generate.promql import error_query, total_query
from exai_sre.generate.series import Series, identity
from exai_sre.slo.model import Slo

__all__ = ["RangeSource", "RangedSeries", "prometheus_histories"]


class RangedSeries(Protocol):
    """One series of a range query, as :class:`~exai_sre.backtest.prometheus_api.Series` is."""

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        ...

    @property
    def points(self) -> list[tuple[float, float]]:
        """Pairs of seconds since the Unix epoch and value, ascending."""
        ...


class RangeSource(Protocol):
    """What answers range queries, such as :class:`~exai_sre.backtest.prometheus_api.PrometheusApi`."""

    def query_range(self, expr: str, start: float, end: float, step: float) -> Sequence[RangedSeries]:
        """The series of ``expr`` from ``start`` to ``end`` (seconds since the Unix epoch), each ``step`` seconds."""
        ...


def prometheus_histories(slo: Slo, source: RangeSource, end: float, days: float) -> list[History]:
    """The histories of one SLO, one for each group.

    Args:
        slo: the objective.
        source: the Prometheus.
        end: last moment, seconds since the Unix epoch.
        days: how far back to look.

    Raises:
        SpecError: Prometheus knows nothing of the SLO in that time.
    """
    last = end // STEP * STEP
    first = last - round(days * 1440) * STEP + STEP
    for errors, total in _queries(slo):
        every = _asked(source, total, first, last)
        if any(one.points for one in every):
            return list(increase_histories(slo, _asked(source, errors, first, last), every, last))
    raise SpecError(
        f"Prometheus has no series of {slo.id} in {days:g} days",
        file=slo.source.file,
        line=slo.source.line,
        remedy="check the names of its series, or give --days a shorter time",
    )


def _queries(slo: Slo) -> Iterator[tuple[str, str]]:
    """Expressions of bad and of all events: what was recorded, then what the rules would have recorded."""
    yield f"{Series.ERRORS}{identity(slo)}", f"{Series.TOTAL}{identity(slo)}"
    yield error_query(slo, "5m", "increase"), total_query(slo, "5m", "increase")


def _asked(source: RangeSource, expr: str, first: float, last: float) -> list[IncreaseSeries]:
    return [IncreaseSeries(one.labels, one.points) for one in source.query_range(expr, first, last, STEP)]
