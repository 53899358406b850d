"""tenacity and stamina: retries; where a case needs a breaker as well, aiobreaker's."""

from __future__ import annotations

from typing import Any

import stamina
import tenacity

from benchmarks.cases.libraries.of_aiobreaker import aiobreaker_call_async
from benchmarks.cases.subject import Decorator, Library, RetryOptions

__all__ = ["STAMINA", "TENACITY"]


def _tenacity(options: RetryOptions, **more: Any) -> Decorator:
    settings: dict[str, Any] = {
        "stop": tenacity.stop_after_attempt(options.attempts),
        "wait": tenacity.wait_fixed(options.wait),
        "reraise": True,
        **more,
    }
    return tenacity.retry(**settings)


def _by_predicate(options: RetryOptions) -> Decorator:
    return (
        _tenacity(options, retry=tenacity.retry_if_exception(lambda _: True))
        if options.everything
        else _tenacity(options)
    )


def _by_type(options: RetryOptions) -> Decorator:
    return _tenacity(options, retry=tenacity.retry_if_not_exception_type(ValueError))


def _stamina(options: RetryOptions) -> Decorator:
    # without hooks it does not log each retry
    stamina.instrumentation.set_on_retry_hooks(())
    return stamina.retry(
        on=(lambda _: True) if options.everything else Exception,
        attempts=options.attempts,
        timeout=options.deadline,
        wait_initial=options.wait,
        wait_max=max(options.wait, 0.001),
        wait_jitter=0.0,
        wait_exp_base=1.0,
    )


TENACITY = Library(
    "tenacity",
    ("tenacity", "aiobreaker"),
    retries={"retry": _by_predicate},
    predicates={"retry_if_not_exception_type": _by_type},
    deadlines={
        "stop_after_delay": lambda it: _tenacity(it, stop=tenacity.stop_after_delay(it.deadline or 0)),
        "stop_before_delay": lambda it: _tenacity(it, stop=tenacity.stop_before_delay(it.deadline or 0)),
    },
    outer_breaker=aiobreaker_call_async,
)

STAMINA = Library(
    "stamina",
    ("stamina", "tenacity", "aiobreaker"),
    retries={"retry": _stamina},
    deadlines={"timeout": _stamina},
    outer_breaker=aiobreaker_call_async,
)
