"""The frame for aiohttp clients: ids out, and one client span per attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from exai_sre.clock import Clock, SystemClock
from exai_sre.extras import require
from exai_sre.middleware.error_handling import error_type
from exai_sre.middleware.http_client import ClientFrame, ClientOptions, Sent
from exai_sre.tracing import Tracing, redact_url

if TYPE_CHECKING:
    from aiohttp import ClientSession

__all__ = ["instrumented_session"]

_sent: ContextVar[Sent | None] = ContextVar("exai_sre_client_sent", default=None)


def instrumented_session(
    *,
    tracing: Tracing | None = None,
    allow_hosts: Collection[str] = (),
    redact: Callable[[str], str] = redact_url,
    baggage: Collection[str] = (),
    redact_baggage: Callable[[str], str] | None = None,
    count_waiting: bool = False,
    clock: Clock | None = None,
    **session_kwargs: Any,
) -> ClientSession:
    """An ``aiohttp.ClientSession`` whose requests carry ``traceparent``, ``tracestate`` and ``x-request-id``.

    A header that the caller gives stays as it is. A redirect to another origin carries no ids
    and no baggage unless its host is allowed. Each attempt, a redirect's included, is a span of
    its own that ends when the head of the response is there.

    Args:
        tracing: starts the spans; by default attempts carry ids alone.
        allow_hosts: hosts of one's own services: these receive baggage, what is left of deadline and
            attempts, and ids over a redirect.
        redact: applied to the URL before it becomes a span attribute.
        baggage: keys of the baggage entries that may go to allowed hosts.
        redact_baggage: applied to the values of these entries.
        count_waiting: count the time until the head of the response as waiting for an upstream.
        clock: the one that deadlines go by.
        **session_kwargs: of ``aiohttp.ClientSession``; ``middlewares`` run around each attempt,
            outside of this one.

    Raises:
        MissingExtraError: aiohttp is not installed.
    """
    aiohttp = require("aiohttp", package="aiohttp", extra="aiohttp")
    frame = _AiohttpFrame(
        ClientOptions(
            tracing=tracing or Tracing(),
            allow_hosts=allow_hosts,
            redact=redact,
            baggage=tuple(baggage),
            redact_baggage=redact_baggage,
            count_waiting=count_waiting,
            clock=clock or SystemClock(),
        )
    )
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(frame.begin)
    trace.on_request_end.append(frame.end)
    trace.on_request_exception.append(frame.end)
    configs = [*(session_kwargs.pop("trace_configs", None) or ()), trace]
    middlewares = (*session_kwargs.pop("middlewares", ()), frame.attempt)
    session: ClientSession = aiohttp.ClientSession(trace_configs=configs, middlewares=middlewares, **session_kwargs)
    return session


class _AiohttpFrame:
    def __init__(self, options: ClientOptions) -> None:
        self._frame = ClientFrame(options)

    async def begin(self, session: Any, trace_context: Any, params: Any) -> None:  # noqa: ARG002 - aiohttp's signature
        """Remember where the caller sent the request, to tell a redirect that leaves its origin."""
        trace_context.around = _sent.get()
        _sent.set(Sent(params.url.origin()))

    async def end(self, session: Any, trace_context: Any, params: Any) -> None:  # noqa: ARG002 - aiohttp's signature
        """Go on with the request that this one was made for, such as by a middleware that fetches a token."""
        _sent.set(trace_context.around)

    async def attempt(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """One attempt, as aiohttp's client middleware."""
        origin, host = request.url.origin(), request.url.host or ""
        sent = _sent.get() or Sent(origin)
        with self._frame.span(request.method, str(request.url), host, sent) as span, self._frame.waiting():
            if sent.request is request:
                # A middleware outside sends it again: what it was given is the last attempt's, not its caller's.
                for name in sent.added:
                    request.headers.popall(name, None)
            before = set(request.headers)
            self._frame.inject(request.headers, host, home=origin == sent.origin)
            sent.request, sent.added = request, set(request.headers) - before
            try:
                response = await handler(request)
            except Exception as error:
                span.fail(error_type(error))
                raise
            self._frame.answered(span, response.status)
            return response
