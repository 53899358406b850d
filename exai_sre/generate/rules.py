"""Prometheus rule files: recordings and alerts of each SLO, and the symptom alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.burn_alerts import slo_alerts
from exai_sre.generate.document import yaml_document
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.sli_rules import meta_rules, sli_rules
from exai_sre.generate.symptoms import symptom_alerts
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import format_duration

__all__ = ["SYMPTOM_GROUP", "alert_rule", "alerts_of", "group_names", "prometheus_rules", "rule_file"]

SYMPTOM_GROUP: Final = "exai-symptoms"
"""Name of the rule group that holds the symptom alerts."""

_SYMPTOM_FILE = "symptoms"


def alerts_of(
    slos: Sequence[Slo], *, catalog: Catalog | None = None, options: RuleOptions | None = None
) -> list[Alert]:
    """Every alert that is generated: those of each SLO, then the symptoms."""
    chosen = options or RuleOptions()
    made = [alert for slo in _ordered(slos) for alert in slo_alerts(slo, chosen)]
    return [*made, *symptom_alerts(slos, catalog, chosen)]


def prometheus_rules(
    slos: Sequence[Slo], *, catalog: Catalog | None = None, options: RuleOptions | None = None
) -> dict[str, str]:
    """Rule files by name: one for each SLO and one for the symptom alerts.

    Args:
        slos: the objectives.
        catalog: the service's catalog; symptom alerts need it.
        options: scrape interval, windows and links; the defaults of :class:`RuleOptions` otherwise.

    Raises:
        SpecError: a plain query leaves no room for a window.
    """
    chosen = options or RuleOptions()
    files = {rule_file(slo): yaml_document({"groups": _slo_groups(slo, chosen)}) for slo in _ordered(slos)}
    symptoms = {
        "name": SYMPTOM_GROUP,
        "interval": format_duration(chosen.scrape_interval),
        "rules": [alert_rule(alert) for alert in symptom_alerts(slos, catalog, chosen)],
    }
    files[rule_file(None)] = yaml_document({"groups": [symptoms]})
    return files


def rule_file(slo: Slo | None) -> str:
    """Name of the rule file of an SLO, or of the symptom alerts."""
    return f"{slo.id if slo else _SYMPTOM_FILE}.rules.yaml"


def group_names(slo: Slo) -> tuple[str, str, str]:
    """Names of an SLO's rule groups in the order in which they depend on each other: Sloth's names."""
    return (
        f"sloth-slo-sli-recordings-{slo.id}",
        f"sloth-slo-meta-recordings-{slo.id}",
        f"sloth-slo-alerts-{slo.id}",
    )


def _ordered(slos: Sequence[Slo]) -> list[Slo]:
    return sorted(slos, key=lambda slo: slo.id)


def _slo_groups(slo: Slo, options: RuleOptions) -> list[dict[str, Any]]:
    rules = (sli_rules(slo, options), meta_rules(slo), [alert_rule(alert) for alert in slo_alerts(slo, options)])
    interval = format_duration(options.slo_interval)
    return [
        {"name": name, "interval": interval, "rules": content}
        for name, content in zip(group_names(slo), rules, strict=True)
        if content
    ]


def alert_rule(alert: Alert) -> dict[str, Any]:
    """An alert as Prometheus reads it."""
    rule: dict[str, Any] = {"alert": alert.name, "expr": alert.expr}
    if alert.for_:
        rule["for"] = format_duration(alert.for_)
    if alert.keep_firing_for:
        rule["keep_firing_for"] = format_duration(alert.keep_firing_for)
    return {**rule, "labels": dict(alert.labels), "annotations": dict(alert.annotations)}
