"""Keys of providers of language models."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.judge import is_varied
from exai_sre.logs.sanitize.rule import Rule, Span, start
from exai_sre.logs.sanitize.rules.tokens import prefixed

__all__ = ["AI_RULES"]

_HEX = "4795ecc090254f5b" * 2
_MIXED = "aB3dE6gH9j"


_START: Final = re.compile(start())


def _around_dot(text: str, match: re.Match[str]) -> Span | None:
    """The 32 characters before the dot and the 16 behind it, if they stand alone."""
    first, last = match.start() - 32, match.end() + 16
    return (first, last) if _START.match(text, first) and is_varied(text[first:last]) else None


_GLM: Final = r"\.(?<=[0-9a-f]{32}\.)(?=[A-Za-z0-9]{16}(?![A-Za-z0-9]))"

AI_RULES: Final = (
    Rule(
        name="glm-key",
        keywords=(),
        trigger=_GLM,
        pattern=_GLM,
        true=(f"key «{_HEX}.{_MIXED}HZ1R7l» refused", f"'«{_HEX}.{_MIXED}HZ1R7l»'"),
        false=(f"{_HEX}.json", f"{_HEX}.{_MIXED}HZ1R7l9", f"a{_HEX}.{_MIXED}HZ1R7l", "video.ico-7a388b69018576d2"),
        locate=_around_dot,
    ),
    prefixed("kimi-key", "sk-", r"[A-Za-z0-9]{48}", "sk-" + _MIXED * 4 + "xY2zW5vU"),
    prefixed("anthropic-key", "sk-ant-", r"[A-Za-z0-9_-]{20,}+", "sk-ant-api03-" + _MIXED * 4),
    prefixed(
        "openai-key",
        r"sk-(?:proj|svcacct|admin|or-v1|None)-",
        r"[A-Za-z0-9_-]{20,}+",
        "sk-proj-" + _MIXED * 8,
        keyword="sk-",
    ),
    prefixed("sk-key", "sk-", r"(?=[A-Za-z]{0,64}+[0-9])[A-Za-z0-9]{20,}+", "sk-" + _MIXED * 3),
    prefixed("google-key", "AIza", r"[A-Za-z0-9_-]{35}", "AIzaSy" + _MIXED * 3 + "kL1"),
    prefixed("google-oauth-secret", "GOCSPX-", r"[A-Za-z0-9_-]{28}", "GOCSPX-" + _MIXED * 2 + "kL1mN4pQ"),
    prefixed("google-oauth-token", r"ya29\.", r"[A-Za-z0-9_-]{20,}+", "ya29." + _MIXED * 5, keyword="ya29."),
    prefixed("huggingface-token", "hf_", r"[A-Za-z0-9]{34}", "hf_" + _MIXED * 3 + "kLmN"),
    prefixed("groq-key", "gsk_", r"[A-Za-z0-9]{48,56}+", "gsk_" + _MIXED * 5),
    prefixed("perplexity-key", "pplx-", r"[A-Za-z0-9]{40,64}+", "pplx-" + _MIXED * 5),
    prefixed("replicate-token", "r8_", r"[A-Za-z0-9]{37}", "r8_" + _MIXED * 3 + "kL1mN4p"),
    prefixed("xai-key", "xai-", r"[A-Za-z0-9]{70,90}+", "xai-" + _MIXED * 8),
)
