"""A linter for dashboards: the rules of grafana/dashboard-linter, restated, and the catalog's."""

from exai_sre.generate.grafana.lint.check import EXEMPTIONS, RULES, check_dashboard
from exai_sre.generate.grafana.lint.rule import Exemption

__all__ = ["EXEMPTIONS", "RULES", "Exemption", "check_dashboard"]
