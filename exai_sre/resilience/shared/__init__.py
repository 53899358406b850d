"""State that processes share through Redis: limits that are counted there, breakers that are kept in step."""

from __future__ import annotations

from exai_sre.resilience.shared.breaker_state import SharedBreakers, SharedBreakersOptions
from exai_sre.resilience.shared.redis_rate_limit import RedisRateLimit, RedisRateLimitOptions

__all__ = ["RedisRateLimit", "RedisRateLimitOptions", "SharedBreakers", "SharedBreakersOptions"]
