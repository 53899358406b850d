"""The files that follow from resilience policies: a rule file, its tests, and a runbook page."""

from __future__ import annotations

from typing import Final

from exai_sre.generate.document import yaml_document
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import promtool_file
from exai_sre.generate.resilience.alerts import TOPIC, Thresholds, watched
from exai_sre.generate.resilience.cases import resilience_cases
from exai_sre.generate.rules import alert_rule
from exai_sre.generate.runbooks import runbook_page
from exai_sre.resilience.config import Policies, PolicySpec
from exai_sre.slo.windows import format_duration

__all__ = ["GROUP", "resilience_alert_tests", "resilience_rules", "resilience_runbook"]

GROUP: Final = "exai-resilience"
"""Name of the rule group."""

_RULES: Final = "resilience.rules.yaml"


def resilience_rules(
    policies: Policies | PolicySpec, options: RuleOptions | None = None, thresholds: Thresholds | None = None
) -> dict[str, str]:
    """The rule file by its name; none where nothing in the policies can be alerted on.

    Args:
        policies: the policies of the service.
        options: scrape interval and links; the defaults of :class:`RuleOptions` otherwise.
        thresholds: where the alerts begin.
    """
    chosen = options or RuleOptions()
    rules = [alert_rule(each.alert) for each in watched(policies, chosen, thresholds)]
    group = {"name": GROUP, "interval": format_duration(chosen.scrape_interval), "rules": rules}
    return {_RULES: yaml_document({"groups": [group]})} if rules else {}


def resilience_alert_tests(
    policies: Policies | PolicySpec, options: RuleOptions | None = None, thresholds: Thresholds | None = None
) -> dict[str, str]:
    """The promtool tests of these rules, both directions of each; arguments as for :func:`resilience_rules`."""
    chosen = options or RuleOptions()
    cases = resilience_cases(watched(policies, chosen, thresholds), chosen)
    if not cases:
        return {}
    content = promtool_file([f"../{_RULES}"], [GROUP], chosen.scrape_interval, cases)
    return {"resilience.test.yaml": yaml_document(content)}


def resilience_runbook(
    policies: Policies | PolicySpec, options: RuleOptions | None = None, thresholds: Thresholds | None = None
) -> dict[str, str]:
    """The runbook page by its name; arguments as for :func:`resilience_rules`."""
    alerts = [each.alert for each in watched(policies, options or RuleOptions(), thresholds)]
    return {f"{TOPIC}.md": runbook_page(TOPIC, alerts)} if alerts else {}
