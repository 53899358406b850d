"""All rules over one dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from exai_sre.generate.finding import Finding
from exai_sre.generate.grafana.lint.catalog_rules import BY_PROMETHEUS, CATALOG_RULES
from exai_sre.generate.grafana.lint.panel_rules import PANEL_RULES
from exai_sre.generate.grafana.lint.rule import Exemption, Rule, Subject
from exai_sre.generate.grafana.lint.target_rules import TARGET_RULES
from exai_sre.generate.grafana.lint.template_rules import TEMPLATE_RULES
from exai_sre.metrics import Catalog

__all__ = ["EXEMPTIONS", "RULES", "check_dashboard"]

RULES: Final[Mapping[str, Rule]] = {**TEMPLATE_RULES, **PANEL_RULES, **TARGET_RULES, **CATALOG_RULES}
"""Every rule by name: the 17 of grafana/dashboard-linter, and three against the catalog."""

EXEMPTIONS: Final = (
    Exemption(
        rules=frozenset({"target-instance", "target-job"}),
        applies=lambda series, recorded: series in recorded,
        reason="recording rules sum over all jobs and instances of a service, so their series carry neither label",
    ),
    Exemption(
        rules=frozenset({"target-instance", "target-job"}),
        applies=lambda series, _recorded: series in BY_PROMETHEUS,
        reason="alerts are computed from recorded series and carry their labels",
    ),
)
"""Cases in which a rule does not speak, each with its reason."""


def check_dashboard(
    name: str,
    dashboard: Mapping[str, Any],
    *,
    catalog: Catalog,
    recorded: AbstractSet[str],
    exemptions: Sequence[Exemption] = EXEMPTIONS,
) -> list[Finding]:
    """What is wrong with a dashboard, in the order of the rules.

    Args:
        name: path of the file, as the user named it.
        dashboard: the dashboard's JSON.
        catalog: the instruments that are exported.
        recorded: names of the series that recording rules make.
        exemptions: cases in which a rule does not speak.

    Raises:
        MissingExtraError: promql-parser or grafanalib is not installed.
    """
    known = frozenset(recorded)
    subject = Subject(dashboard, catalog, known)
    return [
        Finding(name, 0, code, problem.message)
        for code, rule in RULES.items()
        for problem in rule(subject)
        if not any(code in each.rules and each.applies(problem.series, known) for each in exemptions)
    ]
