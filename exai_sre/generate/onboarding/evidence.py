"""What a proposal would have counted so far, by the values that were seen."""

from __future__ import annotations

from exai_sre.generate.onboarding.proposal import Proposal
from exai_sre.generate.onboarding.seen import Sighting
from exai_sre.metrics.selection import Matcher
from exai_sre.metrics.spelling import bound_spellings

__all__ = ["counted"]


def counted(sighting: Sighting, proposal: Proposal) -> tuple[float, float] | None:
    """Bad and all events since the exporter started; ``None`` where no values were seen."""
    indicator, family = proposal.indicator, proposal.family
    name = f"{family.name}_count" if family.kind == "histogram" else family.name
    if not any(series.name == name and series.value is not None for series in sighting.series):
        return None
    total = _sum(sighting, name, indicator.filter)
    if indicator.bad is not None:
        return _sum(sighting, name, (*indicator.filter, *indicator.bad)), total
    good = (*indicator.filter, *(indicator.good or ()))
    if indicator.within is not None:
        name, good = f"{family.name}_bucket", (*good, Matcher("le", bound_spellings(indicator.within)))
    return total - _sum(sighting, name, good), total


def _sum(sighting: Sighting, name: str, conditions: tuple[Matcher, ...]) -> float:
    return sum(
        series.value
        for series in sighting.series
        if series.name == name
        and series.value is not None
        and all(matcher.admits(series.labels.get(matcher.label, "")) for matcher in conditions)
    )
