"""What a server sends to its MCP client of its own accord: requests and notifications that carry the ids.

The SDK puts the trace, and no other id, into the requests that it sends (sampling, elicitation),
and nothing into notifications (progress, log messages). Both pass through the stream that a
transport gives to ``Server.run``, in the task of the call that they belong to: there the ids are
at hand. It needs no package.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any

from exai_sre.context import inject_meta

__all__ = ["CarryingStream"]


class CarryingStream:
    """A stream of outgoing messages which writes the ids of the running task into their ``_meta``.

    ``await server.run(incoming, CarryingStream(outgoing), options)``. What a message has there
    already stays as it is, to the byte and to the type; answers pass unchanged.

    Args:
        stream: where messages go: an object with ``send`` and ``aclose``, as the SDK's transports have.
        baggage: keys of the baggage entries that may leave; none by default.
    """

    def __init__(self, stream: Any, *, baggage: Collection[str] = ()) -> None:
        self._stream = stream
        self._baggage = tuple(baggage)

    async def send(self, item: Any, /) -> None:
        """Send one ``SessionMessage``."""
        await self._stream.send(self._carrying(item))

    async def aclose(self) -> None:
        """Close the stream behind."""
        await self._stream.aclose()

    async def __aenter__(self) -> CarryingStream:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> Any:
        return await self._stream.__aexit__(exc_type, exc_val, exc_tb)

    def _carrying(self, item: Any) -> Any:
        message: Any = getattr(item, "message", None)
        if not isinstance(getattr(message, "method", None), str):
            return item
        params: Mapping[str, Any] = message.params or {}
        given = params.get("_meta")
        meta = dict(given) if isinstance(given, Mapping) else {}
        inject_meta(meta, baggage=self._baggage)
        if not meta:
            return item
        return replace(item, message=message.model_copy(update={"params": {**params, "_meta": meta}}))
