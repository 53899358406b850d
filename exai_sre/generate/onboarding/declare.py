"""Foreign families as instruments of a catalog: labels bounded, and a chart for what an SLO reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from exai_sre.generate.onboarding.preset import Signal
from exai_sre.generate.onboarding.proposal import Proposal
from exai_sre.generate.onboarding.propose import Plan
from exai_sre.generate.onboarding.seen import SeenFamily, Sighting
from exai_sre.metrics.instrument import Chart, Instrument, Label, NotCharted
from exai_sre.metrics.spelling import is_plain

__all__ = ["CROWDED", "declared", "label_warnings"]

CROWDED: Final = 100
"""Values of one label from which on it is called unbounded."""

_LEAST: Final = 50
_LONGEST: Final = 300
_MOST: Final = 200
_OVERVIEW: Final = "overview"
_UNREAD: Final = "no SLO reads it; give it a chart if it matters"
_QUOTES: Final = "its name needs quotes in PromQL, which only Prometheus 3 reads"
_RAW_PATH: Final = re.compile(r"/(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,})(/|$)", re.ASCII | re.IGNORECASE)


def declared(sighting: Sighting, plan: Plan) -> list[Instrument]:
    """Every family as a foreign instrument, ordered by name.

    Args:
        sighting: what was seen.
        plan: what was made of it: the families that its SLOs read are charted.
    """
    signals = {each.family.name: each.signal for each in plan.recognised}
    statuses = _status(plan.proposals)
    packed = {each.name: each for found in plan.recognised for each in found.preset.pack}
    return [
        (
            _packed(packed[family.name], family)
            if family.name in packed
            else _instrument(family, signals.get(family.name), statuses.get(family.name))
        )
        for family in sighting.families.values()
    ]


def label_warnings(sighting: Sighting) -> Iterator[str]:
    """A sentence for each label that seems to have no bound."""
    for family in sighting.families.values():
        for label, values in family.labels.items():
            raw = next((value for value in values if _RAW_PATH.search(value)), None)
            if len(values) >= CROWDED:
                yield (
                    f"{family.name}: label {label!r} has {len(values)} values already; the catalog allows "
                    f"{_bound(values)}, and nothing is grouped by it"
                )
            elif raw is not None:
                yield f"{family.name}: label {label!r} holds raw paths such as {raw!r}, of which there is no end"


def _status(proposals: Iterable[Proposal]) -> dict[str, str]:
    """The label that tells good from bad events by family that an SLO reads; empty where none does."""
    found: dict[str, str] = {}
    for proposal in proposals:
        label = next((matcher.label for matcher in proposal.indicator.bad or ()), "")
        found[proposal.family.name] = found.get(proposal.family.name) or label
    return found


def _packed(known: Instrument, family: SeenFamily) -> Instrument:
    """A family whose library is ours: declared as there, with the labels and bounds that it really has."""
    labels = tuple(
        replace(label, foreign=True) if (label := known.label(name)) else _label(name, values, None)
        for name, values in family.labels.items()
    )
    return replace(known, labels=labels, buckets=tuple(float(bound) for bound in family.bounds), foreign=True)


def _instrument(family: SeenFamily, signal: Signal | None, status: str | None) -> Instrument:
    unit = (signal.unit if signal else "") or family.unit
    return Instrument(
        name=family.name,
        kind=family.kind,
        help=_sentence(family.help or (signal.help if signal else "")),
        unit=unit,
        labels=tuple(_label(name, values, signal) for name, values in family.labels.items()),
        buckets=tuple(float(bound) for bound in family.bounds),
        chart=_chart(family, unit, status),
        foreign=True,
    )


def _label(name: str, values: Sequence[str], signal: Signal | None) -> Label:
    known = next((label for label in signal.labels if name in label.names), None) if signal else None
    if known is not None and known.values and set(values) <= set(known.values):
        return Label(name, values=known.values, foreign=True)
    return Label(name, bound=max(_bound(values), known.bound if known else 0), foreign=True)


def _bound(values: Sequence[str]) -> int:
    return min(_MOST, max(_LEAST, 2 * len(values)))


def _chart(family: SeenFamily, unit: str, status: str | None) -> Chart | NotCharted:
    if status is None:
        return NotCharted(_UNREAD)
    if not is_plain(family.name) or not is_plain(status or "x"):
        return NotCharted(_QUOTES)
    title = _sentence(re.sub(r"[_:]+", " ", family.name.removesuffix("_total").removesuffix(f"_{unit}")))
    by = (status,) if status else ()
    return Chart(_OVERVIEW, title, "rate" if family.kind == "counter" or by else "quantiles", by=by)


def _sentence(text: str) -> str:
    """One printable line, not too long, that begins with a capital letter."""
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST]
    return words[:1].upper() + words[1:].rstrip()
