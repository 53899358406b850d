"""PromQL from an indicator: the counting side of an SLO as queries over a window.

A query counts events per second (``rate``) or per window (``increase``). What is absent
counts as nothing: no error series means no error, as long as the total exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from exai_sre.generate.query import over_window
from exai_sre.metrics import Matcher
from exai_sre.slo.model import EventsIndicator, QueryIndicator, Slo
from exai_sre.slo.windows import parse_duration

__all__ = ["Function", "bad_query", "decimal_text", "error_query", "good_query", "le_text", "selector", "total_query"]

Function = Literal["rate", "increase"]
"""Range function that counts events: per second, or per window."""


def selector(instrument: str, matchers: Sequence[Matcher] = (), suffix: str = "") -> str:
    """A series selector, such as ``x_count{outcome="ok"}``.

    Args:
        instrument: name of the metric family.
        matchers: conditions on labels, written in the given order.
        suffix: part of a histogram, such as ``_count``; empty for counters and gauges.
    """
    conditions = ",".join(matcher.promql for matcher in matchers)
    return f"{instrument}{suffix}{{{conditions}}}" if conditions else f"{instrument}{suffix}"


def decimal_text(value: Decimal) -> str:
    """A number without exponent and without float noise: ``0.0720`` gives ``0.072``."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def le_text(bound: float) -> str:
    """A bucket bound as the exposition writes it: 1 gives ``1.0``."""
    from prometheus_client.utils import floatToGoString

    text: str = floatToGoString(bound)  # type: ignore[no-untyped-call]
    return text


def total_query(slo: Slo, window: str, function: Function = "rate") -> str:
    """All events of the SLO.

    Args:
        slo: the objective.
        window: range in Prometheus's words, such as ``5m``.
        function: what counts them.
    """
    indicator = slo.indicator
    if isinstance(indicator, QueryIndicator):
        return _plain(slo, indicator.total, window, function)
    return _count(indicator, indicator.filter, window, function)


def good_query(slo: Slo, window: str, function: Function = "rate") -> str:
    """The good events of the SLO; arguments as for :func:`total_query`."""
    indicator = slo.indicator
    if isinstance(indicator, QueryIndicator):
        if indicator.good is not None:
            return _plain(slo, indicator.good, window, function)
        return _without(slo, total_query(slo, window, function), bad_query(slo, window, function) or "")
    if indicator.within is not None:
        return _within(indicator, window, function)
    if indicator.good is not None:
        return _count(indicator, _narrowed(indicator.filter, indicator.good), window, function)
    return _without(slo, total_query(slo, window, function), bad_query(slo, window, function) or "")


def bad_query(slo: Slo, window: str, function: Function = "rate") -> str | None:
    """The bad events where one selector tells them, otherwise ``None``.

    The result is empty while no bad event has a series; :func:`error_query` gives 0 then.
    """
    indicator = slo.indicator
    if isinstance(indicator, QueryIndicator):
        return None if indicator.bad is None else _plain(slo, indicator.bad, window, function)
    if indicator.bad is not None:
        return _count(indicator, _narrowed(indicator.filter, indicator.bad), window, function)
    if indicator.within is None and indicator.good is not None and len(indicator.good) == 1:
        good = indicator.good[0]
        opposite = Matcher(good.label, good.values, negated=not good.negated)
        return _count(indicator, _narrowed(indicator.filter, (opposite,)), window, function)
    return None


def error_query(slo: Slo, window: str, function: Function = "rate") -> str:
    """The bad events of the SLO, 0 where none has a series yet, nothing where the total has none.

    Arguments as for :func:`total_query`.
    """
    total = total_query(slo, window, function)
    bad = bad_query(slo, window, function)
    if bad is not None:
        return f"(\n  {bad}\n  or\n  0 * {total}\n)"
    return _without(slo, total, good_query(slo, window, function))


def _without(slo: Slo, total: str, part: str) -> str:
    # A histogram's bucket exists wherever its count does; other series may not exist yet.
    if isinstance(slo.indicator, EventsIndicator) and slo.indicator.within is not None and not slo.indicator.good:
        return f"clamp_min(\n  {total}\n  - {part},\n  0\n)"
    return f"clamp_min(\n  {total}\n  - ({part} or 0 * {total}),\n  0\n)"


def _plain(slo: Slo, query: str, window: str, function: Function) -> str:
    return over_window(slo, query, window, scale=parse_duration(window) if function == "increase" else None)


def _count(indicator: EventsIndicator, matchers: Sequence[Matcher], window: str, function: Function) -> str:
    suffix = "" if indicator.instrument.endswith("_total") else "_count"
    return f"sum({function}({selector(indicator.instrument, matchers, suffix)}[{window}]))"


def _within(indicator: EventsIndicator, window: str, function: Function) -> str:
    matchers = (
        *_narrowed(indicator.filter, indicator.good or ()),
        Matcher("le", (le_text(indicator.within or 0.0),)),
    )
    return f"sum({function}({selector(indicator.instrument, matchers, '_bucket')}[{window}]))"


def _narrowed(filter: Sequence[Matcher], further: Sequence[Matcher]) -> list[Matcher]:
    """Both sets of conditions, without those of ``filter`` that say nothing beside ``further``."""
    kept: list[Matcher] = []
    rest = list(further)
    for matcher in filter:
        twin = next((other for other in rest if other.label == matcher.label), None)
        if twin is None:
            kept.append(matcher)
        elif twin.negated and matcher.negated:
            rest.remove(twin)
            kept.append(Matcher(matcher.label, (*matcher.values, *twin.values), negated=True))
        elif twin.negated or not all(matcher.admits(value) for value in twin.values):
            kept.append(matcher)
    return [*kept, *rest]
