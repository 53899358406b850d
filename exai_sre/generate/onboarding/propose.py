"""From what was seen to what could be promised: by presets where the exporter is known, else by rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exai_sre.generate.onboarding.preset import Preset, Signal
from exai_sre.generate.onboarding.proposal import Basis, Proposal, availability, latency, promised
from exai_sre.generate.onboarding.seen import SeenFamily, Sighting
from exai_sre.generate.onboarding.statuses import Verdicts, form_of, verdicts
from exai_sre.metrics.selection import Matcher
from exai_sre.names import LabelName

__all__ = ["MOST_BY_RULE", "Plan", "Recognised", "propose"]

MOST_BY_RULE: Final = 6
"""Proposals that are made by rule at most: nobody reads more, and nobody should keep more."""

_STATUS_LABELS: Final = (
    LabelName.STATUS_CODE, "http.response.status_code", "http_status_code", "http.status_code", "status_code",
    "statuscode", "http_status", "response_code", "status_class", "code", "status", "outcome",
)  # fmt: skip
_CLIENT: Final = re.compile(r"client|upstream|outgoing|outbound", re.IGNORECASE)
_ENDINGS: Final = ("_total", "_counter", "_seconds", "_milliseconds", "_duration")
_QUICK: Final = 0.5


@dataclass(frozen=True, slots=True)
class Recognised:
    """A family that a preset's signal knows.

    Attributes:
        preset: the preset.
        signal: the signal.
        family: the family.
    """

    preset: Preset
    signal: Signal
    family: SeenFamily


@dataclass(frozen=True, slots=True)
class Plan:
    """What could be done about a sighting.

    Attributes:
        proposals: proposed SLOs, names distinct.
        recognised: what presets know, best first.
        notes: what the user should know, one sentence each.
    """

    proposals: tuple[Proposal, ...]
    recognised: tuple[Recognised, ...]
    notes: tuple[str, ...]


def propose(sighting: Sighting, presets: Mapping[str, Preset], *, by_rule: bool = True) -> Plan:
    """SLOs for what was seen.

    Args:
        sighting: what was seen.
        presets: the presets that may recognise it.
        by_rule: whether families that no preset knows are looked at, too.
    """
    recognised = tuple(_recognise(sighting, presets.values()))
    made = [proposal for each in recognised for proposal in _of_signal(each)]
    present = [preset for preset in presets.values() if _is_present(preset, recognised, sighting)]
    notes = [note for preset in present for note in preset.notes]
    if by_rule:
        ruled = list(_by_rule(sighting, {name for preset in present for name in _names(preset)}))
        made += ruled[:MOST_BY_RULE]
        notes += [f"{proposal.family.name} could have an SLO, too" for proposal in ruled[MOST_BY_RULE:]]
    if not made:
        notes.append("no series tells good events from bad ones: there is nothing to propose")
    return Plan(tuple(_distinct(made)), recognised, tuple(dict.fromkeys(notes)))


def _names(preset: Preset) -> Iterator[str]:
    """Names of every family that a preset knows."""
    yield from preset.known
    yield from (name for signal in preset.signals for name in signal.names)


def _is_present(preset: Preset, recognised: Sequence[Recognised], sighting: Sighting) -> bool:
    return any(each.preset is preset for each in recognised) or any(name in sighting.families for name in preset.known)


def _recognise(sighting: Sighting, presets: Iterable[Preset]) -> Iterator[Recognised]:
    """For each preset and key the first signal that was seen, once for each kind of family."""
    for preset in presets:
        taken: set[tuple[str, str]] = set()
        for signal in preset.signals:
            family = next((sighting.families[name] for name in signal.names if name in sighting.families), None)
            if family is not None and (signal.key, signal.kind) not in taken and _fits(signal, family):
                taken.add((signal.key, signal.kind))
                yield Recognised(preset, signal, family)


def _fits(signal: Signal, family: SeenFamily) -> bool:
    return signal.kind == family.kind and (not signal.status or signal.spelling(signal.status, family) is not None)


def _of_signal(found: Recognised) -> Iterator[Proposal]:
    signal = found.signal
    family = replace(found.family, unit=signal.unit or found.family.unit)
    matchers, reasons = _conditions(signal, family)
    basis = Basis(signal.key, signal.subject, family, f"preset {found.preset.name}", matchers, (*signal.why, *reasons))
    label = signal.spelling(signal.status, family) if signal.status else None
    judged = _judged(signal, family, label) if label else None
    if signal.availability and judged is not None and label is not None:
        yield availability(basis, label, judged)
        yield from (promised(basis, label, judged, promise) for promise in signal.promises)
    quick = latency(basis, signal.slow_after, label, judged) if signal.slow_after else None
    if quick is not None:
        yield quick


def _judged(signal: Signal, family: SeenFamily, label: str) -> Verdicts:
    found = None if signal.form == "error-type" else form_of(family.labels[label])
    judged = verdicts(found or signal.form, signal.side)
    return replace(judged, bad=tuple(dict.fromkeys((*judged.bad, *signal.also_bad))))


def _conditions(signal: Signal, family: SeenFamily) -> tuple[tuple[Matcher, ...], tuple[str, ...]]:
    matchers, reasons = [], []
    for condition in signal.filter:
        label = signal.spelling(condition.label, family)
        if label is not None:
            matchers.append(Matcher(label, condition.values, negated=condition.negated))
            reasons.append(condition.why)
    return tuple(matchers), tuple(filter(None, reasons))


def _by_rule(sighting: Sighting, known: set[str]) -> Iterator[Proposal]:
    """A label that holds status codes gives an SLO on endings, a histogram of time one on durations."""
    for family in sighting.families.values():
        label = None if family.name in known or family.kind == "gauge" else _status_label(family)
        form = form_of(family.labels[label]) if label else None
        if label is None or form is None or family.unit == "bytes":
            continue
        judged = verdicts(form, "client" if _CLIENT.search(family.name) else "server")
        why = f"No preset knows {family.name}; its label {label} looks like the ending of a request."
        basis = Basis(_slug(family.name), "events", family, "rule", why=(why,))
        yield availability(basis, label, judged)
        quick = latency(basis, _QUICK, label, judged) if family.kind == "histogram" else None
        if quick is not None:
            yield quick


def _status_label(family: SeenFamily) -> str | None:
    return next((label for label in _STATUS_LABELS if form_of(family.labels.get(label, ()))), None)


def _slug(name: str) -> str:
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "events"


def _distinct(proposals: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, of which those with a name already taken get a number."""
    taken: dict[str, int] = {}
    for proposal in proposals:
        taken[proposal.name] = taken.get(proposal.name, 0) + 1
        count = taken[proposal.name]
        yield proposal if count == 1 else replace(proposal, name=f"{proposal.name}-{count}")
