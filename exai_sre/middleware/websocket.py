"""Ids on a WebSocket: one for the connection, one for each message that it brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from exai_sre.context import Inbound, correlation_id, current_trace, extract, new_correlation_id
from exai_sre.middleware.correlation_id import choose_ids

__all__ = ["WebSocketRequest"]


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
            arrived = Inbound(arrived.correlation_id, position, arrived.baggage, arrived.rejected)
        object.__setattr__(self, "carrier", arrived)
        if not self.connection_id:
            chosen = correlation_id.get() or arrived.correlation_id or new_correlation_id()
            object.__setattr__(self, "connection_id", chosen)

    @contextmanager
    def message(self, arrived: Inbound | None = None) -> Iterator[str]:
        """Run the body as the unit of work of one message; yields its new correlation id.

        Args:
            arrived: the ids that the message itself brought.
        """
        with choose_ids(arrived or Inbound(), self.carrier, shared=True).open() as message_id:
            yield message_id
