"""Admission of calls: refuses new work while the server drains, and knows when the last call ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from exai_sre.outcome import Outcome
from server.tools.base import ToolError

__all__ = ["CallGate", "ConnectionSlots", "connection_slots"]

DRAINING: Final = "draining"
TOO_MANY_CALLS: Final = "too_many_calls"


class ConnectionSlots:
    """The calls that one connection may run at one time.

    Args:
        limit: number of calls.
    """

    __slots__ = ("_limit", "_used")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a slot for the body.

        Raises:
            ToolError: every slot is taken (``overload``).
        """
        if self._used >= self._limit:
            raise ToolError(
                Outcome.OVERLOAD,
                f"this connection already runs {self._limit} calls",
                TOO_MANY_CALLS,
                remedy="wait for one of them to end",
            )
        self._used += 1
        try:
            yield
        finally:
            self._used -= 1


connection_slots: ContextVar[ConnectionSlots | None] = ContextVar("server_connection_slots", default=None)
"""The slots of the connection that the running task serves; ``None`` where connections carry one call."""


class CallGate:
    """Counts running calls, and refuses new ones once the server drains."""

    def __init__(self) -> None:
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.draining = False

    @property
    def running(self) -> int:
        """Calls that run now."""
        return self._running

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Run the body as a call of the current connection.

        Raises:
            ToolError: the server drains, or the connection has no slot left (both ``overload``).
        """
        if self.draining:
            raise ToolError(
                Outcome.OVERLOAD, "the server is shutting down", DRAINING, remedy="call again in a few seconds"
            )
        slots = connection_slots.get()
        if slots is None:
            with self._counted():
                yield
            return
        with slots.taken(), self._counted():
            yield

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def drained(self, seconds: float) -> bool:
        """Wait up to ``seconds`` for running calls to end; whether they did."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
