"""circuitbreaker: the decorator; as a context manager it does not refuse, so that is no form of its own."""

from __future__ import annotations

from collections.abc import Callable

from circuitbreaker import CircuitBreaker

from benchmarks.cases.subject import OPEN_FOR, Breaker, BreakerOptions, Decorator, Library

__all__ = ["CIRCUITBREAKER"]


def _decorator(options: BreakerOptions) -> tuple[Decorator, Callable[[], str]]:
    ignored = options.ignore

    def fails(thrown: type[BaseException], _: BaseException) -> bool:
        return issubclass(thrown, Exception) and not issubclass(thrown, ignored)

    breaker = CircuitBreaker(
        failure_threshold=options.threshold,
        recovery_timeout=int(OPEN_FOR),
        expected_exception=fails if ignored else Exception,
        name="upstream",
    )

    def state() -> str:
        return str(breaker.state)

    return breaker, state


def _decorated(options: BreakerOptions) -> Breaker:
    return Breaker(*_decorator(options))


CIRCUITBREAKER = Library(
    "circuitbreaker",
    ("circuitbreaker",),
    breakers={"decorator": _decorated},
    plain={"decorator": _decorated},
    decorator=_decorator,
    listens=False,
)
