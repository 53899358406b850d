"""The page of metrics, as a handler for ASGI applications and for aiohttp."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from exai_sre.metrics import Catalog
from exai_sre.metrics.exposition import exposition_in_steps

__all__ = ["MetricsPage"]

_READ: Final = frozenset({"GET", "HEAD"})


class MetricsPage:
    """The metrics of a catalog, in the format that the scraper asks for.

    An instance is an ASGI application: a route of Starlette, FastAPI, FastMCP or the SDK's
    ``MCPServer`` takes it as its endpoint. :meth:`aiohttp` is a handler of aiohttp.

    Args:
        catalog: what to show.
        path: where it stands.

    Attributes:
        path_format: where it stands, as routes say it.
    """

    def __init__(self, catalog: Catalog, path: str) -> None:
        self._catalog = catalog
        self.path_format = path

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request; anything but ``GET`` and ``HEAD`` is refused by 405."""
        del receive
        # FastAPI names the matched route of its own kind alone; by this the request is told from one to nowhere.
        scope.setdefault("route", self)
        method = scope.get("method")
        if method not in _READ:
            await send({"type": "http.response.start", "status": 405, "headers": [(b"allow", b"GET, HEAD")]})
            await send({"type": "http.response.body", "body": b""})
            return
        # Repeated fields are one list (RFC 9110, section 5.3).
        accept = ",".join(value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"accept")
        body, content_type = await exposition_in_steps(self._catalog, accept)
        headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    async def aiohttp(self, request: Any) -> Any:
        """Answer one request of an aiohttp application, which has imported aiohttp if this is called."""
        accept = ",".join(request.headers.getall("Accept", ()))
        body, content_type = await exposition_in_steps(self._catalog, accept)
        return sys.modules["aiohttp.web"].Response(body=body, headers={"Content-Type": content_type})
