"""The rules, as data: what carries a secret, whose secrets have a form of their own, personal data."""

from exai_sre.logs.sanitize.rules.all_rules import PERSONAL_RULES, SECRET_RULES

__all__ = ["PERSONAL_RULES", "SECRET_RULES"]
