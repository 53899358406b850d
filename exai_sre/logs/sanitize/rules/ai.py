"""Keys of providers of language models, of their tools and of machine learning platforms.

The keys of GLM (Zhipu) and Kimi (Moonshot) come first: this project's servers call these.
"""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.judge import is_varied
from exai_sre.logs.sanitize.rule import Rule, Span, start
from exai_sre.logs.sanitize.rules.forms import UUID, hexa, lower, mixed, token, uuid, vendor

__all__ = ["AI_RULES"]

_START: Final = re.compile(start())


def _around_dot(text: str, match: re.Match[str]) -> Span | None:
    """The 32 characters before the dot and the 16 behind it, if they stand alone."""
    first, last = match.start() - 32, match.end() + 16
    return (first, last) if _START.match(text, first) and is_varied(text[first:last]) else None


_GLM: Final = r"\.(?<=[0-9a-f]{32}\.)(?=[A-Za-z0-9]{16}(?![A-Za-z0-9]))"
_GLM_EXAMPLE: Final = f"{hexa(32)}.{mixed(16)}"

AI_RULES: Final = (
    Rule(
        name="glm-key",
        keywords=(".",),
        shape=r"[0-9a-f]{32}\.[A-Za-z0-9]{16}",
        pattern=_GLM,
        true=(f"key «{_GLM_EXAMPLE}» refused", f"'«{_GLM_EXAMPLE}»'"),
        false=(f"{hexa(32)}.json", f"{_GLM_EXAMPLE}9", f"a{_GLM_EXAMPLE}", "video.ico-7a388b69018576d2"),
        locate=_around_dot,
        about="GLM (Zhipu, Z.ai) key",
    ),
    token(
        "kimi-key",
        "Kimi (Moonshot) key",
        "sk-",
        r"[A-Za-z0-9]{48}",
        "sk-" + mixed(48),
        after="-",
        shape=r"[A-Za-z0-9]{48}",
    ),
    token("anthropic-key", "Anthropic key", "sk-ant-", r"[A-Za-z0-9_-]{20,}+", "sk-ant-api03-" + mixed(80)),
    token("openrouter-key", "OpenRouter key", "sk-or-", r"v1-[0-9a-f]{40,64}+", "sk-or-v1-" + hexa(64)),
    token("langfuse-key", "Langfuse secret key", "sk-lf-", UUID, "sk-lf-" + uuid()),
    token(
        "openai-key",
        "OpenAI key of a project, a service account, an administrator",
        "sk-proj- sk-svcacct- sk-admin- sk-None-",
        r"[A-Za-z0-9_-]{20,}+",
        "sk-proj-" + mixed(48) + "T3BlbkFJ" + mixed(48),
        after="-",
    ),
    token(
        "sk-key",
        "key of OpenAI, DeepSeek, DashScope and others",
        "sk-",
        r"(?=[A-Za-z]{0,64}+[0-9])[A-Za-z0-9]{20,}+",
        "sk-" + lower(32),
        after="-",
        shape=r"[A-Za-z0-9]{20}",
    ),
    token("google-key", "Google key (Gemini, Maps and others)", "AIza", r"[A-Za-z0-9_-]{35}", "AIzaSy" + mixed(33)),
    token("google-oauth-secret", "Google OAuth client secret", "GOCSPX-", r"[A-Za-z0-9_-]{28}", "GOCSPX-" + mixed(28)),
    token("google-oauth-token", "Google OAuth access token", "ya29.", r"[A-Za-z0-9_-]{20,}+", "ya29." + mixed(60)),
    token(
        "google-refresh-token",
        "Google OAuth refresh token",
        "1//0",
        r"[A-Za-z0-9_-]{38,}+",
        "1//0g" + mixed(60),
        shape=r"[A-Za-z0-9_-]{38}",
    ),
    token("huggingface-token", "Hugging Face user token", "hf_", r"[A-Za-z0-9]{34}", "hf_" + mixed(34)),
    token(
        "huggingface-org-token",
        "Hugging Face organisation token",
        "api_org_",
        r"[A-Za-z0-9]{34}",
        "api_org_" + mixed(34),
    ),
    token("groq-key", "Groq key", "gsk_", r"[A-Za-z0-9]{48,56}+", "gsk_" + mixed(52)),
    token("perplexity-key", "Perplexity key", "pplx-", r"[A-Za-z0-9]{40,64}+", "pplx-" + mixed(48)),
    token("replicate-token", "Replicate token", "r8_", r"[A-Za-z0-9]{37}", "r8_" + mixed(37), shape=r"[A-Za-z0-9]{37}"),
    token("xai-key", "xAI key", "xai-", r"[A-Za-z0-9]{70,90}+", "xai-" + mixed(80), shape=r"[A-Za-z0-9]{70}"),
    token("nvidia-key", "NVIDIA key", "nvapi-", r"[A-Za-z0-9_-]{60,70}+", "nvapi-" + mixed(64)),
    token("together-key", "Together AI key", "tgp_v1_", r"[A-Za-z0-9_-]{40,48}+", "tgp_v1_" + mixed(43)),
    token(
        "fireworks-key", "Fireworks AI key", "fw_", r"[A-Za-z0-9]{20,32}+", "fw_" + mixed(24), shape=r"[A-Za-z0-9]{20}"
    ),
    token("cerebras-key", "Cerebras key", "csk-", r"[a-z0-9]{44,52}+", "csk-" + lower(48)),
    token("jina-key", "Jina key", "jina_", r"[A-Za-z0-9_-]{56,64}+", "jina_" + mixed(60)),
    token(
        "voyage-key",
        "Voyage AI key",
        "pa-",
        r"[A-Za-z0-9_-]{43}",
        "pa-" + mixed(43),
        after="-",
        shape=r"[A-Za-z0-9_-]{43}",
    ),
    token("elevenlabs-key", "ElevenLabs key", "sk_", r"[0-9a-f]{48}", "sk_" + hexa(48), shape=r"[0-9a-f]{48}"),
    token(
        "langsmith-key",
        "LangSmith key",
        "lsv2_pt_ lsv2_sk_",
        r"[0-9a-f]{32}_[0-9a-f]{10}",
        f"lsv2_pt_{hexa(32)}_{hexa(10)}",
    ),
    token("tavily-key", "Tavily key", "tvly-", r"[A-Za-z0-9-]{32,48}+", "tvly-dev-" + mixed(32)),
    token("pinecone-key", "Pinecone key", "pcsk_", r"[A-Za-z0-9_]{60,80}+", "pcsk_" + mixed(70)),
    token("firecrawl-key", "Firecrawl key", "fc-", r"[0-9a-f]{32}", "fc-" + hexa(32), after="-", shape=r"[0-9a-f]{32}"),
    token("e2b-key", "E2B key", "e2b_", r"[0-9a-f]{40}", "e2b_" + hexa(40)),
    token("wandb-key", "Weights & Biases key", "wandb_v1_", r"[A-Za-z0-9_]{60,90}+", "wandb_v1_" + mixed(77)),
    vendor("cohere-key", "Cohere key", "cohere co_api_key", r"[A-Za-z0-9]{40}", mixed(40)),
    vendor("mistral-key", "Mistral key", "mistral", r"[A-Za-z0-9]{32}", mixed(32)),
    vendor("deepgram-key", "Deepgram key", "deepgram", r"[0-9a-f]{40}", hexa(40)),
    vendor("assemblyai-key", "AssemblyAI key", "assemblyai assembly_ai", r"[0-9a-f]{32}", hexa(32)),
    vendor("private-ai-key", "Private AI key", "privateai private_ai private-ai", r"[a-z0-9]{32}", lower(32)),
    vendor("volcengine-key", "Volcengine Ark key", "volcengine volc ark_api", UUID, uuid()),
)
