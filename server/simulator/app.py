"""The simulator over HTTP: ``/glm`` and ``/kimi`` as the vendors' base URLs, ``/control`` for the script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from exai_sre.errors import SettingError
from exai_sre.extras import require
from server.metrics import PROVIDERS
from server.simulator.faults import Fault
from server.simulator.replies import Reply, make_reply
from server.simulator.upstream import Decision, Upstream
from server.simulator.wire import MALFORMED, answer_body, checked_request, error_body, prompt_of, stream_events

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Simulator"]

_CONTEXT_HEADERS: Final = ("traceparent", "tracestate", "baggage", "x-request-id")


class Simulator:
    """All simulated upstreams behind one port.

    Args:
        seed: seed of latencies and faults.
        latency: median seconds of an answer.
        sigma: spread of the log-normal latencies.
    """

    def __init__(self, *, seed: int = 0, latency: float = 0.15, sigma: float = 0.35) -> None:
        self.seed = seed
        self.upstreams = {name: Upstream(name, seed=seed, latency=latency, sigma=sigma) for name in PROVIDERS}
        self._web = require("aiohttp.web", package="aiohttp", extra="aiohttp")

    def build(self) -> web.Application:
        """The application; run it with ``handler_cancellation=True``, or withdrawn requests go unseen."""
        app: web.Application = self._web.Application(client_max_size=32 << 20)
        app.router.add_post("/{provider}/chat/completions", self._chat)
        app.router.add_get("/control", self._state)
        app.router.add_post("/control", self._control)
        app.router.add_delete("/control", self._clear)
        return app

    def state(self) -> dict[str, Any]:
        """Everything that ``GET /control`` shows."""
        return {
            "seed": self.seed,
            "providers": {name: upstream.to_json() for name, upstream in self.upstreams.items()},
        }

    async def _state(self, _request: web.Request) -> web.Response:
        return self._json(self.state())

    async def _clear(self, _request: web.Request) -> web.Response:
        for upstream in self.upstreams.values():
            upstream.fault = Fault()
        return self._json(self.state())

    async def _control(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or body.get("provider") not in self.upstreams:
            return self._json({"error": f"provider must be one of {sorted(self.upstreams)}"}, 400)
        upstream = self.upstreams[body.pop("provider")]
        try:
            upstream.fault = Fault.parse(body)
        except SettingError as error:
            return self._json({"error": str(error)}, 400)
        return self._json(upstream.to_json())

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        upstream = self.upstreams.get(request.match_info["provider"])
        if upstream is None:
            raise self._web.HTTPNotFound
        counts = upstream.counts
        counts.hits += 1
        counts.in_flight += 1
        try:
            response, answered = await self._serve(upstream, request)
        except asyncio.CancelledError:
            counts.aborted += 1
            raise
        except ConnectionError:
            counts.aborted += 1
            gone: web.Response = self._web.Response(status=499)
            return gone
        finally:
            counts.in_flight -= 1
        counts.answered += answered
        counts.failed += not answered
        return response

    async def _serve(self, upstream: Upstream, request: web.Request) -> tuple[web.StreamResponse, bool]:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return self._error(upstream, 401, "", "authentication is missing"), False
        try:
            body = checked_request(await request.read())
        except ValueError as error:
            return self._error(upstream, 400, "", str(error)), False
        upstream.last_request = _seen(request.headers, body)
        decision = upstream.decide()
        reply = make_reply(body["model"], prompt_of(body), body.get("max_tokens"))
        if body.get("stream"):
            return await self._stream(upstream, decision, request, body["model"], reply)
        refused = await self._refusal(upstream, decision, decision.latency)
        if refused is not None:
            return refused, False
        return self._json(answer_body(body["model"], upstream.counts.hits, reply)), True

    async def _refusal(self, upstream: Upstream, decision: Decision, delay: float) -> web.Response | None:
        fault = decision.fault
        if fault is not None and fault.hang:
            await asyncio.Event().wait()
        await asyncio.sleep(delay)
        if fault is None or fault.cut_after is not None:
            return None
        if fault.malformed:
            return self._web.Response(body=MALFORMED, content_type="application/json")  # type: ignore[no-any-return]
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        return self._error(upstream, fault.status, fault.code, "scripted fault", headers)

    async def _stream(
        self, upstream: Upstream, decision: Decision, request: web.Request, model: str, reply: Reply
    ) -> tuple[web.StreamResponse, bool]:
        refused = await self._refusal(upstream, decision, decision.first)
        if refused is not None:
            return refused, False
        response = self._web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        events = stream_events(upstream.name, model, upstream.counts.hits, reply)
        gap = (decision.latency - decision.first) / max(1, len(events) - 1)
        cut_after = decision.fault.cut_after if decision.fault is not None else None
        for at, event in enumerate(events):
            if at == cut_after:
                if request.transport is not None:
                    request.transport.abort()
                return response, False
            if at:
                await asyncio.sleep(gap)
            await response.write(event)
        await response.write_eof()
        return response, True

    def _error(
        self, upstream: Upstream, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> web.Response:
        return self._json(error_body(upstream.name, status, code, message), status, headers)

    def _json(self, body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
        text = json.dumps(body)
        return self._web.Response(  # type: ignore[no-any-return]
            text=text, status=status, headers=headers, content_type="application/json"
        )


def _seen(headers: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {name: value for name, value in body.items() if name != "messages"}
    return {
        "headers": {name: headers[name] for name in _CONTEXT_HEADERS if name in headers},
        "parameters": parameters,
    }
