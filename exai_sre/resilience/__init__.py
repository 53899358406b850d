"""Resilience strategies and pipelines; each name is loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exai_sre.resilience.breaker import CircuitBreaker
    from exai_sre.resilience.breaker_options import BreakerSnapshot, BreakerState
    from exai_sre.resilience.budget import RetryBudget
    from exai_sre.resilience.bulkhead import Bulkhead
    from exai_sre.resilience.classify import Classified, outcome_of
    from exai_sre.resilience.decision import Decision
    from exai_sre.resilience.errors import BreakerOpen, BulkheadFull, DeadlineExceeded, OptionError, UnsupportedForm
    from exai_sre.resilience.pipeline import Pipeline
    from exai_sre.resilience.retry import Retry
    from exai_sre.resilience.scope import outcome_in_time
    from exai_sre.resilience.strategy import Strategy
    from exai_sre.resilience.timeout import Timeout

__all__ = [
    "BreakerOpen",
    "BreakerSnapshot",
    "BreakerState",
    "Bulkhead",
    "BulkheadFull",
    "CircuitBreaker",
    "Classified",
    "DeadlineExceeded",
    "Decision",
    "OptionError",
    "Pipeline",
    "Retry",
    "RetryBudget",
    "Strategy",
    "Timeout",
    "UnsupportedForm",
    "outcome_in_time",
    "outcome_of",
]

_HOMES = {
    "BreakerOpen": "errors",
    "BreakerSnapshot": "breaker_options",
    "BreakerState": "breaker_options",
    "Bulkhead": "bulkhead",
    "BulkheadFull": "errors",
    "CircuitBreaker": "breaker",
    "Classified": "classify",
    "DeadlineExceeded": "errors",
    "Decision": "decision",
    "OptionError": "errors",
    "Pipeline": "pipeline",
    "Retry": "retry",
    "RetryBudget": "budget",
    "Strategy": "strategy",
    "Timeout": "timeout",
    "UnsupportedForm": "errors",
    "outcome_in_time": "scope",
    "outcome_of": "classify",
}


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f"{__name__}.{home}"), name)
