"""The monitoring endpoints: page, assets, health, readiness, metrics and SLO report."""

from __future__ import annotations

import asyncio
import json
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from aiohttp import hdrs, web

from exai_sre.metrics import Catalog
from exai_sre.metrics.exposition import exposition_in_steps

__all__ = ["SECURITY_HEADERS", "MonitoringEndpoints", "add_security_headers"]

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""On every response of the monitoring port, errors included."""

_PAGE: Final = "index.html"
_Ready = Callable[[], Awaitable[tuple[bool, dict[str, Any]]]]


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on a response that is about to be sent; it does not name our software."""
    response.headers.update(SECURITY_HEADERS)
    response.headers.popall(hdrs.SERVER, None)


class MonitoringEndpoints:
    """The handlers, each over something handed in.

    Args:
        web_dir: directory of the page and its assets.
        catalog: the metrics.
        live: facts of a living process, ready for JSON.
        ready: whether work is welcome, and the report that says why not.
        slo_report: status of every SLO, ready for JSON.
    """

    def __init__(
        self,
        *,
        web_dir: Path,
        catalog: Catalog,
        live: Callable[[], dict[str, Any]],
        ready: _Ready,
        slo_report: Callable[[], dict[str, Any]],
    ) -> None:
        self._files = {path.name: path for path in sorted(web_dir.glob("*")) if path.is_file()}
        self._catalog = catalog
        self._live = live
        self._ready = ready
        self._slo_report = slo_report

    async def page(self, _request: web.Request) -> web.StreamResponse:
        """The live page."""
        return await self._file(_PAGE)

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """A file of the page; only names that were there at the start exist."""
        return await self._file(request.match_info["name"])

    async def _file(self, name: str) -> web.StreamResponse:
        path = self._files.get(name)
        if path is None:
            raise web.HTTPNotFound(text="There is no such file.")
        body = await asyncio.to_thread(path.read_bytes)
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: _content_type(name), "Cache-Control": "no-cache"})

    async def health(self, _request: web.Request) -> web.StreamResponse:
        """Liveness: the event loop runs; nothing else is asked."""
        return _json(self._live())

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        """Readiness: 200, or 503 with the reasons."""
        ready, report = await self._ready()
        return _json(report, status=200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """The metrics, in the format that the scraper asks for."""
        body, content_type = await exposition_in_steps(self._catalog, request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    async def slo(self, _request: web.Request) -> web.StreamResponse:
        """The SLO report of this replica."""
        return _json(self._slo_report())


def _json(content: dict[str, Any], status: int = 200) -> web.Response:
    text = json.dumps(content, default=str, indent=2) + "\n"
    return web.Response(
        text=text, status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _content_type(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in {"application/javascript", "image/svg+xml"}
    return f"{kind}; charset=utf-8" if text else kind
