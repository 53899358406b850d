"""Attempts at one call that run beside each other, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from exai_sre.context.attempt import resend_count

__all__ = ["Race"]


class Race:
    """Attempts at one call; the first that succeeds wins. Made and used in one task.

    Args:
        attempt: begins one attempt.

    Attributes:
        due: whether it is time for another attempt.
        winner: number of the attempt that succeeded first, counted from 0; ``None`` while there is none.
    """

    __slots__ = ("_attempt", "_loop", "_moved", "_running", "_tasks", "due", "winner")

    def __init__(self, attempt: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self._attempt = attempt
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[Any]] = []
        self._running = 0
        self._moved: asyncio.Future[None] = self._loop.create_future()
        self.due = False
        self.winner: int | None = None

    @property
    def attempts(self) -> int:
        """Attempts begun."""
        return len(self._tasks)

    @property
    def over(self) -> bool:
        """Whether one attempt succeeded or all of them failed."""
        return self.winner is not None or not self._running

    def begin(self) -> None:
        """Begin another attempt."""
        number = len(self._tasks)
        task = self._loop.create_task(self._run(number) if number else self._attempt())
        task.add_done_callback(self._ended)
        self._tasks.append(task)
        self._running += 1

    def ring(self) -> None:
        """Say that it is time for another attempt, unless one has ended just now."""
        noticed = len(self._tasks) - self._running
        self.due = sum(task.done() for task in self._tasks) == noticed
        self._move()

    async def move(self) -> None:
        """Wait until an attempt ends or it is time for another."""
        await self._moved
        self._moved = self._loop.create_future()

    async def end(self) -> None:
        """Cancel the attempts that still run, and wait for their end."""
        losers = [task for task in self._tasks if not task.done()] if self._running else []
        for task in losers:
            task.cancel()
        if losers:
            await asyncio.wait(losers)

    def result(self) -> Any:
        """The result of the winner; where there is none, the error of the first attempt is raised."""
        return self._tasks[self.winner or 0].result()

    async def _run(self, number: int) -> Any:
        resend_count.set(resend_count.get() + number)
        return await self._attempt()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running -= 1
        # the error of a loser is looked at, so that the loop does not report it as one that nobody saw
        if not task.cancelled() and task.exception() is None and self.winner is None:
            self.winner = self._tasks.index(task)
        self._move()

    def _move(self) -> None:
        if not self._moved.done():
            self._moved.set_result(None)
