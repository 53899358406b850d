"""What stands between us and one upstream: retry with a budget, breaker, concurrency limit, timeout."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from exai_sre.clock import Clock
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout

__all__ = ["UpstreamGuard", "UpstreamPolicy"]

T = TypeVar("T")

_NO_LIMIT: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class UpstreamPolicy:
    """How one upstream is asked.

    Attributes:
        attempts: attempts per completion at most, the first included.
        attempt_timeout: seconds that one attempt may take.
        concurrency: attempts at the same time.
        queue: completions that may wait for one of these.
        minimum_calls: attempts in the breaker's window before it may open.
        open_for: seconds for which an open breaker refuses.
        patience: longest ``Retry-After``, in seconds, that is waited for before a repetition; beyond
            it another provider is the better answer.
    """

    attempts: int = 2
    attempt_timeout: float = 60.0
    concurrency: int = 64
    queue: int = 128
    minimum_calls: int = 10
    open_for: float = 15.0
    patience: float = 2.0


class UpstreamGuard:
    """The pipelines of one upstream.

    Args:
        name: name of the provider.
        policy: its limits.
        clock: for windows, waits and deadlines.
        metrics: where decisions and the breaker's state are counted.
    """

    def __init__(
        self, name: str, policy: UpstreamPolicy, *, clock: Clock, metrics: ResilienceMetrics | None = None
    ) -> None:
        self.name = name
        self.policy = policy
        self.breaker = CircuitBreaker(name, minimum_calls=policy.minimum_calls, open_for=policy.open_for, clock=clock)
        self._calls = Pipeline(
            name,
            # The deadline of the context is nearer; this bounds by it the wait for a slot as well.
            Timeout(_NO_LIMIT),
            Retry(attempts=policy.attempts, budget=RetryBudget(clock=clock), longest_wait=policy.patience),
            self.breaker,
            Bulkhead(policy.concurrency, queue=policy.queue),
            metrics=metrics,
            clock=clock,
        )
        self._attempts = Pipeline(f"{name}_attempt", Timeout(policy.attempt_timeout), metrics=metrics, clock=clock)

    def breaker_json(self) -> dict[str, Any]:
        """The breaker as ``{"name", "state", "since", ...}``, times in seconds."""
        shot = self.breaker.snapshot
        return {
            "name": shot.name,
            "state": shot.state.value,
            "since": shot.since,
            "retry_after": round(shot.retry_after, 3),
            "calls": shot.calls,
            "failures": shot.failures,
            "slow": shot.slow,
        }

    async def call(self, fn: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run ``fn``, which makes one attempt, under retry, breaker and concurrency limit.

        Raises:
            BreakerOpen, BulkheadFull: no attempt was made.
            Exception: whatever the last attempt raised.
        """
        return await self._calls.call_async(fn, *args)

    async def attempt(self, fn: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run ``fn`` under the timeout of one attempt, cut to the deadline of the whole call.

        A pipeline of its own, so that the caller of this method can time the attempt and see a
        timeout as what it is; inside the timeout it would see a cancellation.

        Raises:
            TimeoutError: the attempt took too long.
        """
        return await self._attempts.call_async(fn, *args)
