"""Objectives of an SLO, compiled: each makes a promise, or all together make a composite."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults
from exai_sre.slo.indicator import Surroundings, compile_sli
from exai_sre.slo.indicators import Component, CompositeIndicator, Countable, Indicator, SliceIndicator
from exai_sre.slo.openslo_fields import Metadata, Reference
from exai_sre.slo.openslo_sli import InlineSli, SliSpec
from exai_sre.slo.openslo_slo import ObjectiveSpec, SloSpec
from exai_sre.slo.suggestion import suggest

__all__ = ["Promise", "promises"]

_LONGEST_NAME: Final = 63
_STEP: Final = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Promise:
    """What one SLO promises.

    Attributes:
        suffix: what its name ends with, where its definition makes several SLOs; else empty.
        title: what its name for people ends with, likewise.
        objective: share of good events, above 0 and below 1.
        indicator: how they are counted.
    """

    suffix: str
    title: str
    objective: Decimal
    indicator: Indicator


def promises(
    metadata: Metadata, spec: SloSpec, slis: Mapping[str, SliSpec | None], around: Surroundings
) -> list[Promise]:
    """What the objectives promise; faults are kept, and a faulty objective promises nothing.

    Several objectives over one indicator make an SLO each, whose name ends with the objective's
    displayName as far as it is a name of its own, else with its number counted from 1.
    """
    faults = around.faults
    if not spec.objectives:
        faults.add(spec.value.fault("holds no objective", "add one to objectives"))
    for objective in spec.objectives:
        faults.attempt(partial(_check_objective, objective, spec.method), None)
    if spec.indicator is None:
        return _composite(spec, slis, around)
    sli = _follow(spec.indicator, slis, faults)
    made = []
    for objective, suffix in zip(spec.objectives, _suffixes(spec.objectives), strict=True):
        indicator = _sliced(sli, objective, spec.method, around) if sli else None
        if indicator is not None:
            title = f" ({objective.display_name or suffix.removeprefix('-')})" if suffix else ""
            made.append(Promise(suffix, title if metadata.display_name else "", objective.target, indicator))
            faults.attempt(partial(_check_length, metadata, suffix), None)
    return made


def _check_objective(objective: ObjectiveSpec, method: str) -> None:
    if not objective.target:
        key = "target" if "target" in objective.value.entries() else "targetPercent"
        raise objective.value.find((key,)).fault("a target of 0 promises nothing", "write for example 0.995")
    given = (("timeSliceTarget", objective.slice_target), ("timeSliceWindow", objective.slice_window))
    unused = {"Occurrences": ("timeSliceTarget", "timeSliceWindow"), "RatioTimeslices": ("timeSliceTarget",)}
    for key, entry in given:
        if entry is not None and key in unused.get(method, ()):
            raise objective.value.find((key,)).fault(f"{key} has no meaning for {method}", "remove it")


def _check_length(metadata: Metadata, suffix: str) -> None:
    if len(metadata.name) + len(suffix) > _LONGEST_NAME:
        what = (
            f"{metadata.name + suffix!r}, as one of its objectives is named, is longer than {_LONGEST_NAME} characters"
        )
        raise metadata.value.find(("name",)).fault(what, "shorten the name, or the objective's displayName")


def _suffixes(objectives: tuple[ObjectiveSpec, ...]) -> list[str]:
    if len(objectives) == 1:
        return [""]
    slugs = [re.sub(r"[^a-z0-9]+", "-", objective.display_name.lower()).strip("-") for objective in objectives]
    numbers = [str(number) for number in range(1, len(objectives) + 1)]
    counts = Counter(slugs + numbers)
    return [f"-{slug if slug and counts[slug] == 1 else number}" for slug, number in zip(slugs, numbers, strict=True)]


def _follow(indicator: InlineSli | Reference, slis: Mapping[str, SliSpec | None], faults: Faults) -> SliSpec | None:
    if isinstance(indicator, InlineSli):
        return indicator.spec
    if indicator.name not in slis:
        remedy = suggest(indicator.name, slis) if slis else "define it with kind: SLI"
        faults.add(indicator.value.fault(f"SLI {indicator.name!r} is not defined", remedy))
    return slis.get(indicator.name)


def _sliced(
    sli: SliSpec, objective: ObjectiveSpec, method: str, around: Surroundings
) -> Countable | SliceIndicator | None:
    indicator = compile_sli(sli, objective, around)
    window = objective.slice_window
    if indicator is None or method == "Occurrences" or window is None:
        return indicator
    length = around.faults.attempt(window.positive, 0)
    return SliceIndicator(indicator, length, objective.slice_target if method == "Timeslices" else None)


def _composite(spec: SloSpec, slis: Mapping[str, SliSpec | None], around: Surroundings) -> list[Promise]:
    """One promise over all objectives: its budget is the weighted mean of theirs."""
    components: list[Component] = []
    seen: Counter[str] = Counter()
    for objective in spec.objectives:
        if objective.indicator is None:
            what = "the field 'indicator' or 'indicatorRef' is missing"
            around.faults.add(objective.value.fault(what, "each objective of a composite has its own"))
            continue
        sli = _follow(objective.indicator, slis, around.faults)
        indicator = _sliced(sli, objective, spec.method, around) if sli else None
        if indicator is None:
            continue
        base = _name(objective.indicator)
        seen[base] += 1
        name = base if seen[base] == 1 else f"{base}-{seen[base]}"
        components.append(Component(name, objective.weight or Decimal(1), indicator))
    if not components or len(components) < len(spec.objectives):
        return []
    return [Promise("", "", _mean(spec.objectives), CompositeIndicator(tuple(components)))]


def _name(indicator: InlineSli | Reference) -> str:
    if isinstance(indicator, Reference):
        return indicator.name
    return indicator.metadata.name if indicator.metadata else ""


def _mean(objectives: tuple[ObjectiveSpec, ...]) -> Decimal:
    """The target whose budget is the weighted mean of the budgets, to twelve places."""
    targets = {objective.target for objective in objectives}
    if len(targets) == 1:
        return targets.pop()
    weights = [objective.weight or Decimal(1) for objective in objectives]
    weighted = [weight * objective.target for weight, objective in zip(weights, objectives, strict=True)]
    return (sum(weighted, Decimal(0)) / sum(weights, Decimal(0))).quantize(_STEP).normalize()
