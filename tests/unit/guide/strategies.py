"""Which class and which options a page of the guide is about."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from exai_sre.resilience.strategy import Strategy

STRATEGIES = {
    "circuit-breaker": ("breaker.CircuitBreaker", "breaker_options.BreakerOptions"),
    "retry": ("retry.Retry", "retry_policy.RetryOptions", "budget.RetryBudgetOptions"),
    "timeout": ("timeout.Timeout", "timeout.TimeoutOptions"),
    "bulkhead": ("bulkhead.Bulkhead", "bulkhead.BulkheadOptions"),
    "rate-limit": ("rate_limit.RateLimit", "rate_limit.RateLimitOptions"),
    "adaptive-limit": ("adaptive_limit.AdaptiveLimit", "adaptive_limit.AdaptiveLimitOptions"),
    "load-shedder": ("load_shedder.LoadShedder", "load_shedder.LoadShedderOptions"),
    "fallback": ("fallback.Fallback", "fallback.FallbackOptions"),
    "hedge": ("hedge.Hedge", "hedge_engine.HedgeOptions"),
    "cache": ("cache.Cache", "cache_engine.CacheOptions"),
}
"""Page: the strategy, then the classes of its options, by module."""


@dataclass(frozen=True)
class Home:
    strategy: type[Strategy]
    options: tuple[Any, ...]


def home_of(page: str) -> Home:
    strategy, *options = (load(name) for name in STRATEGIES[page])
    return Home(strategy, tuple(options))


def load(name: str) -> Any:
    """An attribute of a module below ``exai_sre.resilience``."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(f"exai_sre.resilience.{module}"), attribute)
