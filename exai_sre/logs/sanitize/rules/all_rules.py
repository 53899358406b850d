"""All rules in the order in which they are tried: the special before the general."""

from __future__ import annotations

from typing import Final

from exai_sre.logs.sanitize.rule import Rule
from exai_sre.logs.sanitize.rules.ai import AI_RULES
from exai_sre.logs.sanitize.rules.cloud import CLOUD_RULES
from exai_sre.logs.sanitize.rules.headers import HEADER_RULES
from exai_sre.logs.sanitize.rules.keyed import KEYED_RULES
from exai_sre.logs.sanitize.rules.material import MATERIAL_RULES
from exai_sre.logs.sanitize.rules.personal import PERSONAL_RULES
from exai_sre.logs.sanitize.rules.tools import TOOL_RULES
from exai_sre.logs.sanitize.rules.urls import URL_RULES

__all__ = ["PERSONAL_RULES", "SECRET_RULES"]

SECRET_RULES: Final[tuple[Rule, ...]] = (
    *MATERIAL_RULES,
    *AI_RULES,
    *CLOUD_RULES,
    *TOOL_RULES,
    *URL_RULES,
    *HEADER_RULES,
    *KEYED_RULES,
)
"""What no log line may hold."""
