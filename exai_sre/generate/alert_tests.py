"""promtool tests of every generated alert, in both directions."""

from __future__ import annotations

from collections.abc import Sequence

from exai_sre.generate.burn_alerts import slo_alerts
from exai_sre.generate.document import yaml_document
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import promtool_file
from exai_sre.generate.rules import SYMPTOM_GROUP, group_names, rule_file
from exai_sre.generate.slo_cases import WINDOWS_END, slo_cases, windows_case
from exai_sre.generate.symptom_cases import symptom_cases
from exai_sre.generate.symptoms import symptom_alerts
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import MINUTE

__all__ = ["alert_tests"]


def alert_tests(
    slos: Sequence[Slo], *, catalog: Catalog | None = None, options: RuleOptions | None = None
) -> dict[str, str]:
    """Test files for promtool by name; they stand in a folder beside the rule files'.

    One file for each SLO, one for the symptom alerts, and one for long windows, which is
    evaluated once after a month. Expected minutes come from the closed form.

    Args:
        slos: the objectives.
        catalog: the service's catalog; symptom alerts need it.
        options: scrape interval, windows and links; the defaults of :class:`RuleOptions` otherwise.
    """
    chosen = options or RuleOptions()
    ordered = sorted(slos, key=lambda slo: slo.id)
    files = {
        f"{slo.id}.test.yaml": promtool_file(
            [_beside(slo)], group_names(slo), MINUTE, slo_cases(slo, slo_alerts(slo, chosen), catalog)
        )
        for slo in ordered
    }
    if chosen.windows == "recorded":
        groups = [name for slo in ordered for name in group_names(slo)]
        files["windows.test.yaml"] = promtool_file(
            [_beside(slo) for slo in ordered], groups, WINDOWS_END, [windows_case(ordered)]
        )
    cases = symptom_cases(symptom_alerts(slos, catalog, chosen), chosen)
    files["symptoms.test.yaml"] = promtool_file([_beside(None)], [SYMPTOM_GROUP], chosen.scrape_interval, cases)
    return {name: yaml_document(content) for name, content in files.items()}


def _beside(slo: Slo | None) -> str:
    return f"../{rule_file(slo)}"
