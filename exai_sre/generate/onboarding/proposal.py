"""A proposed SLO: what it would count, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from exai_sre.generate.onboarding.preset import Promise
from exai_sre.generate.onboarding.seen import SeenFamily
from exai_sre.generate.onboarding.statuses import Verdicts
from exai_sre.metrics.selection import Matcher
from exai_sre.metrics.spelling import bound_spellings
from exai_sre.slo.indicators import EventsIndicator

__all__ = ["AVAILABILITY", "LATENCY", "Basis", "Proposal", "availability", "latency", "promised", "threshold"]

AVAILABILITY: Final = Decimal("0.995")
"""Share of good endings that is proposed: what a service without a promise yet can begin with."""

LATENCY: Final = Decimal("0.95")
"""Share of quick answers that is proposed."""

_PER_SECOND: Final = {"seconds": 1.0, "milliseconds": 1000.0}
_UNBORN: Final = (
    "No series stands at zero here: each begins with its first event, which a plain rate() does not see. Rules "
    "generated with --windows recorded count it."
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What the proposals about one family share.

    Attributes:
        key: beginning of their names.
        subject: what is promised about, in the plural.
        family: what counts.
        source: the preset or the rule that they come from.
        filter: which events belong to the service at all.
        why: what to know about it, one sentence each.
    """

    key: str
    subject: str
    family: SeenFamily
    source: str
    filter: tuple[Matcher, ...] = ()
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """An SLO that somebody should think about.

    Attributes:
        name: name of the SLO, unique among the proposals.
        title: display name.
        description: what is promised.
        target: proposed objective, between 0 and 1.
        indicator: how events are counted.
        family: what counts them.
        source: the preset or the rule that it comes from.
        why: why it is as it is, one sentence each.
    """

    name: str
    title: str
    description: str
    target: Decimal
    indicator: EventsIndicator
    family: SeenFamily
    source: str
    why: tuple[str, ...] = ()


def availability(basis: Basis, label: str, judged: Verdicts) -> Proposal:
    """An SLO on how events end.

    Args:
        basis: what counts them.
        label: the label that tells how an event ended.
        judged: which of its values are bad, and which do not count.
    """
    family = basis.family
    left_out = (Matcher(label, judged.excluded, negated=True),) if judged.excluded else ()
    bad = (Matcher(label, judged.bad, negated=judged.negated),)
    return Proposal(
        name=f"{basis.key}-availability",
        title=f"{basis.subject[0].upper()}{basis.subject[1:]} succeed",
        description=f"Share of {basis.subject} that did not fail, counted by {family.name}.",
        target=AVAILABILITY,
        indicator=EventsIndicator(family.name, (*basis.filter, *left_out), bad=bad),
        family=family,
        source=basis.source,
        why=(*basis.why, *judged.why, *((_UNBORN,) if family.unborn else ())),
    )


def promised(basis: Basis, label: str, judged: Verdicts, promise: Promise) -> Proposal:
    """An SLO on bad endings of one kind, of which a preset says what they are.

    Args:
        basis: what counts them.
        label: the label that tells how an event ended.
        judged: which of its values do not count at all.
        promise: which of its values are bad here.
    """
    whole = availability(basis, label, judged)
    return replace(
        whole,
        name=f"{basis.key}-{promise.name}",
        title=promise.title,
        description=f"{promise.description} Counted by {basis.family.name}.",
        target=promise.target,
        indicator=replace(whole.indicator, bad=(Matcher(label, promise.bad),)),
        why=(*whole.why, *promise.why),
    )


def latency(basis: Basis, seconds: float, label: str | None, judged: Verdicts | None) -> Proposal | None:
    """An SLO on how long events take; ``None`` where the family measures no time in buckets.

    Args:
        basis: what measures them.
        seconds: what they should take at most.
        label: the label that tells how an event ended, where there is one.
        judged: which of its values are bad: what failed counts by how it ended, not by how long it took.
    """
    family = basis.family
    bound = threshold(family, seconds)
    if bound is None:
        return None
    text = f"{bound:g} {'ms' if family.unit == 'milliseconds' else 's'}"
    spelt = bound_spellings(bound)
    both = (f"Exporters spell this bound {' or '.join(spelt)}; the rules match each.",) if len(spelt) > 1 else ()
    served = () if label is None or judged is None else (_served(label, judged),)
    note = "; what failed is not looked at" if served else ""
    return Proposal(
        name=f"{basis.key}-latency",
        title=f"{basis.subject[0].upper()}{basis.subject[1:]} take at most {text}",
        description=f"Share of {basis.subject} that took at most {text}, by {family.name}{note}.",
        target=LATENCY,
        indicator=EventsIndicator(family.name, (*basis.filter, *served), good=(), within=bound),
        family=family,
        source=basis.source,
        why=(*basis.why, f"The threshold is one of the bucket bounds: {', '.join(family.bounds)}.", *both),
    )


def _served(label: str, judged: Verdicts) -> Matcher:
    if judged.negated:
        return Matcher(label, judged.bad)
    return Matcher(label, tuple(dict.fromkeys((*judged.bad, *judged.excluded))), negated=True)


def threshold(family: SeenFamily, seconds: float) -> float | None:
    """The bucket bound nearest to a duration, in the unit of the family; ``None`` where it measures no time.

    Args:
        family: a histogram.
        seconds: the duration.
    """
    scale = _PER_SECOND.get(family.unit)
    bounds = [float(bound) for bound in family.bounds if float(bound) > 0]
    if scale is None or not bounds:
        return None
    wanted = seconds * scale
    return min(bounds, key=lambda bound: (max(bound, wanted) / min(bound, wanted), bound))
