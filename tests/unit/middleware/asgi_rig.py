"""An ASGI application, driven message by message."""

import asyncio
from typing import Any

from exai_sre.metrics import Catalog
from exai_sre.metrics.families import HttpServerMetrics
from exai_sre.middleware.asgi import instrument_asgi
from exai_sre.middleware.http_server import HttpInstruments

ROUTES = ("/", "/items/{item}", "/fail", "/hang", "/health", "/stream", "/teapot", "/later", "/_OTHER")


class Lines(list[tuple[str, dict[str, Any]]]):
    """A logger that keeps (level, fields)."""

    def __getattr__(self, level: str) -> Any:
        return lambda event, **fields: self.append((level, {"event": event, **fields}))


class Rig:
    """An application, driven message by message, and what its requests leave behind."""

    def __init__(self, app: Any, **options: Any) -> None:
        self.lines = Lines()
        self.metrics = HttpServerMetrics.declare(Catalog(), ROUTES)
        self.app = instrument_asgi(app, HttpInstruments(**{"metrics": self.metrics, "logger": self.lines, **options}))
        self.sent: list[dict[str, Any]] = []
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def get(self, path: str, *, kind: str = "http", **headers: str) -> None:
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope: dict[str, Any] = {"type": kind, "path": path, "headers": raw, "query_string": b"", "root_path": ""}
        if kind == "http":
            scope |= {"method": "GET", "http_version": "1.1"}
            self.inbox.put_nowait({"type": "http.request"})
        else:
            scope["extensions"] = {"websocket.http.response": {}}
            self.inbox.put_nowait({"type": "websocket.connect"})
            self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await self.app(scope, self.inbox.get, self.send)

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    def answered(self) -> tuple[int, dict[str, str], str]:
        head, *rest = self.sent
        fields = {name.decode(): value.decode() for name, value in head["headers"]}
        return head["status"], fields, b"".join(each.get("body", b"") for each in rest).decode()

    def counted(self) -> dict[tuple[str, ...], float]:
        return {bound.values: bound.total for bound in self.metrics.duration.series() if bound.total}

    def line(self) -> tuple[str, Any, Any]:
        ((level, fields),) = self.lines
        return level, fields["status"], fields["outcome"]
