"""All rules in the order in which they are tried: the special before the general."""

from __future__ import annotations

from typing import Final

from exai_sre.logs.sanitize.rule import Rule
from exai_sre.logs.sanitize.rules.ai import AI_RULES
from exai_sre.logs.sanitize.rules.chat import CHAT_RULES
from exai_sre.logs.sanitize.rules.cloud import CLOUD_RULES
from exai_sre.logs.sanitize.rules.code import CODE_RULES
from exai_sre.logs.sanitize.rules.headers import HEADER_RULES
from exai_sre.logs.sanitize.rules.keyed import KEYED_RULES
from exai_sre.logs.sanitize.rules.material import MATERIAL_RULES
from exai_sre.logs.sanitize.rules.monitoring import MONITORING_RULES
from exai_sre.logs.sanitize.rules.payment import PAYMENT_RULES
from exai_sre.logs.sanitize.rules.personal import PERSONAL_RULES
from exai_sre.logs.sanitize.rules.software import SOFTWARE_RULES
from exai_sre.logs.sanitize.rules.urls import URL_RULES

__all__ = ["PERSONAL_RULES", "SECRET_RULES"]

_FAMILIES: Final = (
    MATERIAL_RULES,
    AI_RULES,
    CLOUD_RULES,
    CODE_RULES,
    CHAT_RULES,
    PAYMENT_RULES,
    MONITORING_RULES,
    SOFTWARE_RULES,
)


def _tokens_first(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Values with a form of their own before those that only the vendor's name before them gives away."""
    return (*[rule for rule in rules if not rule.needs], *[rule for rule in rules if rule.needs])


SECRET_RULES: Final[tuple[Rule, ...]] = (
    *_tokens_first(tuple(rule for family in _FAMILIES for rule in family)),
    *URL_RULES,
    *HEADER_RULES,
    *KEYED_RULES,
)
"""What no log line may hold."""
