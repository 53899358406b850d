"""Redaction of secrets and personal data: by type, by key, by value; rules are data."""

from exai_sre.logs.sanitize.keys import Sensitivity, sensitivity
from exai_sre.logs.sanitize.rule import Rule, marker
from exai_sre.logs.sanitize.rules import PERSONAL_RULES, SECRET_RULES
from exai_sre.logs.sanitize.sanitizer import Sanitizer

__all__ = ["PERSONAL_RULES", "SECRET_RULES", "Rule", "Sanitizer", "Sensitivity", "marker", "sensitivity"]
