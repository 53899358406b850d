"""Ids on a WebSocket: one for the connection, one for each message that it brings."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from exai_sre.context import (
    Baggage,
    Inbound,
    TraceContext,
    correlation_id,
    current_baggage,
    current_trace,
    extract,
    new_correlation_id,
)
from exai_sre.context.carriers import NOTHING
from exai_sre.context.connection import connection_id
from exai_sre.middleware.correlation_id import RequestIds, choose_ids

__all__ = ["MessageUnits", "WebSocketRequest"]

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class WebSocketRequest:
    """The upgrade request of a connection, as the messages on it see it.

    A transport of MCP over WebSocket hands one to the SDK for every message, by
    ``ServerMessageMetadata(request_context=...)``. Make it inside the handler of the upgrade
    request: the connection then has the id that the 101 response carries.

    Attributes:
        headers: fields of the upgrade request.
        connection_id: the running correlation id, else the one that the upgrade request brought,
            else a fresh one.
        carrier: the ids that the upgrade request brought.
        transport: always ``websocket``.
    """

    headers: Mapping[str, Any]
    connection_id: str = ""
    carrier: Inbound = field(init=False)
    transport: ClassVar[str] = "websocket"

    def __post_init__(self) -> None:
        arrived = extract(self.headers)
        position = current_trace.get()
        if position is not None:
            arrived = arrived._replace(trace=position)
        if correlation_id.get() is not None:
            # Who opened the unit of work around the upgrade request has decided whose baggage is taken over.
            arrived = arrived._replace(baggage=current_baggage.get())
        object.__setattr__(self, "carrier", arrived)
        if not self.connection_id:
            chosen = correlation_id.get() or arrived.correlation_id or new_correlation_id()
            object.__setattr__(self, "connection_id", chosen)

    def ids_of(self, arrived: Inbound = NOTHING) -> RequestIds:
        """The ids of one message, which brought these itself; the connection's trace is only linked to."""
        return choose_ids(arrived, self.carrier, shared=True)

    @contextmanager
    def message(self, arrived: Inbound | None = None) -> Iterator[str]:
        """Run the body as the unit of work of one message; yields its new correlation id.

        Args:
            arrived: the ids that the message itself brought.
        """
        token = connection_id.set(self.connection_id)
        try:
            with self.ids_of(arrived or NOTHING).open() as message_id:
                yield message_id
        finally:
            connection_id.reset(token)

    def messages(self, socket: AsyncIterable[M], read: Callable[[M], Inbound] | None = None) -> MessageUnits[M]:
        """The messages of a socket; the body of the loop over them runs as the unit of work of each.

        ``async for message in request.messages(socket)``, where ``socket`` is a WebSocket of aiohttp,
        a connection of websockets, or ``iter_text()`` of Starlette. To be used in the handler of
        the upgrade request, whose own unit of work comes back with the end of the loop.

        Args:
            socket: what yields the messages.
            read: gives the ids that a message brought itself.
        """
        return MessageUnits(self, socket, read)


class MessageUnits(Generic[M]):
    """Iterates over the messages of a socket; made by :meth:`WebSocketRequest.messages`."""

    def __init__(
        self, request: WebSocketRequest, socket: AsyncIterable[M], read: Callable[[M], Inbound] | None
    ) -> None:
        self._request = request
        self._iterator: AsyncIterator[M] = aiter(socket)
        self._read = read
        self._outside = (correlation_id.get(), current_trace.get(), current_baggage.get(), connection_id.get())

    def __aiter__(self) -> MessageUnits[M]:
        """These messages themselves."""
        return self

    async def __anext__(self) -> M:
        """The next message, with its ids set in the running task."""
        # Without tokens: a loop that is left early has no place to give them back, and the unit of
        # work around the connection takes away whatever was set inside it.
        self._set(*self._outside)
        message = await anext(self._iterator)
        ids = self._request.ids_of(NOTHING if self._read is None else self._read(message))
        unit = ids.correlation_id or new_correlation_id()
        self._set(unit, ids.parent, ids.baggage, self._request.connection_id)
        return message

    @staticmethod
    def _set(unit: str | None, trace: TraceContext | None, baggage: Baggage, connection: str | None) -> None:
        correlation_id.set(unit)
        current_trace.set(trace)
        current_baggage.set(baggage)
        connection_id.set(connection)
