"""Fallback: another answer in place of an error that says the dependency is not to be had."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass
from inspect import isawaitable
from types import CoroutineType
from typing import Any, ClassVar, Final

from exai_sre.clock import Clock
from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import ErrorMatch, error_matcher, outcome_of
from exai_sre.resilience.decision import Counts, Decision
from exai_sre.resilience.errors import OptionError, UnsupportedForm
from exai_sre.resilience.forms import Arguments, AsyncStep, ItemsStep, Keywords, StreamStep, SyncStep
from exai_sre.resilience.strategy import Strategy
from exai_sre.resilience.unavailable import is_unavailable

__all__ = ["NO_VALUE", "Fallback", "FallbackOptions"]

NO_VALUE: Final = object()
"""Stands for a value that was not given; ``None`` is a value."""


@dataclass(frozen=True, slots=True)
class FallbackOptions:
    """Options of a :class:`Fallback`; exactly one of ``value``, ``of`` and ``to`` is given.

    Attributes:
        value: the answer itself; for a generator, an iterable of its items.
        of: makes the answer from the error; in the asynchronous forms it may be a coroutine function.
        to: called with the arguments of the call, such as another guarded function; of the same
            kind as the guarded one.
        on: errors that are answered; the others are raised as they are. Cancellation always is.
    """

    value: Any = NO_VALUE
    of: Callable[[Exception], Any] | None = None
    to: Callable[..., Any] | None = None
    on: ErrorMatch = is_unavailable

    def __post_init__(self) -> None:
        given = [self.value is not NO_VALUE, self.of is not None, self.to is not None]
        if sum(given) != 1:
            raise OptionError("value", self.value, "give exactly one of value, of and to")


class Fallback(Strategy):
    """Answers a call that failed, with a value, with what a callable makes of the error, or by another function.

    Put it outermost: what it answers is a success for everything around it. A generator is
    answered only before its first item; after that its error is raised, because items that were
    given out cannot be taken back. If the other answer fails too, its error is raised, with the
    first one as its context.

    Args:
        value, of, to, on: see :class:`FallbackOptions`.
        clock: source of time; not read by this strategy.

    Raises:
        OptionError: not exactly one of ``value``, ``of`` and ``to`` is given.
    """

    kind: ClassVar[str] = "fallback"
    decisions: ClassVar[tuple[Decision, ...]] = (Decision.FELL_BACK,)

    def __init__(
        self,
        value: Any = NO_VALUE,
        *,
        of: Callable[[Exception], Any] | None = None,
        to: Callable[..., Any] | None = None,
        on: ErrorMatch = is_unavailable,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.options = FallbackOptions(value, of, to, on)
        self._matches = error_matcher(on)

    def _answers(self, error: Exception) -> bool:
        return outcome_of(error) is not Outcome.CANCELLED and self._matches(error)

    def _answer(self, error: Exception, args: Arguments, kwargs: Keywords, counts: Counts) -> Any:
        options = self.options
        counts[Decision.FELL_BACK]()
        if options.to is not None:
            return options.to(*args, **kwargs)
        return options.value if options.of is None else options.of(error)

    def _around_sync(self, inner: SyncStep, counts: Counts) -> SyncStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            try:
                return inner(fn, args, kwargs)
            except Exception as error:
                if not self._answers(error):
                    raise
                return _plain(self._answer(error, args, kwargs, counts))

        return step

    def _around_async(self, inner: AsyncStep, counts: Counts) -> AsyncStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Any:
            try:
                return await inner(fn, args, kwargs)
            except Exception as error:
                if not self._answers(error):
                    raise
                answer = self._answer(error, args, kwargs, counts)
                return await answer if isawaitable(answer) else answer

        return step

    def _around_items(self, inner: ItemsStep, counts: Counts) -> ItemsStep:
        def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> Generator[Any, Any, Any]:
            items = _Noting(inner(fn, args, kwargs))
            try:
                return (yield from items)
            except Exception as error:
                if items.begun or not self._answers(error):
                    raise
                return (yield from _plain(self._answer(error, args, kwargs, counts)))

        return step

    def _around_stream(self, inner: StreamStep, counts: Counts) -> StreamStep:
        async def step(fn: Callable[..., Any], args: Arguments, kwargs: Keywords) -> AsyncGenerator[Any, None]:
            begun = False
            try:
                async with aclosing(inner(fn, args, kwargs)) as items:
                    async for item in items:
                        begun = True
                        yield item
            except Exception as error:
                if begun or not self._answers(error):
                    raise
                async with aclosing(_each(self._answer(error, args, kwargs, counts))) as items:
                    async for item in items:
                        yield item

        return step


class _Noting(Generator[Any, Any, Any]):
    """A generator that notes whether it has given anything out."""

    def __init__(self, items: Generator[Any, Any, Any]) -> None:
        self._items = items
        self.begun = False

    def send(self, value: Any) -> Any:
        item = self._items.send(value)
        self.begun = True
        return item

    def throw(self, *error: Any) -> Any:
        return self._items.throw(*error)

    def close(self) -> None:
        self._items.close()


def _plain(answer: Any) -> Any:
    if type(answer) is CoroutineType:
        answer.close()
        raise UnsupportedForm(
            "the fallback of a plain call is a coroutine function, which nobody would await",
            remedy="give a plain function, or guard a coroutine function",
        )
    return answer


async def _each(answer: Any) -> AsyncGenerator[Any, None]:
    """The items of an answer, which may be an asynchronous generator or any iterable."""
    if not isinstance(answer, AsyncIterable):
        for item in answer:
            yield item
        return
    closing: AbstractAsyncContextManager[Any] = aclosing(answer) if hasattr(answer, "aclose") else nullcontext()
    async with closing:
        async for item in answer:
            yield item
