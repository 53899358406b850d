"""PromQL from an indicator: all, good and bad events over a window, from the raw series alone.

A query counts events per second (``rate``) or per window (``increase``). What is absent
counts as nothing: no error series means no error, as long as the total exists. Nothing recorded
is read, so that a history without our rules can be asked.
"""

from __future__ import annotations

from exai_sre.generate.measure import Measure, Scope, measure_of
from exai_sre.generate.measure.counters import counted
from exai_sre.generate.measure.events import good_selector
from exai_sre.generate.measure.text import Function, decimal_text, le_text, selector
from exai_sre.slo.indicators import CompositeIndicator, EventsIndicator
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import MINUTE, parse_duration

__all__ = ["Function", "decimal_text", "error_query", "good_query", "le_text", "selector", "total_query"]


def total_query(slo: Slo, window: str, function: Function = "rate") -> str:
    """All events of the SLO.

    Args:
        slo: the objective.
        window: range in Prometheus's words, such as ``5m``.
        function: what counts them.

    Raises:
        SpecError: the indicator cannot be compiled, or is a composite, which has no events of its own.
    """
    return _measure(slo).total(parse_duration(window), function)


def good_query(slo: Slo, window: str, function: Function = "rate") -> str:
    """The good events of the SLO; arguments and errors as for :func:`total_query`."""
    indicator = slo.indicator
    if isinstance(indicator, EventsIndicator) and indicator.good is not None and not indicator.native:
        return counted(_bare(slo), good_selector(indicator), parse_duration(window), function)
    return f"(\n  {total_query(slo, window, function)}\n  -\n  {error_query(slo, window, function)}\n)"


def error_query(slo: Slo, window: str, function: Function = "rate") -> str:
    """The bad events of the SLO, 0 where none has a series yet, nothing where the total has none.

    Arguments and errors as for :func:`total_query`.
    """
    return _measure(slo).bad(parse_duration(window), function)


def _measure(slo: Slo) -> Measure:
    scope = _bare(slo)
    if isinstance(slo.indicator, CompositeIndicator):
        raise scope.refuse("a composite has no events of its own", "ask for the events of its components")
    return measure_of(slo.indicator, scope)


def _bare(slo: Slo) -> Scope:
    return Scope(slo, MINUTE, bare=True)
