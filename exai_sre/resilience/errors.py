"""What the strategies raise: each error says who refused the call and when to come back."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from exai_sre.errors import ExaiSreError
from exai_sre.outcome import Outcome

__all__ = [
    "BulkheadFull",
    "DeadlineExceeded",
    "LimitReached",
    "OpenCircuit",
    "OptionError",
    "RateLimited",
    "Refused",
    "Shed",
    "UnsupportedForm",
    "breaker_open",
]


class Refused(ExaiSreError):
    """A call that a strategy refused before it began: the dependency was not touched.

    Where somebody can say after how many seconds another call may be admitted, it has a ``retry_after``.
    """


class OpenCircuit(Refused):
    """A call that a circuit breaker refused: what a ``BreakerOpen`` is without pybreaker.

    Attributes:
        name: name of the breaker.
        retry_after: seconds after which a call can be admitted again.
    """

    outcome: ClassVar[Outcome] = Outcome.UPSTREAM_ERROR

    # Refusals come by the thousand while something is down, and few are ever printed: making one runs no code of ours,
    # and its text is made when it is read.
    if TYPE_CHECKING:

        def __init__(self, name: str, retry_after: float, /) -> None: ...

    else:
        __init__ = Exception.__init__

    @property
    def name(self) -> str:
        """Name of the breaker."""
        return str(self.args[0])

    @property
    def retry_after(self) -> float:
        """Seconds after which a call can be admitted again."""
        return float(self.args[1])

    def __getattr__(self, name: str) -> str:
        if name == "what":
            return f"circuit breaker {self.name!r} is open"
        if name == "remedy":
            return f"try again in {self.retry_after:.3g} s"
        raise AttributeError(name)

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


@cache
def breaker_open() -> type[OpenCircuit]:
    """The class of what a breaker raises, loaded when the first breaker refuses or somebody names it.

    Loading it loads pybreaker, which loads redis wherever that is installed: half a second that a start does not pay.
    """
    from exai_sre.resilience.breaker_open import BreakerOpen

    return BreakerOpen


class BulkheadFull(Refused):
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


class LimitReached(Refused):
    """A call above the number that an adaptive limit lets run at once.

    Attributes:
        name: name of the limit.
        limit: calls that may run at once just now.
    """

    outcome: ClassVar[Outcome] = Outcome.OVERLOAD

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        super().__init__(f"limit {name!r} is reached: {limit} calls are running", remedy="send less at once")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.limit)


class RateLimited(Refused):
    """A call above a rate limit.

    Attributes:
        name: name of the limit.
        retry_after: seconds after which a call is within the rate again.
    """

    outcome: ClassVar[Outcome] = Outcome.OVERLOAD

    def __init__(self, name: str, retry_after: float) -> None:
        self.name = name
        self.retry_after: float = retry_after
        super().__init__(f"rate limit {name!r} is reached", remedy=f"try again in {retry_after:.3g} s")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.retry_after)


class Shed(Refused):
    """A call that was turned away to keep more important ones going.

    Attributes:
        name: name of the load shedder.
        priority: priority of the call; 0 is the most important.
    """

    outcome: ClassVar[Outcome] = Outcome.OVERLOAD

    def __init__(self, name: str, priority: int) -> None:
        self.name = name
        self.priority = priority
        super().__init__(
            f"load shedder {name!r} turned away a call of priority {priority}",
            remedy="try again later, or raise the priority if the call is more important than others",
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.priority)


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
