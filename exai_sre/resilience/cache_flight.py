"""One call on behalf of many: what coalesced callers wait for, as threads and as tasks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Hashable
from typing import Any

from exai_sre.context.deadline import current_deadline

__all__ = ["TaskFlight", "TaskFlights", "ThreadFlight"]


class ThreadFlight:
    """A call that one thread makes while others wait for it.

    Attributes:
        deadline: monotonic deadline of the caller that makes the call; ``None`` for none.
        owner: identity of the thread that makes the call.
        error: what the call raised, once it has ended.
        interrupted: whether it ended by an interrupt, which concerns the thread of its owner only.
    """

    __slots__ = ("_ended", "_value", "deadline", "error", "interrupted", "owner")

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._value: Any = None
        self.deadline = current_deadline.get()
        self.owner = threading.get_ident()
        self.error: Exception | None = None
        self.interrupted = False

    def land(self, value: Any) -> None:
        """Hand the result to those that wait."""
        self._value = value
        self._ended.set()

    def crash(self, error: BaseException) -> None:
        """Hand an error to those that wait, or let them go if it is an interrupt."""
        if isinstance(error, Exception):
            self.error = error
        else:
            self.interrupted = True
        self._ended.set()

    def wait(self, seconds: float | None) -> bool:
        """Wait for the end, at most ``seconds`` (``None`` for as long as it takes); whether it came."""
        return self._ended.wait(seconds)

    def result(self) -> Any:
        """The result of a call that ended, or its error raised."""
        if self.error is not None:
            raise self.error
        return self._value


class TaskFlight:
    """A call that runs in a task of its own while callers wait for it.

    It lives as long as somebody waits: the last caller that gives up cancels it.

    Args:
        call: the call.

    Attributes:
        deadline: monotonic deadline of the caller that began it; ``None`` for none.
    """

    __slots__ = ("_given_up", "_waiting", "deadline", "task")

    def __init__(self, call: Coroutine[Any, Any, Any]) -> None:
        self.deadline = current_deadline.get()
        self.task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(call)
        self.task.add_done_callback(_look_at)
        self._waiting = 0
        self._given_up = False

    @property
    def joinable(self) -> bool:
        """Whether it may be waited for: it runs, and nobody has cancelled it."""
        return not (self._given_up or self.task.done())

    async def end(self) -> BaseException | None:
        """Wait for the end; the error of the call, if it failed.

        Whoever is the last to be cancelled here cancels the call and awaits its end.
        """
        self._waiting += 1
        try:
            await asyncio.wait((self.task,))
        finally:
            self._waiting -= 1
            if not (self._waiting or self.task.done()):
                self._given_up = True
                self.task.cancel()
                await asyncio.wait((self.task,))
        return None if self.task.cancelled() else self.task.exception()

    def result(self) -> Any:
        """The result of a call that ended, or its error raised."""
        return self.task.result()


class TaskFlights:
    """The flights of tasks, by event loop and key: tasks of one loop can wait for each other."""

    __slots__ = ("_flights",)

    def __init__(self) -> None:
        self._flights: dict[tuple[asyncio.AbstractEventLoop, Hashable], TaskFlight] = {}

    def find(self, key: Hashable) -> TaskFlight | None:
        """The flight of the running loop that can be joined."""
        flight = self._flights.get((asyncio.get_running_loop(), key))
        return flight if flight is not None and flight.joinable else None

    def begin(self, key: Hashable, call: Coroutine[Any, Any, Any]) -> TaskFlight:
        """Begin a flight, to be found until it has ended."""
        place = (asyncio.get_running_loop(), key)
        flight = self._flights[place] = TaskFlight(call)

        def leave(_: asyncio.Task[Any]) -> None:
            # a flight that everybody gave up may have been followed by another under the same key
            if self._flights.get(place) is flight:
                del self._flights[place]

        flight.task.add_done_callback(leave)
        return flight


def _look_at(task: asyncio.Task[Any]) -> None:
    """See the error, so that the loop does not report one of a call that everybody gave up."""
    if not task.cancelled():
        task.exception()
