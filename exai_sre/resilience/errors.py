"""What the strategies raise: each error says who refused the call and when to come back."""

from __future__ import annotations

from typing import Any, ClassVar

from pybreaker import CircuitBreakerError

from exai_sre.errors import ExaiSreError
from exai_sre.outcome import Outcome

__all__ = ["BreakerOpen", "BulkheadFull", "DeadlineExceeded", "OptionError", "UnsupportedForm"]


class BreakerOpen(ExaiSreError, CircuitBreakerError):
    """A call that a circuit breaker refused.

    It is a ``pybreaker.CircuitBreakerError``, so that existing ``except`` clauses hold.

    Attributes:
        name: name of the breaker.
        retry_after: seconds after which a call can be admitted again.
    """

    outcome: ClassVar[Outcome] = Outcome.UPSTREAM_ERROR

    def __init__(self, name: str, retry_after: float) -> None:
        self.name = name
        self.retry_after = retry_after
        super().__init__(f"circuit breaker {name!r} is open", remedy=f"try again in {retry_after:.3g} s")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.retry_after)


class BulkheadFull(ExaiSreError):
    """A call for which a bulkhead had neither a slot nor a place in its queue.

    Attributes:
        limit: calls that may run at once.
        queue: calls that may wait.
    """

    outcome: ClassVar[Outcome] = Outcome.OVERLOAD

    def __init__(self, limit: int, queue: int) -> None:
        self.limit = limit
        self.queue = queue
        super().__init__(
            f"bulkhead is full: {limit} calls are running and {queue} are waiting",
            remedy="send less at once, or raise the limit if the dependency can take more",
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.limit, self.queue)


class DeadlineExceeded(ExaiSreError, TimeoutError):
    """A call that ran out of time, or that was not begun because its deadline had passed.

    Attributes:
        seconds: the time that the call was given.
        started: whether the call was begun at all.
    """

    outcome: ClassVar[Outcome] = Outcome.TIMEOUT

    def __init__(self, seconds: float, started: bool = True) -> None:
        self.seconds = seconds
        self.started = started
        super().__init__(
            f"call did not end within {seconds:.3g} s" if started else "call was not begun: its deadline had passed"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.seconds, self.started)


class OptionError(ExaiSreError, ValueError):
    """An option of a strategy that makes no sense.

    Attributes:
        option: name of the option.
        value: the value that was refused.
    """

    def __init__(self, option: str, value: object, what: str) -> None:
        self.option = option
        self.value = value
        self._why = what
        super().__init__(f"{option}={value!r}: {what}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.option, self.value, self._why)


class UnsupportedForm(ExaiSreError, TypeError):
    """A use that a strategy cannot guard: a wrong kind of function, or no task to bound."""
