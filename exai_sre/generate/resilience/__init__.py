"""Alert rules, their tests and their runbook from the resilience policies of a service."""

from exai_sre.generate.resilience.alerts import Thresholds, resilience_alerts
from exai_sre.generate.resilience.files import resilience_alert_tests, resilience_rules, resilience_runbook

__all__ = [
    "Thresholds",
    "resilience_alert_tests",
    "resilience_alerts",
    "resilience_rules",
    "resilience_runbook",
]
