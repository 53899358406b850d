"""This library: every form of its breaker, its retries in a pipeline, its timeouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenacity import retry_if_not_exception_type

from benchmarks.cases.subject import OPEN_FOR, AsyncCall, Breaker, BreakerOptions, Decorator, Library, RetryOptions
from benchmarks.cases.virtual_time import VirtualTime
from exai_sre.context.attempt import idempotent_as
from exai_sre.resilience import CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout
from exai_sre.resilience.classify import is_repeatable

__all__ = ["EXAI_SRE"]


def _new(options: BreakerOptions) -> CircuitBreaker:
    return CircuitBreaker(
        "upstream",
        # one failure among fewer calls than the threshold says nothing
        minimum_calls=options.threshold,
        failure_rate=0.5,
        window=60.0,
        open_for=OPEN_FOR,
        half_open_calls=1,
        ignore=options.ignore,
        on_transition=options.listener,
        clock=options.time,
    )


def _form(guard: Callable[[CircuitBreaker], Decorator]) -> Callable[[BreakerOptions], Breaker]:
    def make(options: BreakerOptions) -> Breaker:
        breaker = _new(options)
        return Breaker(guard(breaker), lambda: breaker.state.value)

    return make


def _entered(breaker: CircuitBreaker) -> Decorator:
    def guard(call: AsyncCall) -> AsyncCall:
        async def guarded() -> object:
            async with breaker:
                return await call()

        return guarded

    return guard


def _plain_entered(breaker: CircuitBreaker) -> Decorator:
    def guard(call: Callable[[], Any]) -> Callable[[], Any]:
        def guarded() -> object:
            with breaker:
                return call()

        return guarded

    return guard


def _in_pipeline(breaker: CircuitBreaker) -> Decorator:
    return Pipeline("upstream", breaker)


def _decorator(options: BreakerOptions) -> tuple[Decorator, Callable[[], str]]:
    breaker = _new(options)
    return breaker, lambda: breaker.state.value


def _retry(options: RetryOptions) -> Decorator:
    return Retry(
        options.attempts,
        wait=options.wait,
        on=(lambda _: True) if options.everything else is_repeatable,
        budget=RetryBudget(clock=options.time) if options.budget else None,
        idempotent=options.idempotent,
        clock=options.time,
    )


def _by_type(options: RetryOptions) -> Decorator:
    return Retry(options.attempts, wait=options.wait, on=retry_if_not_exception_type(ValueError), clock=options.time)


def _retry_in_time(options: RetryOptions) -> Decorator:
    limit = Timeout(options.deadline or 1.0, total=True)
    return Pipeline("upstream", limit, Retry(options.attempts, wait=options.wait), clock=options.time)


def _limit(seconds: float, call: AsyncCall, time: VirtualTime) -> AsyncCall:
    limit = Timeout(seconds, clock=time)
    return lambda: limit.call_async(call)


EXAI_SRE = Library(
    "exai-sre",
    (),
    breakers={
        "call_async": _form(lambda breaker: lambda call: lambda: breaker.call_async(call)),
        "decorator": _form(lambda breaker: breaker),
        "async with": _form(_entered),
        "pipeline": _form(_in_pipeline),
    },
    plain={
        "call": _form(lambda breaker: lambda call: lambda: breaker.call(call)),
        "decorator": _form(lambda breaker: breaker),
        "with": _form(_plain_entered),
        "pipeline": _form(_in_pipeline),
    },
    decorator=_decorator,
    retries={"decorator": _retry},
    predicates={"retry_if_not_exception_type": _by_type},
    deadlines={"total timeout around retry": _retry_in_time},
    limits={"decorator": lambda seconds, time: Timeout(seconds, clock=time)},
    limit=_limit,
    keyed=idempotent_as,
    outer_breaker=_form(lambda breaker: breaker),
)
