"""Rule sets that ours is compared with, as the queries that read what they record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from exai_sre.generate.alertmanager.part import matcher
from exai_sre.generate.series import Series, SlothLabel, ratio_name
from exai_sre.generate.shadow import SHADOW_LABEL, SHADOW_SEVERITY, shadow_series
from exai_sre.slo.model import Severity, Slo
from exai_sre.slo.windows import format_duration

__all__ = ["RuleSet", "pyrra_rules", "shadow_rule_set", "sloth_rules"]

_PYRRA_SEVERITIES: Final[Mapping[Severity, str]] = {"page": "critical", "ticket": "warning"}


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Queries of one rule set.

    Attributes:
        name: for people.
        ratio: query of an SLO's error ratio over a window in seconds.
        remaining: query of the share of its budget that is left; empty where none is recorded.
        firing: query of its firing alerts of a severity.
    """

    name: str
    ratio: Callable[[Slo, int], str]
    remaining: Callable[[Slo], str]
    firing: Callable[[Slo, Severity], str]


def sloth_rules() -> RuleSet:
    """Rules with Sloth's names: Sloth's own, or ours that are in force."""
    return RuleSet(
        "sloth",
        lambda slo, window: _of_slo(ratio_name(format_duration(window)), slo),
        lambda slo: _of_slo(Series.REMAINING, slo),
        lambda slo, severity: _alerts(
            matcher(SlothLabel.ID, "=", slo.id),
            matcher(SlothLabel.SEVERITY, "=", severity),
            matcher(SHADOW_LABEL, "=", ""),
        ),
    )


def shadow_rule_set(name: str) -> RuleSet:
    """Ours under the names of a shadow.

    Args:
        name: what the shadow was generated with.
    """
    return RuleSet(
        name,
        lambda slo, window: _of_slo(shadow_series(ratio_name(format_duration(window)), name), slo),
        lambda slo: _of_slo(shadow_series(Series.REMAINING, name), slo),
        lambda slo, severity: _alerts(
            matcher(SlothLabel.ID, "=", slo.id),
            matcher(SHADOW_SEVERITY, "=", severity),
            matcher(SHADOW_LABEL, "=", name),
        ),
    )


def pyrra_rules() -> RuleSet:
    """Pyrra's rules: the ratio stands in its ``burnrate`` series, under the metric's own name.

    Its windows follow from the SLO's, so only those that ours has, too, can be compared; it records
    no budget.
    Source: pyrra, slo/rules.go (names, labels, severities).
    """
    return RuleSet(
        "pyrra",
        lambda slo, window: (
            f"{{{matcher('__name__', '=~', f'.+:burnrate{format_duration(window)}')}, {matcher('slo', '=', slo.name)}}}"
        ),
        lambda _slo: "",
        lambda slo, severity: _alerts(
            matcher("slo", "=", slo.name), matcher("severity", "=", _PYRRA_SEVERITIES[severity])
        ),
    )


def _of_slo(series: str, slo: Slo) -> str:
    return f"{series}{{{matcher(SlothLabel.ID, '=', slo.id)}}}"


def _alerts(*conditions: str) -> str:
    return f"ALERTS{{{', '.join((matcher('alertstate', '=', 'firing'), *conditions))}}}"
