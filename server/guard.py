"""Who may talk to the server: Host and Origin are checked on every request, upgrades included.

Without this any web page could reach a loopback server through its visitor's browser (DNS
rebinding). The MCP specification demands the Origin check; the status codes are those of the SDK.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

__all__ = ["BAD_HOST", "BAD_ORIGIN", "HostGuard", "Refusal"]

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

BAD_HOST: Final = 421
"""Misdirected Request: the Host header names another server."""

BAD_ORIGIN: Final = 403
"""Forbidden: the page that asks is not one of ours."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served.

    Attributes:
        status: HTTP status.
        text: what is wrong, for the one who reads the response.
    """

    status: int
    text: str


class HostGuard:
    """Decides by Host and Origin; any port passes, so that a forwarded port works.

    Args:
        hosts: accepted host names beside the loopback ones.
        origins: accepted origins beside the loopback ones, such as ``https://tools.example``.
        same_origin: whether an Origin must be the Host itself, as for a page and its own socket;
            otherwise any page of a loopback host may ask.
    """

    def __init__(
        self, hosts: tuple[str, ...] = (), origins: tuple[str, ...] = (), *, same_origin: bool = False
    ) -> None:
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._same_origin = same_origin

    def refusal(self, host: str | None, origin: str | None) -> Refusal | None:
        """Why this request is refused, or ``None``.

        Args:
            host: the ``Host`` header.
            origin: the ``Origin`` header; absent from requests that no page made.
        """
        if host is None or _host_name(f"//{host}") not in self._hosts:
            return Refusal(BAD_HOST, "This Host is not served here; EXAI_ALLOWED_HOSTS adds one.")
        if origin is None or self._origin_passes(origin.lower(), host.lower()):
            return None
        return Refusal(BAD_ORIGIN, "This Origin may not ask here; EXAI_ALLOWED_ORIGINS adds one.")

    def _origin_passes(self, origin: str, host: str) -> bool:
        if origin in self._origins:
            return True
        if self._same_origin:
            return origin in {f"http://{host}", f"https://{host}"}
        return origin.startswith(("http://", "https://")) and _host_name(origin) in self._hosts

    def middleware(
        self, on_refusal: Callable[[web.Request], None] | None = None
    ) -> Callable[..., Awaitable[web.StreamResponse]]:
        """The check as an aiohttp middleware, for requests and WebSocket upgrades alike.

        Args:
            on_refusal: told of each request that is refused.
        """

        @web.middleware
        async def guard(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            refusal = self.refusal(request.headers.get(hdrs.HOST), request.headers.get(hdrs.ORIGIN))
            if refusal is not None:
                if on_refusal is not None:
                    on_refusal(request)
                return web.Response(status=refusal.status, text=refusal.text)
            return await handler(request)

        return guard


def _host_name(url: str) -> str:
    """The lower-case host of ``//host:port`` or of an origin; empty for what is no address."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    return parts.hostname or "" if not parts.username else ""
