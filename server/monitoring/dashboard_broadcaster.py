"""What live pages are told: a snapshot first, then what changed, each page at its own pace.

Every page has its own bounded queue. A page that reads too slowly loses its oldest messages and
is told how many; neither the server nor another page ever waits for it. A delta repeats all
state except log lines, so the next one a page reads makes it right again.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from exai_sre.clock import Clock
from exai_sre.errors import ExaiSreError

__all__ = ["DashboardBroadcaster", "PageClient", "TooManyPages"]

_SNAPSHOT_LINES: Final = 100
_PENDING_LINES: Final = 200
_STEP: Final = 0.1
"""Seconds after which an event shows at the latest; events in between share one delta."""


class TooManyPages(ExaiSreError):
    """Every place for a live page is taken."""


class PageClient:
    """The queue of one live page.

    Args:
        limit: messages that wait at most.

    Attributes:
        dropped: messages that this page lost.
    """

    def __init__(self, limit: int) -> None:
        self._waiting: deque[tuple[int, str, str]] = deque()
        self._limit = limit
        self._seq = 0
        self._arrived = asyncio.Event()
        self.dropped = 0

    def put(self, kind: str, body: str) -> None:
        """Queue a message; the oldest makes room when the queue is full.

        Args:
            kind: ``snapshot`` or ``delta``.
            body: the rest of the message, a JSON object with at least one member.
        """
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.dropped += 1
        self._seq += 1
        self._waiting.append((self._seq, kind, body))
        self._arrived.set()

    async def next(self) -> str:
        """The oldest waiting message as JSON; a gap in ``seq`` shows what was lost."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        seq, kind, body = self._waiting.popleft()
        return f'{{"type":"{kind}","seq":{seq},"dropped":{self.dropped},{body[1:]}'


class DashboardBroadcaster:
    """Tells every live page the state of the server.

    Args:
        state: the state now, ready for JSON.
        recent_lines: the last log lines, oldest first.
        queue: messages that wait per page.
        pages: live pages at one time.
    """

    def __init__(
        self,
        state: Callable[[], dict[str, Any]],
        recent_lines: Callable[[], list[dict[str, Any]]],
        *,
        queue: int = 16,
        pages: int = 50,
    ) -> None:
        self._state = state
        self._recent_lines = recent_lines
        self._queue = queue
        self._pages = pages
        self._clients: set[PageClient] = set()
        self._lines: deque[dict[str, Any]] = deque(maxlen=_PENDING_LINES)
        self._changed = False

    def connect(self) -> PageClient:
        """A new page, its snapshot already waiting.

        Raises:
            TooManyPages: every place is taken.
        """
        if len(self._clients) >= self._pages:
            raise TooManyPages(f"{self._pages} live pages are open", remedy="close one of them")
        client = PageClient(self._queue)
        client.put("snapshot", self._body(self._recent_lines()[-_SNAPSHOT_LINES:]))
        self._clients.add(client)
        return client

    def disconnect(self, client: PageClient) -> None:
        """Forget a page."""
        self._clients.discard(client)

    def add_line(self, line: dict[str, Any]) -> None:
        """A log line to tell with the next delta."""
        self._lines.append(line)

    def notify(self) -> None:
        """Something happened that pages should show at once."""
        self._changed = True

    def publish(self) -> None:
        """Tell every page the state and the new log lines."""
        self._changed = False
        lines = list(self._lines)
        self._lines.clear()
        if not self._clients:
            return
        body = self._body(lines)
        for client in self._clients:
            client.put("delta", body)

    def _body(self, lines: list[dict[str, Any]]) -> str:
        return json.dumps({**self._state(), "log": lines}, separators=(",", ":"), default=str)

    async def run(self, interval: float, clock: Clock) -> None:
        """Publish every ``interval`` seconds, and sooner after :meth:`notify`, until cancelled."""
        last = clock.monotonic()
        while True:
            await clock.sleep(min(_STEP, interval))
            now = clock.monotonic()
            if self._changed or now - last >= interval:
                last = now
                self.publish()
