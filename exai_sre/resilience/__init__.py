"""Resilience strategies and pipelines; each name is loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exai_sre.resilience.adaptive_limit import AdaptiveLimit, AdaptiveLimitSnapshot
    from exai_sre.resilience.aimd import Aimd
    from exai_sre.resilience.breaker import CircuitBreaker
    from exai_sre.resilience.breaker_open import BreakerOpen
    from exai_sre.resilience.breaker_options import BreakerSnapshot, BreakerState
    from exai_sre.resilience.budget import RetryBudget
    from exai_sre.resilience.bulkhead import Bulkhead
    from exai_sre.resilience.cache import Cache
    from exai_sre.resilience.classifiers import Classifier, Classify, classifier
    from exai_sre.resilience.classify import Classified, outcome_of
    from exai_sre.resilience.config import Policies, load_policies, order_findings
    from exai_sre.resilience.decision import Decision
    from exai_sre.resilience.errors import (
        BulkheadFull,
        DeadlineExceeded,
        LimitReached,
        OptionError,
        RateLimited,
        Refused,
        Shed,
        UnsupportedForm,
    )
    from exai_sre.resilience.fallback import Fallback
    from exai_sre.resilience.gradient2 import Gradient2
    from exai_sre.resilience.hedge import Hedge
    from exai_sre.resilience.load_shedder import LoadShedder, LoadShedderSnapshot
    from exai_sre.resilience.pipeline import Pipeline
    from exai_sre.resilience.rate_limit import RateLimit
    from exai_sre.resilience.retry import Retry
    from exai_sre.resilience.scope import outcome_in_time
    from exai_sre.resilience.shared import RedisRateLimit
    from exai_sre.resilience.strategy import Strategy
    from exai_sre.resilience.timeout import Timeout

__all__ = [
    "AdaptiveLimit",
    "AdaptiveLimitSnapshot",
    "Aimd",
    "BreakerOpen",
    "BreakerSnapshot",
    "BreakerState",
    "Bulkhead",
    "BulkheadFull",
    "Cache",
    "CircuitBreaker",
    "Classified",
    "Classifier",
    "Classify",
    "DeadlineExceeded",
    "Decision",
    "Fallback",
    "Gradient2",
    "Hedge",
    "LimitReached",
    "LoadShedder",
    "LoadShedderSnapshot",
    "OptionError",
    "Pipeline",
    "Policies",
    "RateLimit",
    "RateLimited",
    "RedisRateLimit",
    "Refused",
    "Retry",
    "RetryBudget",
    "Shed",
    "Strategy",
    "Timeout",
    "UnsupportedForm",
    "classifier",
    "load_policies",
    "order_findings",
    "outcome_in_time",
    "outcome_of",
]

_HOMES = {
    "AdaptiveLimit": "adaptive_limit",
    "AdaptiveLimitSnapshot": "adaptive_limit",
    "Aimd": "aimd",
    "BreakerOpen": "breaker_open",
    "BreakerSnapshot": "breaker_options",
    "BreakerState": "breaker_options",
    "Bulkhead": "bulkhead",
    "BulkheadFull": "errors",
    "Cache": "cache",
    "CircuitBreaker": "breaker",
    "Classified": "classify",
    "Classifier": "classifiers",
    "Classify": "classifiers",
    "DeadlineExceeded": "errors",
    "Decision": "decision",
    "Fallback": "fallback",
    "Gradient2": "gradient2",
    "Hedge": "hedge",
    "LimitReached": "errors",
    "LoadShedder": "load_shedder",
    "LoadShedderSnapshot": "load_shedder",
    "OptionError": "errors",
    "Pipeline": "pipeline",
    "Policies": "config",
    "RateLimit": "rate_limit",
    "RateLimited": "errors",
    "RedisRateLimit": "shared",
    "Refused": "errors",
    "Retry": "retry",
    "RetryBudget": "budget",
    "Shed": "errors",
    "Strategy": "strategy",
    "Timeout": "timeout",
    "UnsupportedForm": "errors",
    "classifier": "classifiers",
    "load_policies": "config",
    "order_findings": "config",
    "outcome_in_time": "scope",
    "outcome_of": "classify",
}


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f"{__name__}.{home}"), name)
