"""A provider over HTTP: one request per attempt on the session that was handed in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from exai_sre.clock import Clock
from exai_sre.extras import require
from exai_sre.resilience.classifiers import Verdict
from exai_sre.resilience.classifiers.http_clients import read_http_client_error
from exai_sre.resilience.classifiers.verdict import LATE, TRANSIENT
from server.providers.answer import AnswerBuilder
from server.providers.base import ChatRequest, ChatResult, ChunkSink, UpstreamError
from server.providers.openai_wire import DONE, Dialect, MalformedAnswer
from server.providers.sse import SseOverflow, SseParser

if TYPE_CHECKING:
    import aiohttp

__all__ = ["MAX_BODY_BYTES", "Endpoint", "HttpProvider"]

MAX_BODY_BYTES: Final = 16 << 20
"""Bound on a whole answer."""

_MAX_MESSAGE: Final = 300
_MALFORMED: Final = replace(TRANSIENT, sent=True)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is, and our key to it.

    Attributes:
        base_url: everything before ``/chat/completions``.
        key: bearer key; it never shows in a repr, an error or a log line.
        connect_timeout: seconds for the connection to stand.
        read_timeout: seconds without a byte after which the answer is given up.
    """

    base_url: str
    key: str = field(repr=False)
    connect_timeout: float = 5.0
    read_timeout: float = 60.0


class HttpProvider:
    """Speaks one vendor's dialect over an ``aiohttp.ClientSession``.

    Args:
        dialect: the vendor's wire.
        endpoint: where it is.
        session: the client, instrumented or plain; its owner closes it.
        clock: for ``Retry-After`` dates.
        redact: cleans the vendor's error texts of secrets before they go into ours.
    """

    def __init__(
        self,
        dialect: Dialect,
        endpoint: Endpoint,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._dialect = dialect
        self._endpoint = endpoint
        self._session = session
        self._clock = clock
        self._redact = redact
        self._url = f"{endpoint.base_url.rstrip('/')}/chat/completions"
        self._aiohttp = require("aiohttp", package="aiohttp", extra="aiohttp")

    @property
    def name(self) -> str:
        """See :attr:`Provider.name`."""
        return self._dialect.provider

    async def chat(self, request: ChatRequest, on_chunk: ChunkSink | None = None) -> ChatResult:
        """See :meth:`Provider.chat`."""
        status = 0
        try:
            # Leaving this block by an exception, cancellation included, closes the connection.
            async with self._post(request) as response:
                status = response.status
                if status != 200:
                    raise self._refusal(status, response.headers, await self._read(response))
                if request.stream:
                    return await self._stream(response, on_chunk)
                return self._whole(await self._read(response), response.headers)
        except (MalformedAnswer, SseOverflow) as error:
            raise self._error(_MALFORMED, f"malformed answer: {error}", status, "malformed") from error
        except TimeoutError as error:
            raise self._error(self._verdict(error, LATE), "no byte in time", status, "timeout") from error
        except self._aiohttp.ClientError as error:
            what = f"connection failed ({type(error).__name__})"
            raise self._error(self._verdict(error, TRANSIENT), what, status, "connection") from error

    def _post(self, request: ChatRequest) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        endpoint = self._endpoint
        return self._session.post(
            self._url,
            data=json.dumps(self._dialect.body(request), ensure_ascii=False).encode(),
            headers={"Authorization": f"Bearer {endpoint.key}", "Content-Type": "application/json"},
            # The total is the pipeline's matter: it knows the deadline of the whole call.
            timeout=self._aiohttp.ClientTimeout(
                total=None, sock_connect=endpoint.connect_timeout, sock_read=endpoint.read_timeout
            ),
            # A redirect would carry our key to wherever it points.
            allow_redirects=False,
        )

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for data in response.content.iter_any():
            body += data
            if len(body) > MAX_BODY_BYTES:
                raise MalformedAnswer(f"is longer than {MAX_BODY_BYTES} bytes")
        return bytes(body)

    def _whole(self, data: bytes, headers: Mapping[str, str]) -> ChatResult:
        body = self._dialect.parse(data)
        if self._dialect.error_of(body) is not None:
            raise self._refusal(200, headers, data)
        return self._dialect.answer(body)

    async def _stream(self, response: aiohttp.ClientResponse, on_chunk: ChunkSink | None) -> ChatResult:
        parser, answer = SseParser(), AnswerBuilder()
        async for data in response.content.iter_any():
            for event in parser.feed(data):
                if event == DONE:
                    return answer.result()
                body = self._dialect.parse(event)
                if self._dialect.error_of(body) is not None:
                    raise self._refusal(200, response.headers, event.encode())
                chunk = self._dialect.chunk(body)
                answer.add(chunk, body)
                if on_chunk is not None:
                    await on_chunk(chunk)
        return answer.result()

    def _refusal(self, status: int, headers: Mapping[str, str], data: bytes) -> UpstreamError:
        body: object = None
        # A gateway's HTML page is no JSON: the status alone has to do then.
        with suppress(MalformedAnswer):
            body = self._dialect.parse(data)
        code, message = self._dialect.error_of(body) or ("", "")
        verdict = self._dialect.classify(status, body, headers, self._clock.time())
        what = f"HTTP {status}{f', code {self._clean(code)}' if code else ''}"
        text = f"{what}: {self._clean(message)}" if message else what
        return self._error(verdict, text, status, code)

    def _verdict(self, error: Exception, otherwise: Verdict) -> Verdict:
        return read_http_client_error(error, self._clock.time()) or otherwise

    def _clean(self, message: str) -> str:
        # Vendors quote the refused key in their messages.
        without_key = message.replace(self._endpoint.key, "[key]") if self._endpoint.key else message
        printable = "".join(sign if sign.isprintable() else " " for sign in without_key)
        return self._redact(printable)[:_MAX_MESSAGE]

    def _error(self, verdict: Verdict, what: str, status: int, code: str) -> UpstreamError:
        return UpstreamError(self.name, verdict, what, status=status, code=self._clean(code)[:64])
