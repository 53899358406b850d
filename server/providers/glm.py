"""GLM (Z.ai): its dialect of the shared wire."""

from __future__ import annotations

from typing import Final

from exai_sre.resilience.classifiers import GLM
from server.providers.openai_wire import Dialect

__all__ = ["GLM_BASE_URL", "GlmDialect"]

GLM_BASE_URL: Final = "https://api.z.ai/api/paas/v4"
"""Where the vendor serves ``/chat/completions``."""


class GlmDialect(Dialect):
    """GLM's wire: numeric error codes in the body, ``thinking`` as an object."""

    vendor = GLM
