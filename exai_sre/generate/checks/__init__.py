"""Checks of SLO files, rules and dashboards against the catalog: one file for each family of rules."""

from exai_sre.generate.checks.run import CHECKS, check_conformance, check_paths

__all__ = ["CHECKS", "check_conformance", "check_paths"]
