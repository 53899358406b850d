"""Parts of PromQL as text: selectors, exact numbers, bucket bounds, joined conditions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from exai_sre.metrics import Matcher
from exai_sre.metrics.spelling import bound_spellings, series_text
from exai_sre.slo.windows import format_duration

__all__ = ["Function", "bound_matcher", "decimal_text", "evaluations", "le_text", "narrowed", "selector"]

Function = Literal["rate", "increase"]
"""Range function that counts events: per second, or per window."""


def selector(instrument: str, matchers: Sequence[Matcher] = (), suffix: str = "") -> str:
    """A series selector, such as ``x_count{outcome="ok"}``.

    Args:
        instrument: name of the metric family.
        matchers: conditions on labels, written in the given order.
        suffix: part of a histogram, such as ``_count``; empty for counters and gauges.
    """
    return series_text(f"{instrument}{suffix}", [matcher.promql for matcher in matchers])


def decimal_text(value: Decimal) -> str:
    """A number without exponent and without float noise: ``0.0720`` gives ``0.072``."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def le_text(bound: float) -> str:
    """A bucket bound as the exposition of Python writes it: 1 gives ``1.0``."""
    from prometheus_client.utils import floatToGoString

    text: str = floatToGoString(bound)  # type: ignore[no-untyped-call]
    return text


def evaluations(window: int) -> str:
    """The range that holds each evaluation of a window in seconds once.

    Closed at both ends in Prometheus 2, a range of five minutes would hold six evaluations a minute apart.
    """
    return format_duration(window - 1)


def bound_matcher(bound: float) -> Matcher:
    """The condition on ``le`` for a bucket bound in any of its spellings, of which a series has one."""
    return Matcher("le", bound_spellings(bound))


def narrowed(filter: Sequence[Matcher], further: Sequence[Matcher]) -> list[Matcher]:
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
