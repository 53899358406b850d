"""One of our breakers as pybreaker's listeners expect to see it: to be read, not to be changed."""

from __future__ import annotations

import math
from typing import Any, NoReturn, cast

import pybreaker

from exai_sre.errors import ExaiSreError
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.interop.pybreaker_states import PYBREAKER_STATES, StateObject, state_object

__all__ = ["BreakerFacade", "ReadOnlyBreaker"]


class ReadOnlyBreaker(ExaiSreError):
    """A listener tried to change the breaker that it was shown.

    Attributes:
        name: name of the breaker.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"breaker {name!r} is shown to listeners read-only", remedy="change the breaker itself")

    def __reduce__(self) -> tuple[type[ReadOnlyBreaker], tuple[str]]:
        return type(self), (self.name,)


class _View:
    """What the facade reads, in the shape of a pybreaker storage: the breaker as it is at each moment."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker

    @property
    def state(self) -> str:
        return PYBREAKER_STATES[self._breaker.state]

    @property
    def counter(self) -> int:
        return self._breaker.snapshot.failures


class BreakerFacade(pybreaker.CircuitBreaker):
    """A ``pybreaker.CircuitBreaker`` that shows one of ours.

    ``name``, ``current_state``, ``state``, ``listeners`` and ``excluded_exceptions`` are those of
    the breaker; ``fail_counter`` is the number of failures in its window, ``fail_max`` the least
    number that can open it, ``reset_timeout`` its open time in seconds, ``success_threshold`` the
    probes that close it. Everything that would change it or make a call raises
    :class:`ReadOnlyBreaker`.

    Args:
        breaker: the breaker that is shown.
        listeners: the listeners that it is shown to.
    """

    _sealed = False

    def __init__(self, breaker: CircuitBreaker, listeners: tuple[pybreaker.CircuitBreakerListener, ...] = ()) -> None:
        options = breaker.options
        super().__init__(
            fail_max=max(1, math.ceil(options.failure_rate * options.minimum_calls)),
            reset_timeout=options.open_seconds(1),
            success_threshold=options.half_open_calls,
            exclude=_excluded(options.ignore),
            state_storage=cast("pybreaker.CircuitBreakerStorage", _View(breaker)),
            name=breaker.name,
        )
        self._shown_to = listeners
        self._sealed = True

    @property  # type: ignore[misc]  # there is nothing to set
    def state(self) -> StateObject:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The state now, as pybreaker's object for it."""
        return state_object(self, self.current_state)

    @property
    def success_counter(self) -> int:
        """0: how many probes succeeded is not told."""
        return 0

    @property
    def listeners(self) -> tuple[Any, ...]:
        """The listeners that are told."""
        return self._shown_to

    def __setattr__(self, name: str, value: object) -> None:
        if self._sealed:
            self._refuse()
        super().__setattr__(name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Not to be had; see the class."""
        self._refuse(*args, **kwargs)

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ReadOnlyBreaker(str(self.name))

    call = calling = call_async = open = half_open = close = _refuse
    add_listener = add_listeners = remove_listener = _refuse
    add_excluded_exception = add_excluded_exceptions = remove_excluded_exception = _refuse


def _excluded(ignore: Any) -> tuple[Any, ...]:
    """The exceptions that a breaker ignores, where they are given as types."""
    if isinstance(ignore, tuple):
        return ignore
    return (ignore,) if isinstance(ignore, type) else ()
