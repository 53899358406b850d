"""Proposed SLOs as an OpenSLO v1 file, with comments that say why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Final

from exai_sre.generate.document import yaml_text
from exai_sre.generate.onboarding.evidence import counted
from exai_sre.generate.onboarding.proposal import Proposal
from exai_sre.generate.onboarding.seen import Sighting
from exai_sre.metrics.selection import Matcher
from exai_sre.metrics.spelling import series_text

__all__ = ["needs_query", "slo_text"]

_WIDTH: Final = 116
_HEAD: Final = (
    "Proposed by `exai-sre init` from {origin}. These are guesses: set the targets that your users need, remove what "
    "nobody would act on, and keep the file. Nothing writes to it again."
)
_BY_QUERY: Final = "Written as PromQL, for the counter's name does not end in _total, by which a counter is known."


def slo_text(service: str, proposals: Sequence[Proposal], sighting: Sighting) -> str:
    """The file that defines a service and its proposed SLOs.

    Args:
        service: name of the service.
        proposals: at least one.
        sighting: what was seen, for what would have been counted so far.
    """
    head = _comments([_HEAD.format(origin=sighting.origin)])
    documents = [head + yaml_text(_service(service))]
    for proposal in proposals:
        why = [*proposal.why, *_form(proposal), *_evidence(sighting, proposal), f"From {proposal.source}."]
        documents.append(_comments(why) + yaml_text(_slo(service, proposal)))
    return "---\n".join(documents)


def needs_query(proposal: Proposal) -> bool:
    """Whether it must be written as PromQL: an indicator over the catalog knows a counter by the ending ``_total``."""
    return proposal.family.kind == "counter" and not proposal.family.name.endswith("_total")


def _comments(sentences: Iterable[str]) -> str:
    lines = (line for sentence in sentences for line in textwrap.wrap(_line(sentence), _WIDTH))
    return "".join(f"# {line}\n" for line in lines)


def _line(sentence: str) -> str:
    return "".join(char if char.isprintable() else " " for char in sentence)


def _form(proposal: Proposal) -> list[str]:
    return [_BY_QUERY] if needs_query(proposal) else []


def _evidence(sighting: Sighting, proposal: Proposal) -> list[str]:
    found = counted(sighting, proposal)
    if found is None:
        return []
    bad, total = found
    if not total:
        return ["When this was written, no such event had been counted."]
    return [f"When this was written, {bad:g} of {total:g} events were bad since the exporter's start."]


def _service(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "openslo/v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"description": "What this service does for whom: say it here."},
    }


def _slo(service: str, proposal: Proposal) -> dict[str, Any]:
    percent = f"{proposal.target * 100:f}".rstrip("0").rstrip(".")
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": proposal.name, "displayName": proposal.title},
        "spec": {
            "description": proposal.description,
            "service": service,
            "indicator": {
                "metadata": {"name": f"{proposal.name}-sli"},
                "spec": {"ratioMetric": {"counter": True, **_sides(proposal)}},
            },
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": f"{percent} % of them", "target": float(proposal.target)}],
        },
    }


def _sides(proposal: Proposal) -> dict[str, Any]:
    if needs_query(proposal):
        return {side: _source("Prometheus", {"query": query}) for side, query in _queries(proposal).items()}
    indicator = proposal.indicator
    total: dict[str, Any] = {"instrument": indicator.instrument}
    if indicator.filter:
        total["filter"] = _conditions(indicator.filter)
    if indicator.bad is not None:
        return {
            "bad": _source("exai-sre", {"labels": _conditions(indicator.bad)}),
            "total": _source("exai-sre", total),
        }
    within = indicator.within or 0.0
    return {
        "good": _source("exai-sre", {"within": int(within) if within.is_integer() else within}),
        "total": _source("exai-sre", total),
    }


def _source(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"metricSource": {"type": kind, "spec": spec}}


def _conditions(matchers: Sequence[Matcher]) -> dict[str, Any]:
    """Conditions by label; two on one label are both negative, which make one list."""
    made: dict[str, Any] = {}
    for matcher in matchers:
        values = [*made.get(matcher.label, {}).get("not", []), *matcher.values] if matcher.negated else None
        one = matcher.values[0] if len(matcher.values) == 1 else list(matcher.values)
        made[matcher.label] = one if values is None else {"not": values}
    return made


def _queries(proposal: Proposal) -> dict[str, str]:
    """Plain counters: whoever compiles them puts the range in, and counts their first values, too."""
    indicator, name = proposal.indicator, proposal.family.name
    return {"bad": _sum(name, (*indicator.filter, *(indicator.bad or ()))), "total": _sum(name, indicator.filter)}


def _sum(name: str, matchers: Sequence[Matcher]) -> str:
    return f"sum({series_text(name, [matcher.promql for matcher in matchers])})"
