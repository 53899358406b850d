"""Which alerts silence which: a faster tier the slower ones, a page the tickets, a dead target its own silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exai_sre.generate.alertmanager.part import matcher, one_of
from exai_sre.generate.series import SlothLabel
from exai_sre.slo.model import Slo

__all__ = ["inhibit_rules"]

Ladder = tuple[str, ...]
"""Names of an SLO's tiers: pages before tickets, faster before slower."""


def inhibit_rules(slos: Sequence[Slo], job: str) -> list[dict[str, Any]]:
    """The inhibition rules of these SLOs.

    Only alerts of one SLO, and of one of its groups, silence each other: alerts without a label
    that is compared count as equal in it, so one list of labels serves SLOs with and without groups.
    """
    equal = [SlothLabel.ID, *sorted({label for slo in slos for label in slo.group_by})]
    rules = _tier_rules(slos, equal)
    # Only our burn alerts have a tier, so somebody else's pages silence nothing of ours, nor ours theirs.
    pages = [matcher(SlothLabel.SEVERITY, "=", "page"), matcher(SlothLabel.TIER, "!=", "")]
    tickets = [matcher(SlothLabel.SEVERITY, "=", "ticket"), matcher(SlothLabel.ID, "!=", "")]
    rules.append(_rule(pages, tickets, equal))
    silent = [matcher("alertname", "=~", ".+NoData"), matcher(SlothLabel.SERVICE, "=", job)]
    rules.append(_rule([matcher("alertname", "=", "ServerTargetDown")], silent, []))
    return rules


def _rule(sources: list[str], targets: list[str], equal: list[str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"source_matchers": sources, "target_matchers": targets}
    return {**rule, "equal": equal} if equal else rule


def _tier_rules(slos: Sequence[Slo], equal: list[str]) -> list[dict[str, Any]]:
    by_ladder: dict[Ladder, list[str]] = {}
    for slo in sorted(slos, key=lambda slo: slo.id):
        by_ladder.setdefault(_ladder(slo), []).append(slo.id)
    if not _contradict(by_ladder):
        return _rungs(_joined(by_ladder), [], equal)
    # Two names that silence each other would both be silent, so each SLO gets the order of its own tiers.
    return [
        rule
        for ladder, ids in sorted(by_ladder.items())
        for rule in _rungs(_pairs(ladder), [one_of(SlothLabel.ID, ids)], equal)
    ]


def _ladder(slo: Slo) -> Ladder:
    tiers = sorted(slo.tiers, key=lambda tier: (tier.severity != "page", -tier.factor, tier.name))
    return tuple(tier.name for tier in tiers)


def _pairs(ladder: Ladder) -> dict[str, list[str]]:
    """The slower tiers of each tier that has some."""
    return {faster: list(ladder[at:]) for at, faster in enumerate(ladder, 1) if ladder[at:]}


def _joined(ladders: dict[Ladder, list[str]]) -> dict[str, list[str]]:
    slower: dict[str, list[str]] = {}
    for ladder in sorted(ladders, key=lambda ladder: (-len(ladder), ladder)):
        for faster, names in _pairs(ladder).items():
            kept = slower.setdefault(faster, [])
            kept.extend(name for name in names if name not in kept)
    return slower


def _contradict(ladders: dict[Ladder, list[str]]) -> bool:
    ordered = {(faster, name) for faster, names in _joined(ladders).items() for name in names}
    return any((name, faster) in ordered for faster, name in ordered)


def _rungs(slower: dict[str, list[str]], only: list[str], equal: list[str]) -> list[dict[str, Any]]:
    return [
        _rule(
            [matcher(SlothLabel.TIER, "=", faster), *only],
            [one_of(SlothLabel.TIER, names), *only],
            equal,
        )
        for faster, names in slower.items()
    ]
