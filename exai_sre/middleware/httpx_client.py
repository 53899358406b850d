"""The frame for httpx clients, with and without asyncio: ids out, and one client span per attempt.

It stands between the client and its transport, so that each redirect and each round of an
authentication is seen as an attempt of its own. The caller's request is left as it is: what a
redirect copies from it holds none of our headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from exai_sre.extras import require
from exai_sre.middleware.error_handling import error_type
from exai_sre.middleware.http_client import ClientFrame, ClientOptions, Sent

if TYPE_CHECKING:
    from httpx import AsyncClient, Client

__all__ = ["instrumented_async_client", "instrumented_client"]

_SENT: Final = "exai_sre_sent"
_TRANSPORT_KWARGS: Final = ("verify", "cert", "http1", "http2", "limits", "proxy")


def instrumented_async_client(
    options: ClientOptions | None = None, *, library: str = "httpx", **client_kwargs: Any
) -> AsyncClient:
    """An ``httpx.AsyncClient`` whose requests carry ``traceparent``, ``tracestate`` and ``x-request-id``.

    A header that the caller gives stays as it is. A redirect to another origin carries no ids
    and no baggage unless its host is allowed. Each attempt, a redirect's included, is a span of
    its own that ends when the head of the response is there.

    Args:
        options: what requests carry; ids alone by default.
        library: module with httpx's interface, such as its successor ``httpx2``.
        **client_kwargs: of ``httpx.AsyncClient``. A ``transport`` and ``mounts`` are wrapped. Without
            a transport one is made, which goes through a ``proxy`` that is given, and through none
            that only the environment names.

    Raises:
        MissingExtraError: httpx is not installed.
    """
    httpx = require(library, package=library, extra="httpx")
    frame = ClientFrame(options or ClientOptions())

    class InstrumentedTransport(httpx.AsyncBaseTransport):  # type: ignore[misc, name-defined]
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        async def __aenter__(self) -> Any:
            await self.inner.__aenter__()
            return self

        async def __aexit__(self, *ended: Any) -> None:
            await self.inner.__aexit__(*ended)

        async def handle_async_request(self, request: Any) -> Any:
            attempt = _Attempt(frame, httpx, request)
            with attempt.span as span, frame.waiting():
                try:
                    response = await self.inner.handle_async_request(attempt.outgoing())
                except Exception as error:
                    span.fail(error_type(error))
                    raise
                frame.answered(span, response.status_code)
                return response

        async def aclose(self) -> None:
            await self.inner.aclose()

    kwargs = _wrapped(InstrumentedTransport, httpx.AsyncHTTPTransport, client_kwargs)
    client: AsyncClient = httpx.AsyncClient(**kwargs)
    return client


def instrumented_client(
    options: ClientOptions | None = None, *, library: str = "httpx", **client_kwargs: Any
) -> Client:
    """An ``httpx.Client``, for code without asyncio; see :func:`instrumented_async_client`.

    Raises:
        MissingExtraError: httpx is not installed.
    """
    httpx = require(library, package=library, extra="httpx")
    frame = ClientFrame(options or ClientOptions())

    class InstrumentedTransport(httpx.BaseTransport):  # type: ignore[misc, name-defined]
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __enter__(self) -> Any:
            self.inner.__enter__()
            return self

        def __exit__(self, *ended: Any) -> None:
            self.inner.__exit__(*ended)

        def handle_request(self, request: Any) -> Any:
            attempt = _Attempt(frame, httpx, request)
            with attempt.span as span, frame.waiting():
                try:
                    response = self.inner.handle_request(attempt.outgoing())
                except Exception as error:
                    span.fail(error_type(error))
                    raise
                frame.answered(span, response.status_code)
                return response

        def close(self) -> None:
            self.inner.close()

    client: Client = httpx.Client(**_wrapped(InstrumentedTransport, httpx.HTTPTransport, client_kwargs))
    return client


def _wrapped(wrapper: Any, default: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a client with its transports wrapped."""
    changed = dict(kwargs)
    transport = changed.get("transport")
    if transport is None:
        moved = {name: changed.pop(name) for name in _TRANSPORT_KWARGS if name in changed}
        transport = default(trust_env=changed.get("trust_env", True), **moved)
    changed["transport"] = wrapper(transport)
    mounts = changed.get("mounts")
    if mounts:
        changed["mounts"] = {pattern: mount and wrapper(mount) for pattern, mount in mounts.items()}
    return changed


class _Attempt:
    """One request on its way to the transport."""

    def __init__(self, frame: ClientFrame, httpx: Any, request: Any) -> None:
        url = request.url
        self._frame = frame
        self._httpx = httpx
        self._request = request
        self._origin = (url.scheme, url.host, url.port)
        # A redirect takes the extensions of its request along, and with them what was sent so far.
        self._sent: Sent = request.extensions.setdefault(_SENT, Sent(self._origin))
        self.span = frame.span(request.method, str(url), url.host, self._sent)

    def outgoing(self) -> Any:
        """The request as it leaves, with our headers."""
        request = self._request
        headers = self._httpx.Headers(request.headers)
        self._frame.inject(headers, request.url.host, home=self._origin == self._sent.origin)
        extensions = {name: value for name, value in request.extensions.items() if name != _SENT}
        return self._httpx.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=extensions
        )
