"""The frame for aiohttp clients: ids out, and one client span per attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exai_sre.context import inject, resend_count, waiting_for_upstream
from exai_sre.extras import require
from exai_sre.middleware.error_handling import error_type
from exai_sre.names import Attribute
from exai_sre.tracing import AttributeValue, Tracing, redact_url

if TYPE_CHECKING:
    from aiohttp import ClientSession

__all__ = ["instrumented_session"]

_FAILED: Final = 400


@dataclass(slots=True)
class _Sent:
    """What one call of the session has sent so far; redirects send again."""

    origin: Any
    hops: int = 0


_sent: ContextVar[_Sent | None] = ContextVar("exai_sre_client_sent", default=None)


def instrumented_session(
    *,
    tracing: Tracing | None = None,
    allow_hosts: Collection[str] = (),
    redact: Callable[[str], str] = redact_url,
    baggage: Collection[str] = (),
    count_waiting: bool = False,
    **session_kwargs: Any,
) -> ClientSession:
    """An ``aiohttp.ClientSession`` whose requests carry ``traceparent``, ``tracestate`` and ``x-request-id``.

    A header that the caller gives stays as it is. A redirect to another origin carries no ids
    and no baggage unless its host is allowed. Each attempt, a redirect's included, is a span of
    its own that ends when the head of the response is there.

    Args:
        tracing: starts the spans; by default attempts carry ids alone.
        allow_hosts: hosts that may receive baggage, and ids over a redirect.
        redact: applied to the URL before it becomes a span attribute.
        baggage: keys of the baggage entries that may go to allowed hosts.
        count_waiting: count the time until the head of the response as waiting for an upstream.
        **session_kwargs: of ``aiohttp.ClientSession``; ``middlewares`` run around each attempt,
            outside of this one.

    Raises:
        MissingExtraError: aiohttp is not installed.
    """
    aiohttp = require("aiohttp", package="aiohttp", extra="aiohttp")
    frame = _Frame(tracing or Tracing(), frozenset(allow_hosts), redact, tuple(baggage), count_waiting=count_waiting)
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(frame.begin)
    configs = [*(session_kwargs.pop("trace_configs", None) or ()), trace]
    middlewares = (*session_kwargs.pop("middlewares", ()), frame.attempt)
    session: ClientSession = aiohttp.ClientSession(trace_configs=configs, middlewares=middlewares, **session_kwargs)
    return session


class _Frame:
    def __init__(
        self,
        tracing: Tracing,
        allowed: frozenset[str],
        redact: Callable[[str], str],
        baggage: tuple[str, ...],
        *,
        count_waiting: bool,
    ) -> None:
        self._tracing = tracing
        self._allowed = allowed
        self._redact = redact
        self._baggage = baggage
        self._count_waiting = count_waiting

    async def begin(self, session: Any, trace_context: Any, params: Any) -> None:  # noqa: ARG002 - aiohttp's signature
        """Remember where the caller sent the request, to tell a redirect that leaves its origin."""
        _sent.set(_Sent(params.url.origin()))

    async def attempt(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """One attempt, as aiohttp's client middleware."""
        sent = _sent.get() or _Sent(request.url.origin())
        attributes = self._attributes(request, resend_count.get() + sent.hops)
        sent.hops += 1
        waiting: AbstractContextManager[None] = waiting_for_upstream() if self._count_waiting else nullcontext()
        with self._tracing.start(request.method, "client", attributes=attributes) as span, waiting:
            self._inject(request, sent)
            try:
                response = await handler(request)
            except Exception as error:
                span.fail(error_type(error))
                raise
            span.set(Attribute.HTTP_STATUS, response.status)
            if response.status >= _FAILED:
                span.fail(str(response.status))
            return response

    def _inject(self, request: Any, sent: _Sent) -> None:
        allowed = request.url.host in self._allowed
        if allowed or request.url.origin() == sent.origin:
            inject(request.headers, baggage=self._baggage if allowed else ())

    def _attributes(self, request: Any, resends: int) -> dict[str, AttributeValue]:
        attributes: dict[str, AttributeValue] = {
            Attribute.HTTP_METHOD: request.method,
            Attribute.URL_FULL: self._redact(str(request.url)),
            Attribute.SERVER_ADDRESS: request.url.host or "",
        }
        if resends:
            attributes[Attribute.RESEND_COUNT] = resends
        return attributes
