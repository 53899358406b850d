"""``with breaker:`` and ``async with breaker:``, over the same engine as the other forms."""

from __future__ import annotations

from abc import abstractmethod
from contextvars import ContextVar
from types import TracebackType
from typing import Self, TypeAlias

from exai_sre.resilience.breaker_engine import Permit
from exai_sre.resilience.decision import Counts
from exai_sre.resilience.errors import UnsupportedForm

__all__ = ["BreakerContext"]

_Entry: TypeAlias = "tuple[BreakerContext, Permit, _Entry | None]"

_entered: ContextVar[_Entry | None] = ContextVar("exai_sre_entered_breakers", default=None)


class BreakerContext:
    """The context manager forms of a breaker.

    The permits of the bodies that a task is in stand in a context variable, so that one breaker
    can be entered by any number of tasks and threads, and by one task several times. Enter and
    leave a body in the same task.
    """

    _uncounted: Counts

    @abstractmethod
    def _admit(self, counts: Counts) -> Permit: ...

    @abstractmethod
    def _settle(self, permit: Permit, error: BaseException, counts: Counts) -> None: ...

    @abstractmethod
    def _succeed(self, permit: Permit) -> None: ...

    def __enter__(self) -> Self:
        """Ask for leave to run the body.

        Raises:
            BreakerOpen: the breaker refused.
        """
        permit = self._admit(self._uncounted)
        _entered.set((self, permit, _entered.get()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Record how the body ended."""
        permit = self._leave()
        if error is None:
            self._succeed(permit)
        else:
            self._settle(permit, error, self._uncounted)

    async def __aenter__(self) -> Self:
        """See :meth:`__enter__`; the body may await."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See :meth:`__exit__`."""
        self.__exit__(kind, error, trace)

    def _leave(self) -> Permit:
        entry = _entered.get()
        if entry is None or entry[0] is not self:
            raise UnsupportedForm(
                "a breaker is left in another task, or in another order, than it was entered",
                remedy="keep the body in one task, or use call, call_async or the decorator",
            )
        _entered.set(entry[2])
        return entry[1]
